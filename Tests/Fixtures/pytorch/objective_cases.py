"""objectives.json: losses and gradients of NT-Xent and ClusterContrast in double precision."""

import numpy as np
import torch
from torch.nn import functional as F

from encoder_cases import digits
from objectives import cluster_contrast, nt_xent

# rows B, width D, videos, fine and coarse (label modulo, 0 = unlabelled), queue rows, knobs
PLAIN = {"temperature": 0.2, "keepShare": 1.0, "dropShare": 0.0, "instanceWeight": 1.0}
CASES = [
    ("unlabelled, all negatives", 6, 8, 7, 0, 0, 0, PLAIN),
    ("fine labels, own coarse label for each", 8, 8, 8, 3, 8, 0, PLAIN | {"temperature": 0.5}),
    ("fine and coarse labels with a queue", 8, 12, 40, 10, 5, 60, PLAIN | {"instanceWeight": 0.25}),
    ("own-video positives weigh nothing", 8, 12, 20, 5, 5, 30, PLAIN | {"instanceWeight": 0.0}),
    ("hardest fifth of a small pool", 8, 12, 60, 12, 6, 100,
     PLAIN | {"keepShare": 0.2, "dropShare": 0.05}),
    ("hardest 5 % without the top 1 % of a large pool", 6, 16, 900, 30, 15, 700,
     {"temperature": 0.1, "keepShare": 0.05, "dropShare": 0.01, "instanceWeight": 2.0}),
]  # fmt: skip


def values(rows, columns, offset):
    """Embedding element j: float(sin(1.7 j + 2 sin(0.9 j))), j counted from `offset`."""
    j = np.arange(rows * columns, dtype=np.float64) + offset
    x = np.sin(1.7 * j + 2 * np.sin(0.9 * j)).astype(np.float32).reshape(rows, columns)
    return torch.from_numpy(x).double()


def case(name, count, width, videos, fine_modulo, coarse_modulo, queue_rows, settings):
    views = [values(count, width, 1000 * v + 7).requires_grad_() for v in range(2)]
    samples = [[(3 * b + 1) % videos for b in range(count)] for _ in range(2)]
    label = lambda modulo: [i % modulo if modulo else -1 for i in range(videos)]
    fine, coarse = label(fine_modulo), label(coarse_modulo)
    if fine_modulo and videos > 10:  # some stay unlabelled, and one row has a planned positive
        fine[1] = coarse[1] = -1
        samples[1][2] = (samples[0][2] + fine_modulo) % videos
    queue = F.normalize(values(queue_rows, width, 5000), dim=1).float().double()
    queue_samples = [(7 * k) % videos for k in range(queue_rows)]
    loss, active = cluster_contrast(*views, samples, fine, coarse, queue, queue_samples, settings)
    gradients = torch.autograd.grad(loss, views)
    xent = nt_xent(*views, settings["temperature"])
    xent_gradients = torch.autograd.grad(xent, views)
    return settings | {
        "name": name, "rows": count, "width": width, "samples": samples, "fine": fine,
        "coarse": coarse, "queueSamples": queue_samples,
        "loss": digits(loss)[0], "activeQueries": active,
        "gradients": [digits(g) for g in gradients],
        "ntXent": digits(xent)[0], "ntXentGradients": [digits(g) for g in xent_gradients],
    }  # fmt: skip


def directions(name, count, width, videos, fine_modulo, coarse_modulo, settings):
    """Two views and the same two backwards, where (video, direction) is what has an identity.

    Sample i of the loss is video i // 2, as filmed where i is even; the labels of a direction are its own.
    """
    views = [values(count, width, 1000 * v + 7).requires_grad_() for v in range(4)]
    shown = [(3 * b + 1) % videos for b in range(count)]
    double = lambda modulo: [2 * (i // 2 % modulo) + i % 2 for i in range(2 * videos)]
    rows = [2 * i for i in shown] + [2 * i + 1 for i in shown]
    none = torch.zeros(0, width, dtype=torch.double)
    loss, active = cluster_contrast(
        torch.cat([views[0], views[2]]), torch.cat([views[1], views[3]]), [rows, rows],
        double(fine_modulo), double(coarse_modulo), none, [], settings,
    )  # fmt: skip
    label = lambda modulo: [i % modulo for i in range(videos)]
    return settings | {
        "name": name, "rows": count, "width": width, "samples": [shown] * 4,
        "fine": label(fine_modulo), "coarse": label(coarse_modulo), "queueSamples": [], "loss": digits(loss)[0],
        "activeQueries": active,
        "gradients": [digits(g) for g in torch.autograd.grad(loss, views)],
    }  # fmt: skip


def objectives():
    hard = PLAIN | {"keepShare": 0.3, "instanceWeight": 0.5}
    both = [
        directions("in both directions", 6, 8, 7, 3, 2, PLAIN),
        directions("in both directions, the hardest", 8, 12, 20, 5, 5, hard),
    ]
    return {"cases": [case(*c) for c in CASES] + both}
