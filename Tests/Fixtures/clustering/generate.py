"""Writes linkage.json, inversions.json, quality.json and kmeans.json: what SciPy and scikit-learn give.

    python3 -m venv --system-site-packages /tmp/venv
    /tmp/venv/bin/pip install scikit-learn==1.9.1     # numpy 2.4.6 and scipy 1.17.1 were there
    /tmp/venv/bin/python Tests/Fixtures/clustering/generate.py
"""
import json
import pathlib

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage, maxdists
from sklearn import metrics
from sklearn.cluster import KMeans

HERE = pathlib.Path(__file__).parent


def by_first_occurrence(labels):
    numbers = {}
    return [numbers.setdefault(label, len(numbers)) for label in labels]


def clustered(random, count, width, centres, spread):
    middle = random.standard_normal((centres, width))
    rows = middle[random.integers(0, centres, count)] + spread * random.standard_normal((count, width))
    return rows


def cuts_between(tree, merges):
    """Cuts after a number of merges, where no tie within 1e-9 makes them ambiguous."""
    heights = tree[:, 2]
    for kept in merges:
        while heights[kept] - heights[kept - 1] < 1e-6:
            kept += 1
        height = (heights[kept] + heights[kept - 1]) / 2
        labels = by_first_occurrence(fcluster(tree, height, "distance").tolist())
        yield {"rule": f"height:{float(height)!r}", "labels": labels}
        yield {"rule": f"count:{len(heights) + 1 - kept}", "labels": labels}


