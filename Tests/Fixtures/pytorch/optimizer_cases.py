"""optimizers.json: trajectories of torch.optim.SGD and learning rates of LambdaLR."""

import math

import torch

from encoder_cases import digits
from objective_cases import values

RUNS = [
    {"momentum": 0.0, "nesterov": False, "weightDecay": 0.0},
    {"momentum": 0.9, "nesterov": False, "weightDecay": 0.0},
    {"momentum": 0.9, "nesterov": False, "weightDecay": 0.01},
    {"momentum": 0.9, "nesterov": True, "weightDecay": 0.01},
]
COUNT, STEPS = 11, 10


def trajectory(run):
    """Ten steps of 11 weights; gradients are closed forms plus a spring to zero."""
    weights = torch.nn.Parameter(values(1, COUNT, 0)[0].float())
    optimizer = torch.optim.SGD(
        [weights], lr=0.1, momentum=run["momentum"], nesterov=run["nesterov"],
        weight_decay=run["weightDecay"], foreach=False)  # fmt: skip
    states = []
    for step in range(STEPS):
        weights.grad = values(1, COUNT, 100 * (step + 1))[0].float() + 0.5 * weights.detach()
        optimizer.step()
        states.append(digits(weights))
    return run | {"learningRate": 0.1, "weights": states}


def schedule(cosine, warmup, total):
    def factor(s):
        rise = min(1, (s + 1) / warmup) if warmup else 1
        return rise * (0.5 * (1 + math.cos(math.pi * s / total)) if cosine else 1)

    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.05)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    rates = []
    for _ in range(total):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return {"cosine": cosine, "warmupSteps": warmup, "totalSteps": total, "rates": digits(torch.tensor(rates, dtype=torch.float64))}


def clipping():
    """clip_grad_norm_ to 1 of a gradient of 11 elements, times 10."""
    weight = torch.nn.Parameter(torch.zeros(COUNT))
    weight.grad = 10 * values(1, COUNT, 0)[0].float()
    norm = torch.nn.utils.clip_grad_norm_([weight], 1.0)
    return {"norm": digits(norm)[0], "clipped": digits(weight.grad)}


def optimizers():
    return {
        "trajectories": [trajectory(r) for r in RUNS],
        "schedules": [schedule(True, 5, 20), schedule(True, 0, 7), schedule(False, 4, 8)],
        "clipping": clipping(),
    }
