"""Trains and measures the rows of a comparison; see methods.sh."""

import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import time

KINDREEL = os.environ["KINDREEL"]
EPOCHS = {"quick": 20, "full": 100}
# Whether cluster plays videos backwards, too, as the preset actions has it.
BOTH_DIRECTIONS, ONE_DIRECTION = (f"objective.bothDirections={value}" for value in ("true", "false"))
# The views and the optimiser of cluster (and of iic) in one direction, for other objectives.
CLUSTER_VIEWS = [
    "views=[rgb,same+residual]",
    "augmentation.flip=0",
    "augmentation.jitter=0",
    "augmentation.grayscale=0",
    "optimizer.name=adamw",
    "optimizer.learningRate=0.001",
]

CROSS_ENTROPY = "cross-entropy"

# A row: its name, and the settings that make it; None is the network before any training.
METHODS = {
    "untrained": None,
    "simclr": ["objective.name=simclr"],
    "cluster": ["objective.name=cluster", BOTH_DIRECTIONS],
    "iic": ["objective.name=iic"],
    "cmc": ["objective.name=cmc"],
    "moco": ["objective.name=moco"],
    "dsm": ["objective.name=dsm"],
    "triplet": ["objective.name=triplet"],
    "koreitem": ["objective.name=koreitem"],
    # Bounds, no methods: clusters are the true classes, which only this script knows; and the same
    # network trained by cross-entropy on them.
    "bound: true classes": [
        BOTH_DIRECTIONS,
        "labels.file={classes}",
        "labels.warmupEpochs=0",
    ],
    "bound: cross-entropy": CROSS_ENTROPY,
}

# To what cluster owes its lead: to its labels, to videos played backwards, to its views.
ATTRIBUTION = {
    "cluster": METHODS["cluster"],
    # Cluster as it is before any labels: instance discrimination on its views.
    "cluster without labels": [BOTH_DIRECTIONS, "labels.warmupEpochs=1000"],
    "cluster, one direction": [ONE_DIRECTION],
    # Its views and optimiser, without labels.
    "simclr, views of cluster": ["objective.name=simclr", *CLUSTER_VIEWS],
    "bound: true classes, one direction": [
        ONE_DIRECTION,
        "labels.file={classes}",
        "labels.warmupEpochs=0",
    ],
    # IIC with clusters: positives are also bank rows of the query's fine cluster.
    "iic with clusters": [
        "objective.name=iic",
        "objective.ownShare=0.5",
        "labels.shows=[residual]",
        "labels.clips=3",
    ],
    # Cluster without its views.
    "cluster, colours alone": [ONE_DIRECTION, "views=[rgb,rgb]", "labels.shows=[rgb]"],
}

