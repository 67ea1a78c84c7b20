#!/usr/bin/env python3
"""Writes retrieval.json: what NumPy, SciPy and scikit-learn say of small retrieval problems.

    python3 -m venv --system-site-packages /tmp/venv
    /tmp/venv/bin/pip install scikit-learn==1.9.1     # numpy 2.4.6 and scipy 1.17.1 were there
    /tmp/venv/bin/python Tests/Fixtures/retrieval/generate.py

Everything is written down in its plainest form: dense matrices, no shortcut of ours.
"""

import json
import pathlib

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.covariance import ShrunkCovariance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.preprocessing import StandardScaler

random = np.random.default_rng(7)
CLASSES, WIDTH, QUERIES, GALLERY = 8, 6, 14, 60


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def rounded(array, digits=9):
    return np.round(np.asarray(array, dtype=np.float64), digits).ravel().tolist()


def make(count):
    labels = random.integers(0, CLASSES, count)
    return labels, centres[labels] + random.normal(0, 1.1, (count, WIDTH)) + 0.5


def average_precisions(cosines, query_labels, gallery_labels):
    return [
        average_precision_score((gallery_labels == label).astype(int), row)
        for label, row in zip(query_labels, cosines)
    ]


def whitened_cosines(queries, gallery):
    """PCA whitening with scikit-learn's shrunk covariance."""
    covariance = ShrunkCovariance(shrinkage=0.1).fit(gallery).covariance_
    values, vectors = np.linalg.eigh(covariance)
    whiten = lambda rows: unit((rows - gallery.mean(0)) @ vectors / np.sqrt(values))
    return whiten(queries) @ whiten(gallery).T


def expanded_cosines(queries, gallery, depth=5):
    nearest = np.argsort(-(queries @ gallery.T), axis=1, kind="stable")[:, :depth]
    joined = np.stack([np.vstack([q, gallery[n]]).mean(0) for q, n in zip(queries, nearest)])
    return unit(joined) @ gallery.T


def reranked_distances(queries, gallery, k1, k2, mix):
    """Zhong et al. 2017, on full matrices."""
    rows = np.vstack([queries, gallery])
    squared = cdist(rows, rows) ** 2
    scaled = squared / squared.max(1, keepdims=True)
    rank = np.argsort(scaled, axis=1, kind="stable")

    def mutual(i, k):
        return [j for j in rank[i, : k + 1] if i in rank[j, : k + 1]]

    weights = np.zeros_like(scaled)
    for i in range(len(rows)):
        first = mutual(i, k1)
        members = set(first)
        for j in first:
            theirs = mutual(j, int(np.around(k1 / 2)))
            if len(set(theirs) & set(first)) > 2 / 3 * len(theirs):
                members |= set(theirs)
        members = sorted(members)
        weights[i, members] = np.exp(-scaled[i, members])
        weights[i] /= weights[i].sum()
    averaged = np.stack([weights[rank[i, :k2]].mean(0) for i in range(len(rows))])
    result = np.zeros((len(queries), len(gallery)))
    for i in range(len(queries)):
        for j in range(len(gallery)):
            a, b = averaged[i], averaged[len(queries) + j]
            jaccard = 1 - np.minimum(a, b).sum() / np.maximum(a, b).sum()
            result[i, j] = (1 - mix) * jaccard + mix * scaled[i, len(queries) + j]
    return result


def logistic(rows, labels, queries, l2):
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=1 / (l2 * len(rows)), tol=1e-10, max_iter=10000)
    model.fit(scaler.transform(rows), labels)
    return {
        "l2": l2,
        "weights": rounded(model.coef_),
        "intercepts": rounded(model.intercept_),
        "logits": rounded(model.decision_function(scaler.transform(queries))),
    }


centres = random.normal(0, 1, (CLASSES, WIDTH))
query_labels, queries = make(QUERIES)
gallery_labels, gallery = make(GALLERY)
# Rows as the tests read them: unit rows of 32-bit floats.
queries = unit(queries).astype(np.float32).astype(np.float64)
gallery = unit(gallery).astype(np.float32).astype(np.float64)
centred = unit(queries - gallery.mean(0)) @ unit(gallery - gallery.mean(0)).T
cosines = queries @ gallery.T
order = np.argsort(-cosines, axis=1, kind="stable")
hits = gallery_labels[order] == query_labels[:, None]

content = {
    "width": WIDTH,
    "queries": rounded(queries, 10),
    "gallery": rounded(gallery, 10),
    "queryLabels": query_labels.tolist(),
    "galleryLabels": gallery_labels.tolist(),
    "recall": {str(k): 100 * hits[:, :k].any(1).mean() for k in (1, 5, 10, 20, 50)},
    "map": 100 * np.mean(average_precisions(cosines, query_labels, gallery_labels)),
    "centred": rounded(centred),
    "whitened": rounded(whitened_cosines(queries, gallery)),
    "expanded": rounded(expanded_cosines(queries, gallery)),
    "reranked": [
        {"k1": k1, "k2": k2, "lambda": mix,
         "distances": rounded(reranked_distances(queries, gallery, k1, k2, mix))}
        for k1, k2, mix in [(20, 6, 0.3), (7, 1, 0.5), (5, 3, 0)]
    ],
    "logistic": [logistic(gallery, gallery_labels, queries, l2) for l2 in (0.1, 0.001)],
}
path = pathlib.Path(__file__).parent / "retrieval.json"
path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
print(path, path.stat().st_size, "bytes; map", content["map"], "recall", content["recall"])