def linkage_case(name, rows, method="average", metric="cosine"):
    rows = np.asarray(rows, np.float32)
    tree = linkage(rows.astype(np.float64), method, metric)
    count = len(rows)
    return {
        "name": name,
        "linkage": method,
        "metric": metric,
        "width": rows.shape[1],
        "rows": [float(f"{value:.9g}") for value in rows.ravel().tolist()],
        "heights": tree[:, 2].tolist(),
        "cuts": list(cuts_between(tree, [count // 10, count // 2, count * 9 // 10, count - 3])),
    }


def linkages():
    random = np.random.default_rng(20260214)
    imbalanced = np.concatenate(
        [clustered(random, 150, 12, 1, 0.2), clustered(random, 50, 12, 12, 0.3)])
    return [
        linkage_case("tight clusters", clustered(random, 240, 16, 12, 0.15)),
        linkage_case("overlapping clusters", clustered(random, 200, 24, 20, 0.9)),
        linkage_case("no structure", random.standard_normal((180, 7))),
        linkage_case("one large cluster", imbalanced),
        linkage_case(
            "rows of very different length",
            random.standard_normal((120, 9)) * np.exp(4 * random.standard_normal((120, 1)))),
        linkage_case("directions close to each other", 30 + random.standard_normal((150, 10))),
        *other_linkages(),
    ]


def other_linkages():
    random = np.random.default_rng(20260301)
    kinds = [("average", "euclidean"), ("ward", "euclidean")]
    kinds += [(method, metric) for method in ("single", "complete") for metric in ("cosine", "euclidean")]
    for method, metric in kinds:
        yield linkage_case(
            f"{method} {metric}, clusters", clustered(random, 120, 10, 9, 0.3), method, metric)
        yield linkage_case(
            f"{method} {metric}, no structure", 5 + 3 * random.standard_normal((90, 5)), method, metric)


def inverted_case(name, rows, method):
    """Centroid or median linkage: merges in SciPy's order, cuts by its rule for falling heights."""
    rows = np.asarray(rows, np.float32)
    tree = linkage(rows.astype(np.float64), method)
    reaches = np.maximum.accumulate(tree[:, 2])
    assert np.allclose(reaches, maxdists(tree), rtol=0, atol=0)
    assert (tree[1:, 2] < tree[:-1, 2]).any()
    cuts = []
    for kept in np.flatnonzero(np.diff(reaches) > 1e-6)[::max(1, len(rows) // 12)] + 1:
        height = (reaches[kept] + reaches[kept - 1]) / 2
        labels = by_first_occurrence(fcluster(tree, height, "distance").tolist())
        cuts.append({"rule": f"height:{float(height)!r}", "labels": labels})
        cuts.append({"rule": f"count:{int(len(rows) - kept)}", "labels": labels})
    return {
        "name": name,
        "linkage": method,
        "metric": "euclidean",
        "width": rows.shape[1],
        "rows": [float(f"{value:.9g}") for value in rows.ravel().tolist()],
        "heights": tree[:, 2].tolist(),
        "merges": tree[:, :2].astype(int).ravel().tolist(),
        "cuts": cuts,
    }


def inversions():
    random = np.random.default_rng(20260325)
    for method in ("centroid", "median"):
        yield inverted_case(f"{method}, clusters", clustered(random, 150, 10, 9, 0.3), method)
        yield inverted_case(f"{method}, no structure", 5 + 3 * random.standard_normal((120, 5)), method)
        yield inverted_case(
            f"{method}, lengths far apart",
            random.standard_normal((90, 6)) * np.exp(2 * random.standard_normal((90, 1))), method)
        yield inverted_case(f"{method}, in a plane", random.standard_normal((100, 2)), method)


def quality_case(name, labels, truth):
    labels, truth = np.asarray(labels), np.asarray(truth)
    table = metrics.cluster.contingency_matrix(truth, labels)
    (_, false_positive), (false_negative, both) = metrics.cluster.pair_confusion_matrix(truth, labels)
    return {
        "name": name,
        "labels": labels.tolist(),
        "truth": truth.tolist(),
        "nmi": metrics.normalized_mutual_info_score(truth, labels),
        "ami": metrics.adjusted_mutual_info_score(truth, labels),
        "ari": metrics.adjusted_rand_score(truth, labels),
        "purity": table.max(axis=0).sum() / table.sum(),
        "pairPrecision": both / (both + false_positive) if both + false_positive else 1.0,
        "pairRecall": both / (both + false_negative) if both + false_negative else 1.0,
    }


def qualities():
    random = np.random.default_rng(7)
    truth = random.integers(0, 8, 300)
    noisy = np.where(random.random(300) < 0.3, random.integers(0, 8, 300), truth)
    return [
        quality_case("equal but for the numbers", [3, 3, 1, 1, 0], [0, 0, 1, 1, 2]),
        quality_case("independent", random.integers(0, 5, 300), truth),
        quality_case("noisy", noisy, truth),
        quality_case("finer", truth * 3 + random.integers(0, 3, 300), truth),
        quality_case("coarser", truth // 3, truth),
        quality_case("one cluster", [0] * 6, [0, 0, 1, 1, 2, 2]),
        quality_case("all alone", list(range(6)), [0, 0, 1, 1, 2, 2]),
        quality_case("all alone twice", list(range(6)), list(range(6))),
        quality_case("one row", [0], [4]),
        quality_case("many clusters", *many_clusters(random)),
        quality_case(
            "one large cluster", np.minimum(random.integers(0, 400, 1500), 40),
            random.integers(0, 12, 1500)),
    ]


def many_clusters(random):
    """Clusters within classes, a tenth of the rows elsewhere."""
    truth = random.integers(0, 12, 2000)
    labels = truth * 15 + random.integers(0, 15, 2000)
    return np.where(random.random(2000) < 0.1, random.integers(0, 180, 2000), labels), truth


def spherical(rows, centres):
    """Spherical k-means in double precision, by the definition; no cluster may become empty."""
    labels = None
    while True:
        similarities = rows @ centres.T
        found = similarities.argmax(1)
        if labels is not None and (found == labels).all():
            return labels, similarities.max(1).mean()
        labels = found
        assert len(set(labels)) == len(centres)
        centres = np.stack([rows[labels == place].sum(0) for place in range(len(centres))])
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)


def far_apart(rows, count):
    """The first row, and then always the row farthest from those picked: one a cluster."""
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    picks = [0]
    while len(picks) < count:
        picks.append(int((unit @ unit[picks].T).max(1).argmin()))
    return picks


def kmeans_case(name, rows, picks, agrees):
    """`agrees`: whether scikit-learn, whose centres are no unit vectors, must find the same."""
    rows = np.asarray(rows, np.float32)
    unit = rows.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    labels, cohesion = spherical(unit, unit[picks])
    if agrees:
        model = KMeans(len(picks), init=unit[picks], n_init=1, tol=0, max_iter=500).fit(unit)
        assert (model.labels_ == labels).all()
    return {
        "name": name,
        "width": rows.shape[1],
        "rows": [float(f"{value:.9g}") for value in rows.ravel().tolist()],
        "picks": list(picks),
        "labels": labels.tolist(),
        "cohesion": cohesion,
    }


def kmeans():
    random = np.random.default_rng(11)
    apart = clustered(random, 300, 10, 6, 0.3)
    lengths = clustered(random, 200, 8, 4, 0.2) * np.exp(random.standard_normal((200, 1)))
    return [
        kmeans_case(
            "separate clusters, as scikit-learn has them", apart, far_apart(apart, 6), True),
        kmeans_case(
            "rows of any length, as scikit-learn has them", lengths, far_apart(lengths, 4), True),
        kmeans_case(
            "no structure", random.standard_normal((400, 6)), list(range(0, 400, 40)), False),
        kmeans_case(
            "overlapping clusters", clustered(random, 500, 12, 20, 1), list(range(20)), False),
    ]


def write(name, value):
    (HERE / name).write_text(json.dumps(value, separators=(",", ":"), default=float) + "\n")


if __name__ == "__main__":
    write("linkage.json", linkages())
    write("inversions.json", list(inversions()))
    write("quality.json", qualities())
    write("kmeans.json", kmeans())
