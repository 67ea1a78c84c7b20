"""Compares trees of float64 rows with SciPy's; see the .sh beside it."""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from scipy.cluster.hierarchy import is_valid_linkage, linkage

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
    heaps = np.repeat(random.normal(size=(2, 32)), 500, axis=0)
    yield "heaps", heaps + 1e-3 * random.normal(size=heaps.shape), 1
    yield "large", random.normal(size=(600, 5)), 2.0**600
    yield "small", random.normal(size=(500, 33)), 2.0**-600


def partitions(tree):
    """A number for the partition after each merge: the sum, over its clusters, of a hash of their rows."""
    count = len(tree) + 1
    codes = np.zeros(count + len(tree), np.uint64)
    codes[:count] = np.random.default_rng(1).integers(0, 2**64, count, np.uint64)
    merged = tree[:, :2].astype(np.int64)
    with np.errstate(over="ignore"):
        for place, (one, other) in enumerate(merged):
            codes[count + place] = codes[one] + codes[other]
        hashes = codes.copy()
        for factor in (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03):  # a sum of hashes, not of rows
            hashes = (hashes ^ (hashes >> np.uint64(31))) * np.uint64(factor)
        return np.cumsum(hashes[count:] - hashes[merged[:, 0]] - hashes[merged[:, 1]])


def clear_cuts(heights):
    """The merges after which a cut lies in a gap above 1e-9."""
    return np.flatnonzero(np.diff(heights) > 1e-9)


def check(kindreel, folder, name, rows, factor, method, metric):
    """Whether kindreel's tree is SciPy's; prints by how much."""
    rows_path, tree_path = pathlib.Path(folder, "rows.npy"), pathlib.Path(folder, "tree.npy")
    np.save(rows_path, rows * factor)
    known = linkage(rows, method, metric)
    subprocess.run(
        [kindreel, "cluster", rows_path, "--out", tree_path, "--linkage", method, "--metric", metric],
        check=True, stdout=subprocess.DEVNULL)
    tree = np.load(tree_path)
    unit = factor if metric == "euclidean" else 1
    error = np.abs(np.sort(tree[:, 2] / unit) - np.sort(known[:, 2])).max()
    cuts = clear_cuts(known[:, 2])
    differing = int((partitions(tree)[cuts] != partitions(known)[cuts]).sum())
    valid = is_valid_linkage(tree)
    print(f"{name} {method} {metric}: heights within {error:.1e}, "
          f"{differing} of {len(cuts)} cuts differ, valid: {valid}", flush=True)
    return differing == 0 and valid and error < 1e-12


def main(kindreel, shapes):
    random = np.random.default_rng(20261126)
    ok = True
    with tempfile.TemporaryDirectory() as folder:
        for shape in shapes:
            count, width = map(int, shape.split("x"))
            rows = random.normal(size=(count // 50, width))[random.integers(0, count // 50, count)]
            rows += 0.4 * random.normal(size=(count, width))
            ok &= check(kindreel, folder, shape, rows, 1, "average", "cosine")
        for name, rows, factor in [] if shapes else row_sets(random):
            for method, metric in LINKAGES:
                ok &= check(kindreel, folder, name, rows, factor, method, metric)
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
