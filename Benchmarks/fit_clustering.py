"""Fits how the time of kindreel cluster grows with the rows; see the .sh beside it."""
import json
import pathlib
import resource
import sys

import numpy as np
from compare_clustering import rows_file, run as run_behind_shell

SMALL = [25_000, 50_000, 100_000]
LARGEST = 1_000_000


def measure(kindreel, folder, count, width, repeats):
    """The fastest of some runs: wall and processor time in seconds, and peak memory in bytes."""
    path = rows_file(folder, f"{count}x{width}", count, width, 0, 0)
    runs = []
    for _ in range(repeats):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        text = run_behind_shell(
            [kindreel, "cluster", str(path), "--out", str(folder / "tree.npy"), "--json"])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = json.loads(text)
        runs.append({
            "rows": count,
            "wall": result["seconds"],
            "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "peak_rss_bytes": result["peak_rss_bytes"],
        })
    return {key: min(run[key] for run in runs) for key in runs[0]}


def terms(counts, width):
    counts = np.asarray(counts, float)
    return np.stack([counts * counts * width, counts * width], axis=1)


def fit(runs, width, kind):
    """Least squares of the relative errors, so that the smallest size counts as much as the largest."""
    times = np.array([run[kind] for run in runs])
    scaled = terms([run["rows"] for run in runs], width) / times[:, None]
    return np.linalg.lstsq(scaled, np.ones(len(runs)), rcond=None)[0]


def main(kindreel, folder, width, checks):
    folder = pathlib.Path(folder)
    runs = [measure(kindreel, folder, count, width, 3 if count < 100_000 else 1) for count in SMALL]
    models = {kind: fit(runs, width, kind) for kind in ("wall", "cpu")}
    for kind, (a, b) in models.items():
        print(f"{kind} seconds = {a:.4g}·N²·D + {b:.4g}·N·D, fitted to N = {SMALL}, D = {width}")
    memory = np.polyfit([run["rows"] for run in runs], [run["peak_rss_bytes"] for run in runs], 1)
    print(f"peak bytes = {memory[0]:.4g}·N + {memory[1]:.4g}")
    print(f"{'rows':>9} {'kind':<5} {'measured':>9} {'predicted':>9} {'ratio':>6} {'peak MB':>8} {'predicted':>9}", flush=True)

    def show(run, fitted):
        for kind, model in models.items():
            predicted = float(terms([run["rows"]], width)[0] @ model)
            measured = run.get(kind)
            words = f"{measured:9.2f} {predicted:9.2f} {measured / predicted:6.3f}" if measured else (
                f"{'':9} {predicted:9.2f} {'':6}")
            peak = f"{run['peak_rss_bytes'] / 1e6:8.0f}" if measured else f"{'':8}"
            peak += f" {np.polyval(memory, run['rows']) / 1e6:9.0f}"
            print(f"{run['rows']:>9} {kind:<5} {words} {peak}{' (fitted)' if fitted else ''}", flush=True)

    for run in runs:
        show(run, True)
    show({"rows": LARGEST}, False)
    for count in checks:
        runs.append(measure(kindreel, folder, count, width, 1))
        show(runs[-1], False)
    (folder / "results.json").write_text(json.dumps(
        {"width": width, "runs": runs,
         "models": {kind: list(map(float, model)) for kind, model in models.items()}}, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), list(map(int, sys.argv[4:])))
