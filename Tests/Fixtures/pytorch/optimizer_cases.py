"""optimizers.json: ten steps of PyTorch's optimisers, learning rates, clipping and averages."""

import math

import torch

from encoder_cases import digits
from objective_cases import values

SGD = {"name": "sgd", "momentum": 0.9, "nesterov": False, "weightDecay": 0.0, "decayNormAndBias": True}
RUNS = [
    SGD | {"momentum": 0.0},
    SGD,
    SGD | {"weightDecay": 0.01},
    SGD | {"weightDecay": 0.01, "nesterov": True, "decayNormAndBias": False},
    SGD | {"name": "adamw"},
    SGD | {"name": "adamw", "weightDecay": 0.05, "momentum": 0.8},
    SGD | {"name": "adamw", "weightDecay": 0.05, "decayNormAndBias": False},
    SGD | {"name": "adam", "weightDecay": 0.05, "momentum": 0.8},
    SGD | {"name": "adam", "weightDecay": 0.05, "decayNormAndBias": False},
    SGD | {"name": "lars"},
    SGD | {"name": "lars", "weightDecay": 0.01, "decayNormAndBias": False},
    SGD | {"name": "lars", "weightDecay": 0.01, "nesterov": True},
]
# A matrix of 2×4, a bias of 3: 11 weights in one closed form.
SHAPES, COUNT, STEPS, TRUST, CLIP = [(2, 4), (3,)], 11, 10, 0.02, 1.5


def parts(flat):
    """The tensors of SHAPES from a flat vector."""
    return [part.reshape(shape) for part, shape in zip(flat.split([8, 3]), SHAPES)]


def flat(tensors):
    return digits(torch.cat([t.detach().flatten() for t in tensors]))


def rate_factor(step):
    """A falling rate, so that its place in the momentum matters."""
    return 1 - 0.05 * step


def trajectory(run, clips=False, average=None):
    """Ten steps; gradients are closed forms plus a spring to zero."""
    weights = [torch.nn.Parameter(part.clone()) for part in parts(values(1, COUNT, 0)[0].float())]
    decay = run["weightDecay"]
    decays = [decay, decay if run["decayNormAndBias"] else 0.0]
    adaptive = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}.get(run["name"])
    rate = 0.01 if adaptive else 0.1
    groups = [{"params": [w], "weight_decay": d} for w, d in zip(weights, decays)]
    if adaptive:
        optimizer = adaptive(groups, lr=rate, betas=(run["momentum"], 0.999), foreach=False)
    else:
        if run["name"] == "lars":  # as LARC wraps SGD: it takes the decay over
            groups = [g | {"weight_decay": 0.0} for g in groups]
        optimizer = torch.optim.SGD(
            groups, lr=rate, momentum=run["momentum"], nesterov=run["nesterov"], foreach=False)  # fmt: skip
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, rate_factor)
    shadow = None
    if average:
        module = torch.nn.ParameterList(weights)
        shadow = torch.optim.swa_utils.AveragedModel(
            module, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(average))
        shadow.update_parameters(module)  # the first call copies
    states = []
    for step in range(STEPS):
        forces = parts(values(1, COUNT, 100 * (step + 1))[0].float())
        for weight, force in zip(weights, forces):
            weight.grad = force + 0.5 * weight.detach()
        if clips:
            torch.nn.utils.clip_grad_norm_(weights, CLIP)
        if run["name"] == "lars":
            for weight, decay, is_matrix in zip(weights, decays, (True, False)):
                weight.grad += decay * weight.detach()
                if is_matrix:
                    weight.grad *= TRUST * weight.detach().norm() / weight.grad.norm()
        optimizer.step()
        scheduler.step()
        if average:
            shadow.update_parameters(module)
        states.append(flat(shadow.module if average else weights))
    return run | {"learningRate": rate, "weights": states}


def schedule(settings, total):
    """LambdaLR's rates, or MultiStepLR's after LinearLR's; scaled as by Goyal et al. 2017."""
    warmup, cosine, drops = settings["warmupSteps"], settings["schedule"] == "cosine", settings["drops"]
    milestones = [math.ceil(d * total) for d in drops] if settings["schedule"] == "step" else []

    def factor(s):
        rise = min(1, (s + 1) / warmup) if warmup else 1
        return rise * (0.5 * (1 + math.cos(math.pi * s / total)) if cosine else 1)

    weight = torch.nn.Parameter(torch.zeros(1))
    scale = settings["videos"] / settings["perVideos"] if settings["perVideos"] else 1
    optimizer = torch.optim.SGD([weight], lr=0.05 * scale)
    if milestones:
        scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones, gamma=0.2)
        if warmup:
            rise = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / warmup, total_iters=warmup - 1)
            scheduler = torch.optim.lr_scheduler.ChainedScheduler([rise, scheduler])
    else:
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    rates = []
    for _ in range(total):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return settings | {"totalSteps": total, "rates": digits(torch.tensor(rates, dtype=torch.float64))}


def clipping():
    """clip_grad_norm_ to 1 of a gradient of 11 elements, times 10."""
    weight = torch.nn.Parameter(torch.zeros(COUNT))
    weight.grad = 10 * values(1, COUNT, 0)[0].float()
    norm = torch.nn.utils.clip_grad_norm_([weight], 1.0)
    return {"norm": digits(norm)[0], "clipped": digits(weight.grad)}


def course(schedule, warmup=0, drops=(), per_videos=0):
    course = {"schedule": schedule, "warmupSteps": warmup, "drops": list(drops)}
    return course | {"perVideos": per_videos, "videos": 32}


def optimizers():
    return {
        "trust": TRUST,
        "clip": CLIP,
        "trajectories": [trajectory(r) for r in RUNS],
        "clippedTrajectory": trajectory(RUNS[2], clips=True),
        "averageDecay": 0.7,
        "averages": trajectory(RUNS[1], average=0.7),
        "schedules": [
            schedule(course("cosine", 5), 20), schedule(course("cosine"), 12),
            schedule(course("constant", 4), 12), schedule(course("cosine", 3, per_videos=256), 10),
            schedule(course("step", drops=(0.1875, 0.375, 0.52, 0.67)), 24),
            schedule(course("step", 4, drops=(0.2, 0.5)), 16),
        ],
        "clipping": clipping(),
    }
