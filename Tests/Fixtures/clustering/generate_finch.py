"""Writes finch.json: the partitions of the authors' own package.

    python3 -m venv /tmp/finch
    /tmp/finch/bin/pip install finch-clust==0.2.3     # with numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1
    /tmp/finch/bin/python Tests/Fixtures/clustering/generate_finch.py

The package's own rule of an early exit is off, as the paper has none. Its distances are in single
precision: no row may have two neighbours closer than that tells apart, but for exact ties, where it
takes the lowest index.
"""
import json
import pathlib

import numpy as np
from finch import FINCH
from generate import by_first_occurrence, clustered


def check_margins(rows, labels):
    """That first neighbours are clear at every level, in double precision."""
    for level in [None, *labels.T[:-1]]:
        means = rows if level is None else np.stack(
            [rows[level == place].mean(0) for place in np.unique(level)])
        means = means / np.linalg.norm(means, axis=1, keepdims=True)
        cosines = means @ means.T
        np.fill_diagonal(cosines, -2)
        best = np.sort(cosines, axis=1)[:, -2:]
        assert (best[:, 1] - best[:, 0]).min() > 1e-6


def case(name, rows, first_alone=False):
    """`first_alone`: rows with exact ties, whose means have ties that only rounding decides."""
    rows = np.asarray(rows, np.float32)
    labels, counts, _ = FINCH(rows, ensure_early_exit=False)
    if first_alone:
        labels = labels[:, :1]
    else:
        check_margins(rows.astype(np.float64), labels)
    # Algorithm 2: fewer clusters than the first partition has, but no partition's own number.
    wanted = [] if first_alone else [counts[0] - 1, (counts[0] + counts[1]) // 2 + 1, counts[-1] - 1]
    required = [FINCH(rows, req_clust=count, ensure_early_exit=False)[2] for count in wanted]
    print(f"{name}: {counts[:labels.shape[1]]}, {wanted}")
    return {
        "name": name,
        "width": rows.shape[1],
        "rows": [float(f"{value:.9g}") for value in rows.ravel().tolist()],
        "firstAlone": first_alone,
        "partitions": [by_first_occurrence(level) for level in labels.T.tolist()],
        "required": [by_first_occurrence(level.tolist()) for level in required],
    }


if __name__ == "__main__":
    random = np.random.default_rng(20260401)
    corners = 2 * random.integers(0, 2, (100, 16)) - 1
    cases = [
        case("separate clusters", clustered(random, 240, 8, 12, 0.3)),
        case("overlapping clusters", clustered(random, 300, 6, 20, 0.9)),
        case("no structure", random.standard_normal((200, 5))),
        case("rows of very different length",
             clustered(random, 160, 7, 9, 0.4) * np.exp(3 * random.standard_normal((160, 1)))),
        case("many clusters", clustered(random, 700, 8, 60, 0.5)),
        case("corners of a cube, with ties and copies", corners[np.arange(120) % 100],
             first_alone=True),
    ]
    path = pathlib.Path(__file__).parent / "finch.json"
    path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