# All but the last two change cluster (or the objective that they name) in one direction, some of them its list of
# two views.
ABLATIONS = {
    "cluster": [],
    "fine cut alone": ["labels.coarse={fine}"],
    "coarse cut alone": ["labels.fine={coarse}"],
    **{
        f"hardest {share} of negatives, drop {drop}": [
            f"objective.keepShare={share}",
            f"objective.dropShare={drop}",
        ]
        for share in (1, 0.5, 0.1, 0.05, 0.01)
        for drop in (0, 0.001)
    },
    # A query of cluster has some 60 negatives here, of which the hardest 0.1 % are none. Of a queue of 2,048
    # they are two.
    **{
        f"moco, hardest {share} of negatives, drop {drop}": [
            "objective.name=moco",
            f"objective.keepShare={share}",
            f"objective.dropShare={drop}",
        ]
        for share in (1, 0.5, 0.1, 0.05, 0.01)
        for drop in (0, 0.001)
    },
    "views: colours alone": ["views=[rgb,rgb]"],
    "views: own windows": ["views=[rgb,residual]"],
    "views: own crops": ["views=[rgb,again+residual]"],
    "views: flip, jitter, grayscale": [
        "augmentation.flip=0.5",
        "augmentation.jitter=0.8",
        "augmentation.grayscale=0.2",
    ],
    "sgd": ["optimizer.name=sgd", "optimizer.learningRate=0.05"],
    "labels of colours": ["labels.shows=[rgb]"],
    "labels of both": ["labels.shows=[rgb,residual]"],
    "no prototypes": ["objective.prototypeWeight=0"],
    **{
        f"triplet, own video {p}": ["objective.name=triplet", f"objective.ownShare={p}"]
        for p in (0, 0.2, 0.5, 1)
    },
    # Labels as SLIC has them, and Koreitem et al.'s cut.
    "triplet, labels of slic": [
        "objective.name=triplet",
        "labels.method=finch",
        "labels.finch.fine=0",
        "labels.finch.coarse=0",
        "labels.feature=head",
        "labels.warmupEpochs=0",
    ],
    "koreitem, cut at 0.45": [
        "objective.name=koreitem",
        "labels.fine=height:0.45",
        "labels.coarse=height:0.45",
    ],
    "ward": ["labels.linkage=ward", "labels.metric=euclidean"],
    "complete": ["labels.linkage=complete"],
    "finch": ["labels.method=finch", "labels.finch.fineCount=200", "labels.finch.coarseCount=60"],
    "finch, its own partitions": ["labels.method=finch"],
    "kmeans": ["labels.method=kmeans"],
    "labels once": ["labels.every=0"],
    # The labels that the first row ended with, from the first step on; and those of each video's
    # predecessor by class and group, as SLIC's released code hands them out.
    "labels of a trained run": ["labels.file={trained}", "labels.warmupEpochs=0"],
    "labels of a trained run, off by one": ["labels.file={shifted}", "labels.warmupEpochs=0"],
    # Bounds: what clusters of five videos would be worth if all were of one class, or half of them.
    "bound: fives of a class": ["labels.file={fives}", "labels.warmupEpochs=0"],
    "bound: fives, half exchanged": ["labels.file={mixed}", "labels.warmupEpochs=0"],
    "labels of the bank": ["labels.source=bank"],
    "labels of the head": ["labels.feature=head"],
    "labels of three clips": ["labels.clips=3"],
    "labels of the average": ["labels.weights=averaged", "optimizer.averageDecay=0.99"],
    "clusters of at most ten": ["labels.largest=10"],
    "no cluster of one": ["labels.singletons=join"],
    "own video counts half": ["objective.instanceWeight=0.5"],
    "queue of 1,024": ["objective.queueLength=1024"],
    # These two on a copy of the data in MPEG-4, whose decoder gives motion vectors.
    "MPEG-4, second view residual": [],
    "MPEG-4, second view motion vectors": ["views=[rgb,same+mv]"],
}
ABLATIONS = {name: [ONE_DIRECTION, *settings] for name, settings in ABLATIONS.items()}
# As many clips a step as the others; or twice as many, in half of the steps.
ABLATIONS["both directions"] = [BOTH_DIRECTIONS]
ABLATIONS["both directions, larger steps"] = [BOTH_DIRECTIONS, "batch.videos=64"]

ROWS = {"methods": METHODS, "attribution": ATTRIBUTION, "ablations": ABLATIONS}


def kindreel(*arguments, **options):
    return subprocess.run([KINDREEL, *arguments], check=True, text=True, **options)


