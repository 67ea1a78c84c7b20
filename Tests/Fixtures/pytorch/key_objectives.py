"""Objectives against keys without gradient, one query at a time, with gradients by autograd."""

import math

import torch
from torch.nn import functional as F

from random_stream import OBJECTIVE, RandomStream


def hardest(similarities, settings):
    """The kept ones of a query's negatives: not the very hardest, then the hardest share."""
    count = len(similarities)
    drop = 0 if count < 500 else min(math.ceil(settings["dropShare"] * count - 1e-9), count - 1)
    keep = max(1, math.ceil(settings["keepShare"] * count - 1e-9))
    return similarities.sort(descending=True, stable=True).values[drop : drop + keep]


def info_nce(query, positive, negatives, settings, always=(), mates=()):
    """−log of the positive's share, or of several positives' in turn; None without negatives.

    `always` are negatives beyond the policy.
    """
    kept = [hardest(torch.stack([query @ n for n in negatives]), settings)] if negatives else []
    kept += [(query @ n)[None] for n in always]
    if not kept:
        return None
    def loss(key):
        logits = torch.cat([(query @ key)[None], *kept]) / settings["temperature"]
        return torch.logsumexp(logits, 0) - logits[0]

    if not mates:
        return loss(positive)
    share = settings["ownShare"]
    return share * loss(positive) + (1 - share) * sum(map(loss, mates)) / len(mates)


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


def draw(count, wanted, own, random):
    """`wanted` distinct samples of `count` besides one, by Floyd's algorithm; ascending."""
    others, chosen = count - 1, set()
    for last in range(max(0, others - wanted), others):
        place = last if others <= wanted else random.integer(last + 1)
        chosen.add(last if place in chosen else place)
    return [c if c < own else c + 1 for c in sorted(chosen)]


def banks(views, samples, fine, coarse, memory, settings, seed, step):
    """IIC with three views, CMC with two: queries against banks of unit rows, both directions.

    With an own share below 1 the rows of the query's fine cluster are positives, too.
    """
    total = 0
    hides = settings["hidesCoarse"] or settings["ownShare"] < 1
    if settings["unitQueries"]:
        views = [F.normalize(view, dim=1) for view in views]
    for query_view, other in ((0, 1), (1, 0)):
        losses = []
        for b, sample in enumerate(samples[0]):
            random = RandomStream(seed, OBJECTIVE, epoch=step, sample=sample)
            others = draw(len(coarse), settings["bankNegatives"], sample, random)
            if hides and coarse[sample] >= 0:
                others = [o for o in others if coarse[o] != coarse[sample]]
            negatives = [memory[other][o] for o in others]
            always = []
            if len(views) == 3:
                negatives += [memory[2][o] for o in others]
                always = [memory[2][sample]]
            mates = [
                memory[other][m] for m in range(len(fine))
                if settings["ownShare"] < 1 and m != sample and fine[m] == fine[sample] >= 0
            ]  # fmt: skip
            query, key = views[query_view][b], memory[other][sample]
            losses.append(info_nce(query, key, negatives, settings, always, mates))
        total = total + mean(losses)
    return total


def updated(memory, features, samples, keep):
    """A bank after a batch, in the order of its rows."""
    memory = memory.clone()
    for sample, feature in zip(samples, features.detach()):
        memory[sample] = F.normalize(keep * memory[sample] + (1 - keep) * feature, dim=0)
    return memory


def scene_motion(views, samples, coarse, queue, queue_samples, settings):
    """DSM with a queue: its own negative has a gradient, the keys have none."""
    anchors, own = F.normalize(views[0], dim=1), F.normalize(views[2], dim=1)
    keys = F.normalize(views[1], dim=1).detach()
    losses = []
    for b, (anchor, key) in enumerate(zip(anchors, keys)):
        label = coarse[samples[0][b]] if settings["hidesCoarse"] else -1
        negatives = [
            row for row, sample in zip(queue, queue_samples)
            if sample not in (samples[0][b], samples[1][b]) and (label < 0 or coarse[sample] != label)
        ]  # fmt: skip
        losses.append(info_nce(anchor, key, negatives, settings, always=[own[b]]))
    return mean(losses)


def scene_motion_triplets(views, samples, coarse, settings, seed, step):
    """DSM with triplets, by PyTorch's own triplet loss where it applies."""
    anchors, positives, own = (F.normalize(v, dim=1) for v in views)
    margin = {"margin": settings["margin"], "eps": 0.0}
    total = len(anchors) * F.triplet_margin_loss(anchors, positives, own, **margin)
    for b, sample in enumerate(samples[0]):
        label = coarse[sample] if settings["hidesCoarse"] else -1
        candidates = [
            r for r, other in enumerate(samples[1])
            if other not in (sample, samples[1][b]) and (label < 0 or coarse[other] != label)
        ]  # fmt: skip
        # The mirrored row, as published; or one of those that the policy keeps.
        met = [r for r in candidates if r == len(anchors) - 1 - b]
        if settings["keepShare"] < 1 or settings["dropShare"] > 0:
            similarities = torch.stack([anchors[b] @ positives[r] for r in candidates])
            kept = set(hardest(similarities, settings).tolist())
            met = [r for r, s in zip(candidates, similarities) if s.item() in kept]
            random = RandomStream(seed, OBJECTIVE, epoch=step, sample=b)
            met = [met[random.integer(len(met))]]
        for r in met:
            total = total + F.triplet_margin_loss(anchors[b], positives[b], positives[r], **margin)
    return total / len(anchors)
