"""encoder.json and training.json: what the encoder must compute, forward, backward and for ten steps."""

import torch

from networks import LAST_NORM_SCALE, ResNet3D, clip, fill
from objectives import nt_xent

# depth, width, stem time, stem pool, shortcut, clips N·C·T·H·W
CASES = [
    (10, 0.25, 3, False, "B", (4, 3, 8, 32, 32)),
    (18, 0.25, 7, True, "A", (4, 3, 8, 48, 48)),
    (50, 0.25, 3, False, "B", (4, 3, 4, 32, 32)),
    (34, 0.25, 3, True, "B", (4, 3, 8, 48, 48)),
]
HIDDEN, WIDTH = 96, 32


def digits(values):
    """Numbers with ten significant digits."""
    return [float(f"{float(v):.10g}") for v in torch.as_tensor(values).detach().flatten()]


def rows(matrix):
    """First eight values of each row, and each row's norm."""
    return [{"first": digits(row[:8]), "norm": digits(row.norm())[0]} for row in matrix.detach()]


def summary(tensor):
    flat = tensor.detach().flatten()
    return {"norm": digits(flat.norm())[0], "sum": digits(flat.sum())[0], "first": digits(flat[:4])}


def deviation(single, double):
    """|fp32 − fp64| / |fp64| over a whole tensor."""
    if double.norm() < 1e-12:  # a bias before a batch norm: its gradient is nothing but rounding
        return 0
    error = (single.double() - double).norm() / double.norm()
    return float(f"{error.item():.2g}")


def run(case, dtype):
    depth, width, stem_time, stem_pool, shortcut, shape = case
    network = ResNet3D(depth, width, stem_time, stem_pool, shortcut, HIDDEN, WIDTH)
    fill(network)
    network = network.to(dtype)
    x = clip(shape).to(dtype)
    with torch.no_grad():
        evaluated = network.eval().pooled(x)
    network.train()
    pooled = network.pooled(x)
    output = network.head(pooled)
    weights = torch.cos(0.1 * torch.arange(output.numel(), dtype=torch.float64)).to(dtype)
    (output.flatten() * weights).sum().backward()
    return network, evaluated, pooled.detach(), output.detach()


def encoder_case(case):
    double, single = run(case, torch.float64), run(case, torch.float32)
    network, evaluated, pooled, output = double
    depth, width, stem_time, stem_pool, shortcut, shape = case
    single_gradients = dict(single[0].named_parameters())
    gradients = {}
    for name, parameter in network.named_parameters():
        gradients[name] = summary(parameter.grad) | {
            "shape": list(parameter.shape),
            "fp32Deviation": deviation(single_gradients[name].grad, parameter.grad),
        }
    running = {
        name: {"norm": digits(b.norm())[0], "first": digits(b[:4])}
        for name, b in network.named_buffers()
        if name.endswith(("running_mean", "running_var"))
    }
    return {
        "depth": depth, "width": width, "stemTime": stem_time, "stemPool": stem_pool,
        "shortcut": shortcut, "headHidden": HIDDEN, "headWidth": WIDTH, "input": list(shape),
        "lastNormScale": LAST_NORM_SCALE if depth >= 50 else 1,
        "parameterCount": sum(p.numel() for p in network.parameters()),
        "evaluationPooled": rows(evaluated), "pooled": rows(pooled),
        "output": digits(output),
        "fp32Deviation": {
            "evaluationPooled": deviation(single[1], evaluated),
            "pooled": deviation(single[2], pooled),
            "output": deviation(single[3], output),
        },
        "gradients": gradients, "running": running,
    }  # fmt: skip


def train(dtype, steps=10):
    network = ResNet3D(10, 0.25, 3, False, "B", HIDDEN, WIDTH)
    fill(network)
    network = network.to(dtype).train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
    losses = []
    for step in range(steps):
        output = network(clip((16, 3, 4, 24, 24), offset=step * 1_000_000).to(dtype))
        loss = nt_xent(output[:8], output[8:], temperature=0.2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, network


def training_run():
    losses, network = train(torch.float64)
    single, _ = train(torch.float32)
    return {
        "depth": 10, "width": 0.25, "stemTime": 3, "stemPool": False, "shortcut": "B",
        "headHidden": HIDDEN, "headWidth": WIDTH, "input": [16, 3, 4, 24, 24],
        "temperature": 0.2, "learningRate": 0.05, "momentum": 0.9, "weightDecay": 1e-4,
        "losses": digits(losses), "losses32": digits(single),
        "finalParameters": {n: summary(p) for n, p in network.named_parameters()},
    }  # fmt: skip
