"""methods.json: losses and gradients of the compared methods' objectives in double precision."""

import torch
from torch.nn import functional as F

import key_objectives
from encoder_cases import digits
from objective_cases import values

ROWS, WIDTH, VIDEOS, QUEUE = 8, 12, 40, 620
KNOBS = {"temperature": 0.2, "keepShare": 1.0, "dropShare": 0.0, "hidesCoarse": False}
HARD = KNOBS | {"keepShare": 0.05, "dropShare": 0.01}


def batch(views):
    """Rows of each view, the samples (one planned positive among them), fine and coarse labels."""
    rows = [values(ROWS, WIDTH, 1000 * v + 7).requires_grad_() for v in range(views)]
    samples = [[(3 * b + 1) % VIDEOS for b in range(ROWS)] for _ in range(views)]
    samples[1][2] = (samples[0][2] + 10) % VIDEOS
    fine, coarse = ([i % modulo for i in range(VIDEOS)] for modulo in (10, 5))
    fine[1] = coarse[1] = -1
    return rows, samples, fine, coarse


def queue():
    """Unit rows, and the video behind each."""
    rows = F.normalize(values(QUEUE, WIDTH, 5000), dim=1).float().double()
    return rows, [(7 * k) % VIDEOS for k in range(QUEUE)]


def case(name, settings, loss, views):
    gradients = torch.autograd.grad(loss, views, allow_unused=True)
    return settings | {
        "name": name, "loss": digits(loss)[0],
        "gradients": [[] if g is None else digits(g) for g in gradients],
    }  # fmt: skip


def key_cases():
    for settings in (KNOBS, HARD, KNOBS | {"hidesCoarse": True, "temperature": 0.07}):
        views, samples, _, coarse = batch(2)
        yield case("moco", settings, key_objectives.moco(views, samples, coarse, *queue(), settings), views)
    for settings in (KNOBS | {"keepShare": 0.3}, KNOBS | {"hidesCoarse": True}):
        views, samples, _, coarse = batch(2)
        yield case("simclr", settings, key_objectives.simclr(views, samples, coarse, settings), views)


def methods():
    _, samples, fine, coarse = batch(2)
    return {
        "rows": ROWS, "width": WIDTH, "samples": samples, "fine": fine, "coarse": coarse,
        "queueSamples": queue()[1], "cases": list(key_cases()),
    }  # fmt: skip
