"""prototypes.json: the loss against cluster centres, and its gradient, in double precision."""

import torch
from torch.nn import functional as F

from encoder_cases import digits
from objective_cases import values

# rows B, width D, videos, fine and coarse label modulo, videos that are not embedded yet, τ
CASES = [(8, 12, 30, 10, 5, 0, 0.1), (6, 16, 40, 8, 8, 3, 0.2), (7, 9, 21, 7, 1, 0, 0.05)]


def case(count, width, videos, fine_modulo, coarse_modulo, unknown, temperature):
    rows = F.normalize(values(count, width, 7), dim=1).float().double().requires_grad_()
    bank = F.normalize(values(videos, width, 9000), dim=1).float().double()
    bank[:unknown] = 0
    samples = [(3 * b + 1) % videos for b in range(count)]
    fine, coarse = ([i % modulo for i in range(videos)] for modulo in (fine_modulo, coarse_modulo))
    fine[1] = coarse[1] = -1
    centres = torch.stack([
        F.normalize(sum(bank[i] for i in range(videos) if fine[i] == k), dim=0)
        for k in range(fine_modulo)
    ])  # fmt: skip
    losses = []
    for row, sample in zip(rows, samples):
        own = fine[sample]
        if own < 0:
            continue
        met = [k for k in range(fine_modulo)
               if k == own or k % coarse_modulo != own % coarse_modulo]  # fmt: skip
        logits = centres[met] @ row / temperature
        losses.append(torch.logsumexp(logits, 0) - logits[met.index(own)])
    loss = torch.stack(losses).sum()
    (gradient,) = torch.autograd.grad(loss, rows)
    return {
        "temperature": temperature, "rows": count, "width": width, "unknown": unknown,
        "samples": samples, "fine": fine, "coarse": coarse, "queries": len(losses),
        "loss": digits(loss)[0], "gradient": digits(gradient),
    }  # fmt: skip


def prototypes():
    return {"cases": [case(*c) for c in CASES]}
