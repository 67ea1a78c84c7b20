"""The table and the picture of compare-precision.sh.

    python Benchmarks/compare_precision.py RUNS "0 1 2" fp32/direct bf16/auto …
"""

import json
import pathlib
import statistics
import sys

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402


def losses(run):
    """The mean loss of every epoch."""
    lines = map(json.loads, (run / "metrics.jsonl").open())
    return [line["loss"] for line in lines if line["kind"] == "epoch"]


def main():
    folder, seeds, variants = pathlib.Path(sys.argv[1]), sys.argv[2].split(), sys.argv[3:]
    figure, axes = pyplot.subplots(figsize=(7, 4))
    print(f"{'variant':14} {'R@1 of seeds ' + ' '.join(seeds):28} {'mean':>6} {'last loss':>10}")
    for index, variant in enumerate(variants):
        names = [f"{variant.replace('/', '-')}-{seed}" for seed in seeds]
        recalls = [json.loads((folder / f"{name}.json").read_text())["recall"]["1"] for name in names]
        curves = [losses(folder / name) for name in names]
        last = statistics.mean(curve[-1] for curve in curves)
        shown = " ".join(f"{recall:.1f}" for recall in recalls)
        print(f"{variant:14} {shown:28} {statistics.mean(recalls):6.1f} {last:10.4f}")
        for curve in curves:
            label = variant if curve is curves[0] else None
            axes.plot(range(1, len(curve) + 1), curve, color=f"C{index}", alpha=0.6, label=label)
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss")
    axes.legend()
    figure.tight_layout()
    figure.savefig(folder / "losses.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
