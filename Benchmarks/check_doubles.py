"""Compares trees of float64 rows with SciPy's; see the .sh beside it."""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from scipy.cluster.hierarchy import is_valid_linkage, linkage
from scipy.spatial.distance import pdist

LINKAGES = [
    ("average", "cosine"),
    ("single", "cosine"),
    ("complete", "cosine"),
    ("average", "euclidean"),
    ("single", "euclidean"),
    ("complete", "euclidean"),
    ("ward", "euclidean"),
]


def row_sets(random):
    """Names, rows, and the factor that SciPy gets them without, since it squares."""
    yield "normal", random.normal(size=(1500, 16)), 1
    close = np.repeat(random.normal(size=(400, 8)), 2, axis=0)
    yield "close", close + 1e-9 * random.normal(size=close.shape), 1
    copies = np.repeat(random.normal(size=(350, 8)), 2, axis=0)
    copies[::7] *= 1 + 2**-52
    yield "copies", copies, 1
    yield "large", random.normal(size=(600, 5)), 2.0**600
    yield "small", random.normal(size=(500, 33)), 2.0**-600


def partition(tree, clusters):
    """The cluster of every row where so many are left, numbered as they first occur."""
    count = len(tree) + 1
    parents = list(range(count + len(tree)))

    def root(node):
        while parents[node] != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    for place in range(count - clusters):
        for node in tree[place, :2].astype(int):
            parents[root(node)] = count + place
    numbers = {}
    return [numbers.setdefault(root(row), len(numbers)) for row in range(count)]


def clear_cuts(heights):
    """Numbers of clusters at the narrowest gaps above 1e-9, and at some in all parts of the tree."""
    gaps = np.diff(heights)
    clear = np.flatnonzero(gaps > 1e-9)
    narrow = clear[np.argsort(gaps[clear])][:60]
    spread = clear[np.linspace(0, len(clear) - 1, 60).astype(int)]
    return sorted({len(heights) - int(place) for place in np.concatenate([narrow, spread])})


def main(kindreel):
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        rows_path, tree_path = pathlib.Path(folder, "rows.npy"), pathlib.Path(folder, "tree.npy")
        for name, rows, factor in row_sets(np.random.default_rng(20261126)):
            np.save(rows_path, rows * factor)
            for method, metric in LINKAGES:
                known = linkage(rows if method == "ward" else pdist(rows, metric), method)
                subprocess.run(
                    [kindreel, "cluster", rows_path, "--out", tree_path]
                    + ["--linkage", method, "--metric", metric],
                    check=True, stdout=subprocess.DEVNULL)
                tree = np.load(tree_path)
                unit = factor if metric == "euclidean" else 1
                error = np.abs(np.sort(tree[:, 2] / unit) - np.sort(known[:, 2])).max()
                cuts = clear_cuts(known[:, 2])
                differing = sum(partition(tree, k) != partition(known, k) for k in cuts)
                valid = is_valid_linkage(tree)
                print(f"{name} {method} {metric}: heights within {error:.1e}, "
                      f"{differing} of {len(cuts)} cuts differ, valid: {valid}")
                worst |= differing > 0 or not valid or not error < 1e-12
    sys.exit(int(worst))


if __name__ == "__main__":
    main(sys.argv[1])
