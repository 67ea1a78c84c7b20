"""methods.json: losses and gradients of the compared methods' objectives in double precision."""

import torch
from torch.nn import functional as F

import key_objectives
import triplet_objectives
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


TRIPLETS = {
    "temperature": 0.5, "keepShare": 1.0, "dropShare": 0.0, "margin": 0.2, "mining": "semihard",
    "temporalMargin": 0.04, "temporalWeight": 1.0, "pools": 1,
}  # fmt: skip
SEED, STEP = 2**40 + 7, 3


def triplet_cases():
    variants = [{"mining": m} for m in ("random", "semihard", "fixed", "several")]
    variants += [{"mining": "semihard", "keepShare": 0.3, "margin": 0.4, "temporalWeight": 0.5}]
    variants += [{"mining": m, "pools": 2} for m in ("semihard", "several")]
    variants += [{"mining": "fixed", "pools": 4, "keepShare": 0.5}, {"mining": "several", "margin": 0.0}]
    for variant in variants:
        settings = TRIPLETS | variant
        views, samples, fine, coarse = batch(3)
        loss = triplet_objectives.slic(views, samples, fine, coarse, settings, SEED, STEP)
        yield case("triplet", settings, loss, views)
    for variant in ({"margin": 0.5}, {"margin": 0.5, "keepShare": 0.4}):
        settings = TRIPLETS | variant
        views, samples, fine, coarse = batch(2)
        loss = triplet_objectives.koreitem(views, samples, fine, coarse, settings, SEED, STEP)
        yield case("koreitem", settings, loss, views)


def bank(number):
    """Unit rows of every video."""
    return F.normalize(values(VIDEOS, WIDTH, 9000 + 1000 * number), dim=1).float().double()


def bank_cases():
    usual = KNOBS | {"temperature": 0.07, "bankNegatives": 16, "bankMomentum": 0.5, "unitQueries": False, "ownShare": 1.0}
    variants = (
        {}, {"bankNegatives": 64, "keepShare": 0.2}, {"hidesCoarse": True}, {"unitQueries": True},
        {"ownShare": 0.25, "unitQueries": True, "keepShare": 0.5, "temperature": 0.2},
    )  # fmt: skip
    for name, count in (("iic", 3), ("cmc", 2)):
        for variant in variants:
            settings = usual | variant
            views, samples, fine, coarse = batch(count)
            memory = [bank(v) for v in range(count)]
            loss = key_objectives.banks(views, samples, fine, coarse, memory, settings, SEED, STEP)
            features = [F.normalize(v, dim=1) if settings["unitQueries"] else v for v in views]
            after = [
                key_objectives.updated(memory[v], features[v], samples[v], settings["bankMomentum"])
                for v in range(count)
            ]
            # The rows that the batch has changed, of every bank.
            changed = sorted(set(samples[0]))
            rows = [digits(m[changed]) for m in after]
            yield case(name, settings, loss, views) | {"changed": changed, "banks": rows}


def scene_motion_cases():
    for settings in (KNOBS, HARD, KNOBS | {"hidesCoarse": True}):
        views, samples, _, coarse = batch(3)
        loss = key_objectives.scene_motion(views, samples, coarse, *queue(), settings)
        yield case("dsm", settings | {"form": "queue"}, loss, views)
    for variant in ({}, {"hidesCoarse": True}, {"keepShare": 0.8}, {"keepShare": 0.8, "hidesCoarse": True}):
        settings = KNOBS | {"form": "triplet", "margin": 0.5} | variant
        views, samples, _, coarse = batch(3)
        loss = key_objectives.scene_motion_triplets(views, samples, coarse, settings, SEED, STEP)
        yield case("dsm", settings, loss, views)


def methods():
    _, samples, fine, coarse = batch(2)
    return {
        "rows": ROWS, "width": WIDTH, "samples": samples, "fine": fine, "coarse": coarse,
        "queueSamples": queue()[1], "seed": SEED, "step": STEP,
        "cases": [*key_cases(), *triplet_cases(), *bank_cases(), *scene_motion_cases()],
    }  # fmt: skip
