"""Writes splines.json: thin-plate splines over a 5×5 grid, as SciPy interpolates them.

    python3 -m venv /tmp/venv
    /tmp/venv/bin/pip install scipy==1.17.1 numpy==2.4.6
    /tmp/venv/bin/python Tests/Fixtures/scipy/generate.py

The grid spans −1…1 from left to right and from top to bottom, row after row; `shifts` are right and down.
`sources` are the places, in pixels of a side, that the spline gives for every pixel of a square, row after row.
"""
import json
import pathlib

import numpy as np
from scipy.interpolate import RBFInterpolator

SIDES = (7, 12)


def plane(side):
    y, x = np.mgrid[0:side, 0:side]
    return np.stack([x.ravel(), y.ravel()], axis=1) * 2 / (side - 1) - 1


def main():
    random = np.random.default_rng(5)
    cases = []
    for side in SIDES:
        grid = plane(5)
        shifts = random.uniform(-0.1, 0.1, grid.shape).astype(np.float32)
        spline = RBFInterpolator(grid, grid + shifts, kernel="thin_plate_spline", degree=1)
        sources = (spline(plane(side)) + 1) * (side - 1) / 2
        cases.append({
            "side": side, "shifts": [[float(v) for v in row] for row in shifts],
            "sources": [[round(v, 7) for v in row] for row in sources.tolist()],
        })
    file = pathlib.Path(__file__).parent / "splines.json"
    file.write_text(json.dumps(cases, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
