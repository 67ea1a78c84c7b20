"""Objectives against keys without gradient, one query at a time, with gradients by autograd."""

import math

import torch
from torch.nn import functional as F


def hardest(similarities, settings):
    """The kept ones of a query's negatives: not the very hardest, then the hardest share."""
    count = len(similarities)
    drop = 0 if count < 500 else min(math.ceil(settings["dropShare"] * count - 1e-9), count - 1)
    keep = max(1, math.ceil(settings["keepShare"] * count - 1e-9))
    return similarities.sort(descending=True, stable=True).values[drop : drop + keep]


def info_nce(query, positive, negatives, settings, always=()):
    """−log of the positive's share; None without negatives. `always` are negatives beyond the policy."""
    kept = [hardest(torch.stack([query @ n for n in negatives]), settings)] if negatives else []
    kept += [(query @ n)[None] for n in always]
    if not kept:
        return None
    logits = torch.cat([(query @ positive)[None], *kept]) / settings["temperature"]
    return torch.logsumexp(logits, 0) - logits[0]


def mean(losses):
    losses = [loss for loss in losses if loss is not None]
    return sum(losses) / len(losses)


def moco(views, samples, coarse, queue, queue_samples, settings):
    """He et al., CVPR 2020, algorithm 1; without keys of the own video, or of the coarse cluster."""
    queries, keys = F.normalize(views[0], dim=1), F.normalize(views[1], dim=1).detach()
    losses = []
    for b, (query, key) in enumerate(zip(queries, keys)):
        label = coarse[samples[0][b]] if settings["hidesCoarse"] else -1
        negatives = [
            row for row, sample in zip(queue, queue_samples)
            if sample not in (samples[0][b], samples[1][b]) and (label < 0 or coarse[sample] != label)
        ]  # fmt: skip
        losses.append(info_nce(query, key, negatives, settings))
    return mean(losses)


def simclr(views, samples, coarse, settings):
    """NT-Xent with the hardest negatives of each query."""
    z = F.normalize(torch.cat(views[:2]), dim=1)
    rows, half = samples[0] + samples[1], len(samples[0])
    losses = []
    for q, sample in enumerate(rows):
        partner = (q + half) % (2 * half)
        label = coarse[sample] if settings["hidesCoarse"] else -1
        negatives = [
            z[r] for r in range(2 * half)
            if r not in (q, partner) and (label < 0 or coarse[rows[r]] != label)
        ]  # fmt: skip
        losses.append(info_nce(z[q], z[partner], negatives, settings))
    return mean(losses)
