"""Triplet objectives from their definitions, with gradients by autograd."""

import torch
from torch.nn import functional as F

from key_objectives import hardest
from random_stream import OBJECTIVE, RandomStream

SEVERAL = 5


def same(labels, a, b):
    return labels[a] >= 0 and labels[a] == labels[b]


def negatives_of(a, rows, z, fine, coarse, settings, among=None):
    """The kept negatives of a row, in the rows' order."""
    candidates = [
        n for n in (range(len(rows)) if among is None else among)
        if rows[n] != rows[a] and not same(fine, rows[a], rows[n]) and not same(coarse, rows[a], rows[n])
    ]  # fmt: skip
    if not candidates:
        return []
    kept = set(hardest(torch.stack([z[a] @ z[n] for n in candidates]), settings).tolist())
    return [n for n in candidates if (z[a] @ z[n]).item() in kept]


def slic(views, samples, fine, coarse, settings, seed, step):
    """Khorasgani et al., CVPR 2022: instance and temporal discrimination."""
    z = F.normalize(torch.cat(views[:2]), dim=1)
    rows = samples[0] + samples[1]
    # As if every pool were the batch of a process, whose gradients are then averaged.
    size = len(samples[0]) // settings["pools"]
    pools = [list(range(k, k + size)) for k in range(0, len(samples[0]), size)]
    instance = [
        instances([*pool, *(len(samples[0]) + b for b in pool)], rows, z, fine, coarse, settings, seed, step)
        for pool in pools
    ]
    anchor, positive, again = (F.normalize(v, dim=1) for v in views)
    temporal = F.relu((anchor * positive - anchor * again).sum(1) + settings["temporalMargin"])
    return sum(instance) / len(pools) + settings["temporalWeight"] * temporal.mean()


def instances(pool, rows, z, fine, coarse, settings, seed, step):
    """The mean loss of all pairs in a pool of rows; 0 where there are none."""
    margin = settings["margin"]
    distance = lambda a, b: 1 - z[a] @ z[b]
    losses = []
    for a in pool:
        kept = negatives_of(a, rows, z, fine, coarse, settings, pool)
        if not kept:
            continue
        nearest = max(kept, key=lambda n: (z[a] @ z[n]).item())
        for p in (p for p in pool if p > a):
            if rows[a] != rows[p] and not same(fine, rows[a], rows[p]):
                continue
            violating = [n for n in kept if distance(a, p) + margin - distance(a, n) > 0]
            random = RandomStream(seed, OBJECTIVE, epoch=step, sample=a * len(rows) + p)
            if settings["mining"] == "several":
                order = sorted(random.permutation(len(violating))[:SEVERAL])
                chosen = [violating[k] for k in order]
                if len(violating) < SEVERAL:
                    chosen = sorted(kept, key=lambda n: (-(z[a] @ z[n]).item(), n))[:SEVERAL]
                logits = torch.stack([z[a] @ z[p]] + [z[a] @ z[n] for n in chosen])
                logits = logits / settings["temperature"]
                losses.append(torch.logsumexp(logits, 0) - logits[0])
                continue
            n = nearest
            if settings["mining"] == "random":
                n = kept[random.integer(len(kept))]
            elif settings["mining"] == "semihard" and violating:
                n = violating[random.integer(len(violating))]
            losses.append(F.relu(distance(a, p) - distance(a, n) + margin))
    return sum(losses) / len(losses) if losses else z.sum() * 0


def koreitem(views, samples, fine, coarse, settings, seed, step):
    """Koreitem et al., IROS 2020: the hardest half of a batch's triplets, and a random half."""
    z = F.normalize(torch.cat(views), dim=1)
    rows, half = samples[0] + samples[1], len(samples[0])
    triplets = []
    for a in range(2 * half):
        p = (a + half) % (2 * half)
        for n in negatives_of(a, rows, z, fine, coarse, settings):
            triplets.append(z[a] @ z[n] - z[a] @ z[p] + settings["margin"])
    hard = (half + 1) // 2
    ranked = sorted(range(len(triplets)), key=lambda t: -triplets[t].item())
    others = sorted(ranked[hard:])
    random = RandomStream(seed, OBJECTIVE, epoch=step)
    drawn = random.permutation(len(others))[: half // 2]
    kept = [triplets[t] for t in ranked[:hard] + [others[k] for k in drawn]]
    return F.relu(torch.stack(kept)).mean()
