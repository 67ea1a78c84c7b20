"""The objectives written for clarity, one query at a time, with gradients by autograd."""

import math

import torch
from torch.nn import functional as F


def nt_xent(first, second, temperature):
    """SimCLR's loss over 2B rows: Chen et al., ICML 2020, equation 1."""
    z = F.normalize(torch.cat([first, second]), dim=1)
    count = len(first)
    similarities = z @ z.T / temperature
    similarities = similarities.masked_fill(torch.eye(2 * count, dtype=torch.bool), -torch.inf)
    targets = (torch.arange(2 * count) + count) % (2 * count)
    return F.cross_entropy(similarities, targets)


def cluster_contrast(first, second, samples, fine, coarse, queue, queue_samples, settings):
    """The loss of `ClusterContrast`, from its definition; also its number of active queries."""
    temperature, keep, drop = (settings[k] for k in ("temperature", "keepShare", "dropShare"))
    z = F.normalize(torch.cat([first, second]), dim=1)
    half = len(first)
    rows = samples[0] + samples[1]
    losses = []
    for query, sample in enumerate(rows):
        partner = (query + half) % (2 * half)
        same = lambda labels, other: labels[sample] >= 0 and labels[sample] == labels[other]
        positives, weights = [], []
        for row, other in enumerate(rows):
            if row != query and (row == partner or other == sample or same(fine, other)):
                positives.append(z[query] @ z[row])
                weights.append(settings["instanceWeight"] if other == sample else 1.0)
        if all(rows[r] == sample for r in range(len(rows)) if r == partner or same(fine, rows[r])):
            weights = [1.0] * len(weights)
        negatives = [
            z[query] @ candidate
            for candidate, other in [*zip(z, rows), *zip(queue, queue_samples)]
            if other not in (sample, rows[partner]) and not same(fine, other) and not same(coarse, other)
        ]
        count = len(negatives)
        if count == 0 or not positives:
            continue
        ranked = torch.stack(negatives).sort(descending=True, stable=True).values
        dropped = 0 if count < 500 else min(math.ceil(drop * count - 1e-9), count - 1)
        kept = ranked[dropped : dropped + max(1, math.ceil(keep * count - 1e-9))] / temperature
        loss = 0
        for similarity, weight in zip(positives, weights):
            positive = similarity / temperature
            loss += weight * (torch.logsumexp(torch.cat([positive[None], kept]), 0) - positive)
        losses.append(loss / sum(weights))
    total = sum(losses) / len(losses) if losses else 0 * z.sum()
    return total, len(losses)
