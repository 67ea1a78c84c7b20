"""Writes the JSON files beside it: numbers from PyTorch that the tests of Model must meet.

Made with Python 3.11.7, torch 2.15.0 (CPU only; the default wheel), numpy 2.4.6:

    python3 -m venv /tmp/torch-venv
    /tmp/torch-venv/bin/pip install torch==2.15.0 numpy==2.4.6
    /tmp/torch-venv/bin/python Tests/Fixtures/pytorch/generate.py [encoder training …]

References are computed in double precision from weights and inputs rounded to float.
"""

import json
import pathlib
import sys

import torch

import encoder_cases
import method_cases
import objective_cases
import optimizer_cases
import prototype_cases

FILES = {
    "encoder": lambda: {"cases": [encoder_cases.encoder_case(c) for c in encoder_cases.CASES]},
    "training": encoder_cases.training_run,
    "objectives": objective_cases.objectives,
    "methods": method_cases.methods,
    "optimizers": optimizer_cases.optimizers,
    "prototypes": prototype_cases.prototypes,
}


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    here = pathlib.Path(__file__).parent
    for name in sys.argv[1:] or FILES:
        content = FILES[name]() | {"torch": torch.__version__}
        (here / f"{name}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