def true_tables(data, folder):
    """Tables of labels by the class folders of the ids, which only this script looks at: the classes;
    clusters of five videos of one class; and those after half of the videos have changed places."""
    tables = {name: folder / f"{name}.tsv" for name in ("classes", "fives", "mixed")}
    if all(table.exists() for table in tables.values()):
        return tables
    manifest = folder / "classes.manifest"
    kindreel("scan", data, "--out", str(manifest), stdout=subprocess.DEVNULL)
    lines = manifest.read_text().splitlines()
    ids = [line.split("\t")[lines[0].split("\t").index("id")] for line in lines[1:]]
    truth = {name: name.split("/")[-2] for name in ids}
    classes = sorted(set(truth.values()))
    draw = random.Random(1)
    fives = {}
    for turn, one in enumerate(classes):
        members = [name for name in ids if truth[name] == one]
        draw.shuffle(members)
        fives |= {name: 1000 * turn + place // 5 for place, name in enumerate(members)}
    moving = [name for name in ids if draw.random() < 0.5]
    places = [fives[name] for name in moving]
    draw.shuffle(places)
    labels = {
        "classes": {name: classes.index(truth[name]) for name in ids},
        "fives": fives,
        "mixed": fives | dict(zip(moving, places)),
    }
    for name, table in tables.items():
        rows = [f"{id}\t{labels[name][id]}\t{labels[name][id]}" for id in ids]
        part = table.with_suffix(".part")
        part.write_text("\n".join(["id\tfine\tcoarse", *rows]) + "\n")
        os.replace(part, table)
    return tables


def label_tables(folder, seed):
    """The last labels of the row "cluster", and the same where each video has its predecessor's."""
    tables = folder / f"trained-{seed}.tsv", folder / f"shifted-{seed}.tsv"
    if not all(table.exists() for table in tables):
        head, *rows = max((folder / f"cluster-{seed}/labels").iterdir()).read_text().splitlines()
        names, labels = zip(*sorted(row.split("\t", 1) for row in rows))
        for table, order in zip(tables, (labels, labels[-1:] + labels[:-1])):
            lines = [f"{name}\t{label}" for name, label in zip(names, order)]
            part = table.with_suffix(".part")
            part.write_text("\n".join([head, *lines]) + "\n")
            os.replace(part, table)
    return tables


def recoded(folder, arguments):
    """The same arguments with a copy of the data in MPEG-4."""
    copy = str(folder / "mpeg4")
    subprocess.run(["Benchmarks/recode.sh", arguments.data, copy], check=True)
    return argparse.Namespace(**(vars(arguments) | {"data": copy}))


def run(folder, name, settings, seed, arguments):
    """Trains and evaluates one row with one seed, unless that is done."""
    out = folder / f"{name.replace(' ', '-').replace(',', '').replace(':', '')}-{seed}"
    result = out.with_name(out.name + ".json")
    if not result.exists() and name.startswith("MPEG-4"):
        arguments = recoded(folder, arguments)
    if not result.exists() and settings == CROSS_ENTROPY:
        cross_entropy(result, out, seed, arguments)
    elif not result.exists():
        if settings is None:
            source = ["--untrained", str(seed), "--config", arguments.config]
        else:
            train(out, settings, seed, arguments, folder)
            source = ["--run", str(out)]
        command = ["evaluate", *source, "--data", arguments.data, "--json"]
        part = out.with_name(out.name + ".part")
        part.write_text(kindreel(*command, stdout=subprocess.PIPE).stdout)
        os.replace(part, result)
        if settings is not None:
            shutil.rmtree(out / "checkpoints")
    metrics = out / "metrics.jsonl"
    epochs = [json.loads(line) for line in metrics.open()] if metrics.exists() else []
    epochs = [row for row in epochs if row["kind"] == "epoch"]
    return json.loads(result.read_text()), epochs


def cross_entropy(result, out, seed, arguments):
    """The same network, data and clips, of one view instead of two, on true classes."""
    command = ["finetune", "--untrained", str(seed), "--config", arguments.config]
    command += ["--data", arguments.data, "--epochs", str(2 * EPOCHS[arguments.budget])]
    command += ["--dropout", "0", "--optimizer", "adamw", "--encoder-share", "1"]
    command += ["--crops", "centre"]
    command += ["--retrieval", "--json", "--checkpoints", str(out)]
    resumes = out.exists()
    if resumes:
        command += ["--resume"]
    start = time.monotonic()
    with subprocess.Popen(
        [KINDREEL, *command], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        for line in process.stderr:
            sys.stderr.write(line)
            if line.startswith("epoch "):
                trained = time.monotonic()
        output = process.stdout.read()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    report = json.loads(output)
    figures = report["retrieval"] | {"accuracy": report["figures"]["accuracy"]}
    # Of a run that was cut short, nothing tells the time before.
    if not resumes:
        figures["seconds"] = trained - start
    part = result.with_suffix(".part")
    part.write_text(json.dumps(figures))
    os.replace(part, result)
    shutil.rmtree(out)


def train(out, settings, seed, arguments, folder):
    command = ["train", "--data", arguments.data, "--out", str(out)]
    if list(out.glob("checkpoints/epoch-*")):
        kindreel(*command, "--resume", stdout=subprocess.DEVNULL)
        return
    shutil.rmtree(out, ignore_errors=True)
    cuts = dict(fine=arguments.fine, coarse=arguments.coarse)
    if any(name in setting for name in ("{classes}", "{fives}", "{mixed}") for setting in settings):
        cuts |= true_tables(arguments.data, folder)
    if any("{trained}" in setting or "{shifted}" in setting for setting in settings):
        cuts["trained"], cuts["shifted"] = label_tables(folder, seed)
    # Videos are decoded once for all rows; where they are kept changes no bit.
    frames = f"video.diskCache={folder.absolute() / 'frames'}"
    every = [f"seed={seed}", f"epochs={EPOCHS[arguments.budget]}", frames]
    for setting in every + [setting.format(**cuts) for setting in settings]:
        command += ["--set", setting]
    kindreel(*command, "--config", arguments.config, stdout=subprocess.DEVNULL)


def spread(values):
    mean = f"{statistics.mean(values):.1f}"
    return mean if len(values) < 2 else f"{mean} ± {statistics.stdev(values):.1f}"


def elapsed(epochs):
    """Seconds from the start of training to its end, with labelling; of all starts, if it was cut short."""
    clocks = [epoch["monotonic"] for epoch in epochs]
    # An epoch takes longer than the clock went on since the one before: it is the first of another start.
    ends = [
        clock
        for clock, later, epoch in zip(clocks, clocks[1:], epochs[1:])
        if later - clock < epoch["seconds"]
    ]
    return sum(ends) + clocks[-1]


def table(results, budget):
    lines = [
        f"| {budget} budget | seeds | R@1 of each | R@1 | R@5 | R@10 | R@20 | mAP | NMI | purity | s |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, runs in results.items():
        scores = [score for score, _ in runs]
        recalls = {k: [score["recall"][k] for score in scores] for k in ("1", "5", "10", "20")}
        last = [epochs[-1] for _, epochs in runs if epochs and "nmi" in epochs[-1]]
        seconds = [elapsed(epochs) for _, epochs in runs if epochs]
        seconds += [score["seconds"] for score in scores if "seconds" in score]
        cells = [
            name,
            str(len(runs)),
            " ".join(f"{value:.1f}" for value in recalls["1"]),
            *(spread(values) for values in recalls.values()),
            spread([score["map"] for score in scores]),
            *(
                f"{statistics.mean(epoch[key] for epoch in last):.2f}" if last else ""
                for key in ("nmi", "purity")
            ),
            # Other work on the machine only ever adds to it.
            f"{min(seconds):.0f}" if seconds else "",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def labels_table(results, most=20):
    """NMI of the fine clusters with the classes by epoch, the mean over seeds; of many epochs some, the last too."""
    means = {}
    for name, runs in results.items():
        found = {}
        for _, epochs in runs:
            for row in epochs:
                if "nmi" in row:
                    found.setdefault(row["epoch"], []).append(row["nmi"])
        if found:
            means[name] = {epoch: statistics.mean(values) for epoch, values in found.items()}
    if not means:
        return ""
    known = sorted(set().union(*means.values()))
    step = -(-len(known) // most)
    shown = sorted(known[::-1][::step])
    lines = ["", "| NMI after epoch | " + " | ".join(map(str, shown)) + " |", "|---" * (len(shown) + 1) + "|"]
    for name, values in means.items():
        cells = [f"{values[epoch]:.2f}" if epoch in values else "" for epoch in shown]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines) + "\n"


def draw(results, path):
    """Loss, NMI and purity of the fine clusters by epoch."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3, figsize=(13, 4))
    for axis, key in zip(axes, ("loss", "nmi", "purity")):
        for index, (name, runs) in enumerate(results.items()):
            for turn, (_, epochs) in enumerate(runs):
                points = [(row["epoch"], row[key]) for row in epochs if key in row]
                if points:
                    label = name if turn == 0 else None
                    axis.plot(*zip(*points), color=f"C{index}", alpha=0.6, label=label)
        axis.set_xlabel("epoch")
        axis.set_title(key)
    axes[0].legend(fontsize="x-small")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", choices=ROWS)
    parser.add_argument("--data", required=True)
    parser.add_argument("--budget", choices=EPOCHS, default="quick")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--config", default="actions")
    parser.add_argument("--fine", default="count:200")
    parser.add_argument("--coarse", default="count:60")
    arguments = parser.parse_args()
    folder = pathlib.Path("runs") / f"{arguments.rows}-{arguments.budget}"
    folder.mkdir(parents=True, exist_ok=True)
    asked = {key: value for key, value in vars(arguments).items() if key != "seeds"}
    known = folder / "arguments.json"
    if known.exists() and json.loads(known.read_text()) != asked:
        sys.exit(f"{folder} holds runs of {known.read_text()}, not of {json.dumps(asked)}")
    known.write_text(json.dumps(asked))
    results = {name: [] for name in ROWS[arguments.rows]}
    for seed in arguments.seeds:
        for name, settings in ROWS[arguments.rows].items():
            results[name].append(run(folder, name, settings, seed, arguments))
            print(f"{name}, seed {seed}: R@1 {results[name][-1][0]['recall']['1']:.1f}",
                  file=sys.stderr)
        (folder / "table.md").write_text(table(results, arguments.budget) + labels_table(results))
        draw(results, folder / "curves.svg")
    sys.stdout.write((folder / "table.md").read_text())


if __name__ == "__main__":
    main()
