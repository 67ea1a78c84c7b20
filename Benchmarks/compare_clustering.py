"""Times kindreel and its peers on the same rows, and compares their trees; see the .sh beside it."""
import json
import os
import pathlib
import resource
import subprocess
import sys
import time

import numpy as np

PEERS = ["scipy", "scikit-learn", "fastcluster-gemm"]
REPEATS = {"kindreel": 5, "peer": 3}


def rows_file(folder, shape, count, width, spread, heaps):
    """Unit rows around count / 50 centres in 20 groups; with a spread, as narrow heaps."""
    path = folder / f"rows-{shape}.npy"
    if not path.exists() and spread:
        random = np.random.default_rng(0)
        centres = random.standard_normal((heaps, width))
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
        rows = centres[random.integers(0, heaps, count)]
        rows = rows + spread * random.standard_normal((count, width))
        np.save(path, (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32))
    if not path.exists():
        random = np.random.default_rng(0)
        groups = random.standard_normal((20, width))
        centres = max(count // 50, 1)
        middle = groups[np.arange(centres) % 20] + 0.7 * random.standard_normal((centres, width))
        rows = middle[random.integers(0, centres, count)] + 0.4 * random.standard_normal((count, width))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        np.save(path, rows.astype(np.float32))
    return path


def condensed_by_gemm(rows, metric):
    """Distances of unit rows, filled from blocks of a matrix product in single precision."""
    count = len(rows)
    distances = np.empty(count * (count - 1) // 2)
    place = 0
    for first in range(0, count, 512):
        block = rows[first:first + 512] @ rows[first:].T
        for index, row in enumerate(block):
            length = count - first - index - 1
            np.subtract(1, row[index + 1:], out=distances[place:place + length])
            place += length
    np.maximum(distances, 0, out=distances)
    if metric == "euclidean":
        distances *= 2
        np.sqrt(distances, out=distances)
    return distances


def run_peer(name, path, tree_path, method, metric):
    """One run in a process of its own; prints seconds and peak memory."""
    rows = np.load(path)
    if name == "scipy":
        from scipy.cluster.hierarchy import linkage
        rows = rows.astype(np.float64)
        start = time.perf_counter()
        tree = linkage(rows, method, metric)
    elif name == "scikit-learn":
        from sklearn.cluster import AgglomerativeClustering
        model = AgglomerativeClustering(
            n_clusters=None, distance_threshold=0, metric=metric, linkage=method)
        start = time.perf_counter()
        model.fit(rows)
        tree = None
    elif name == "fastcluster-gemm":
        import fastcluster
        start = time.perf_counter()
        tree = fastcluster.linkage(
            condensed_by_gemm(rows, metric), method, preserve_input=False)
    else:  # the reference where SciPy would be too slow: the same definition in double precision
        import fastcluster
        from scipy.spatial.distance import pdist
        start = time.perf_counter()
        tree = fastcluster.linkage(
            pdist(rows.astype(np.float64), metric), method, preserve_input=False)
    seconds = time.perf_counter() - start
    if tree is not None and name in ("scipy", "fastcluster-pdist"):
        np.save(tree_path, tree)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak_rss_bytes": peak}))


def run(command):
    """Runs a command behind a shell, as a child's peak memory starts at that of whoever forks it."""
    shell = ["/bin/sh", "-c", '"$@"; exit $?', "sh"]
    return subprocess.run(shell + command, check=True, capture_output=True).stdout


def measure_peer(name, path, tree_path, linkage):
    results = []
    for _ in range(REPEATS["peer"]):
        command = [sys.executable, __file__, "--peer", name, str(path), str(tree_path), *linkage]
        results.append(json.loads(run(command)))
        if results[-1]["seconds"] > 10:
            break
    results.sort(key=lambda result: result["seconds"])
    return results[len(results) // 2]


def measure_kindreel(kindreel, path, tree_path, linkage):
    linkage = ["--linkage", linkage[0], "--metric", linkage[1]]
    lanes = len(os.sched_getaffinity(0))
    text = run(
        [kindreel, "bench", "cluster", "--rows", str(path), "--lanes", str(lanes),
         "--repetitions", str(REPEATS["kindreel"]), *linkage, "--json"])
    run([kindreel, "cluster", str(path), "--out", str(tree_path), *linkage])
    return json.loads(text)


def partition(tree, height):
    from scipy.cluster.hierarchy import fcluster
    return fcluster(tree, height, "distance")


def is_same_partition(one, other):
    pairs = len(np.unique(np.stack([one, other]), axis=1).T)
    return pairs == len(np.unique(one)) == len(np.unique(other))


def compare_trees(tree, reference):
    """Heights, and partitions at cuts where no two heights lie within 1e-9."""
    from scipy.cluster.hierarchy import is_valid_linkage
    heights = np.sort(reference[:, 2])
    gaps = np.flatnonzero(np.diff(heights) > 1e-9)
    picked = gaps[np.unique(np.linspace(0, len(gaps) - 1, min(100, len(gaps))).astype(int))]
    equal = sum(
        is_same_partition(partition(tree, height), partition(reference, height))
        for height in (heights[picked] + heights[picked + 1]) / 2)
    return {
        "valid": bool(is_valid_linkage(tree)),
        "height_error": float(np.abs(np.sort(tree[:, 2]) - heights).max()),
        "cuts": len(picked), "equal_cuts": int(equal),
    }


def main(kindreel, folder, shapes):
    folder = pathlib.Path(folder)
    everything = []
    print(f"{'rows':>28} {'who':<18} {'seconds':>9} {'ratio':>7} {'peak MB':>8}")
    for shape in shapes:
        rows, *linkage = shape.split("/")
        linkage = [*linkage, *["average", "cosine"][len(linkage):]]
        size, _, heap = rows.partition("~")
        count, width = map(int, size.split("x"))
        spread, _, heaps = heap.partition("@")
        path = rows_file(folder, rows, count, width, float(spread or 0), int(heaps or 10))
        file = shape.replace("/", "-")
        own_tree, tree = folder / f"kindreel-{file}.npy", folder / f"reference-{file}.npy"
        own = measure_kindreel(kindreel, path, own_tree, linkage)
        peers = PEERS if count <= 20_000 else ["fastcluster-gemm", "fastcluster-pdist"]
        if linkage[0] in ("centroid", "median"):
            peers = [name for name in peers if name != "scikit-learn"]
        results = {name: measure_peer(name, path, tree, linkage) for name in peers}
        exactness = compare_trees(np.load(own_tree), np.load(tree))
        for name, result in [("kindreel", own), *results.items()]:
            result["ratio"] = result["seconds"] / own["seconds"]
            print(f"{shape:>28} {name:<18} {result['seconds']:9.3f} {result['ratio']:7.1f} "
                  f"{result['peak_rss_bytes'] / 1e6:8.0f}")
        print(f"{shape:>28} valid: {exactness['valid']}, heights within "
              f"{exactness['height_error']:.1e}, {exactness['equal_cuts']} of "
              f"{exactness['cuts']} cuts equal", flush=True)
        everything.append(
            {"shape": shape, "count": count, "width": width, "kindreel": own, **results,
             "exactness": exactness})
        (folder / "results.json").write_text(json.dumps(everything, indent=2) + "\n")
    exact = all(
        one["exactness"]["valid"] and one["exactness"]["height_error"] < 1e-6
        and one["exactness"]["equal_cuts"] == one["exactness"]["cuts"] for one in everything)
    sys.exit(0 if exact else 1)


if __name__ == "__main__":
    if sys.argv[1] == "--peer":
        run_peer(*sys.argv[2:])
    else:
        main(sys.argv[1], sys.argv[2], sys.argv[3:])
