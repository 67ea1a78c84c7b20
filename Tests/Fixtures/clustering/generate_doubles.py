"""Writes doubles.json: SciPy's trees of rows that single precision cannot tell apart.

    python3 -m venv /tmp/doubles
    /tmp/doubles/bin/pip install numpy==2.4.6 scipy==1.17.1
    /tmp/doubles/bin/python Tests/Fixtures/clustering/generate_doubles.py

Every second row is its predecessor's neighbour at a distance of some 1e-8.
"""
import json
import pathlib

import numpy as np
from generate import by_first_occurrence
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist


def case(rows, method, metric):
    tree = linkage(pdist(rows, metric), method) if metric == "cosine" else linkage(rows, method)
    gaps = np.diff(tree[:, 2])
    # As many clusters as are left between two merges that are clearly apart.
    counts = [int(len(rows) - 1 - place) for place in np.argsort(gaps) if gaps[place] > 1e-11][:12]
    return {
        "linkage": method,
        "metric": metric,
        "width": rows.shape[1],
        "rows": rows.ravel().tolist(),
        "heights": tree[:, 2].tolist(),
        "cuts": [
            {"count": count, "labels": by_first_occurrence(fcluster(tree, count, "maxclust").tolist())}
            for count in counts
        ],
    }


if __name__ == "__main__":
    random = np.random.default_rng(20261126)
    rows = np.repeat(random.standard_normal((40, 6)), 2, axis=0)
    rows += 1e-8 * random.standard_normal(rows.shape)
    cases = [
        case(rows, method, metric)
        for method, metric in [
            ("average", "cosine"), ("single", "cosine"), ("complete", "cosine"),
            ("ward", "euclidean"), ("average", "euclidean"),
        ]
    ]
    path = pathlib.Path(__file__).with_name("doubles.json")
    path.write_text("[\n" + ",\n".join(json.dumps(each) for each in cases) + "\n]\n")
