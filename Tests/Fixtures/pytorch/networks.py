"""The 3D-ResNet of Hara et al. (CVPR 2018) in plain PyTorch, with torchvision's parameter names, and
the closed forms of weights and clips that Swift repeats."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

BLOCKS = {10: (1, 1, 1, 1), 18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}

# Bottlenecks' last batch-norm weights are an eighth of their closed form: at full size the
# gradient of 16 such blocks grows a thousandfold and single precision loses it (24 % off).
LAST_NORM_SCALE = 0.125


def wave(indices: np.ndarray) -> np.ndarray:
    """sin(0.7 i + 0.3 sin(0.01 i)) in double precision."""
    i = indices.astype(np.float64)
    return np.sin(0.7 * i + 0.3 * np.sin(0.01 * i))


def clip(shape, offset: int = 0) -> torch.Tensor:
    """Input element number j: float(sin(0.05 j + 0.5 sin(0.003 j))), j counted from `offset`."""
    j = np.arange(math.prod(shape), dtype=np.float64) + offset
    x = np.sin(0.05 * j + 0.5 * np.sin(0.003 * j)).astype(np.float32)
    return torch.from_numpy(x.reshape(shape))


def fill(network: nn.Module) -> None:
    """Sets every parameter from its place in the flat concatenation, rounded to float."""
    first = 0
    kinds = {n: m for n, m in network.named_modules()}
    for name, parameter in network.named_parameters():
        module, leaf = kinds[name.rsplit(".", 1)[0]], name.rsplit(".", 1)[1]
        values = wave(np.arange(first, first + parameter.numel()))
        if leaf == "bias":
            values = 0.1 * values
        elif isinstance(module, nn.Conv3d):
            out, _, t, h, w = parameter.shape
            values = math.sqrt(2 / (out * t * h * w)) * values
        elif isinstance(module, nn.Linear):
            values = math.sqrt(1 / parameter.shape[1]) * values
        else:
            values = 1 + 0.1 * values
        if name.endswith("conv3.1.weight"):
            values = LAST_NORM_SCALE * values
        with torch.no_grad():
            values = values.astype(np.float32).reshape(parameter.shape)
            parameter.copy_(torch.from_numpy(values))
        first += parameter.numel()


def convolution(inputs, outputs, kernel, stride):
    return nn.Conv3d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


class Subsample(nn.Module):
    """Shortcut A: keep every stride-th point and append channels of zeros."""

    def __init__(self, outputs, stride):
        super().__init__()
        self.outputs, self.stride = outputs, stride

    def forward(self, x):
        x = x[:, :, :: self.stride, :: self.stride, :: self.stride]
        return F.pad(x, (0, 0, 0, 0, 0, 0, 0, self.outputs - x.shape[1]))


class Block(nn.Module):
    """Basic (two 3×3×3) or bottleneck (1, 3 with the stride, 1) residual block."""

    def __init__(self, inputs, planes, stride, bottleneck, shortcut):
        super().__init__()
        outputs = planes * 4 if bottleneck else planes
        shapes = (
            [(inputs, planes, 1, 1), (planes, planes, 3, stride), (planes, outputs, 1, 1)]
            if bottleneck
            else [(inputs, planes, 3, stride), (planes, planes, 3, 1)]
        )
        self.count = len(shapes)
        for number, (i, o, kernel, s) in enumerate(shapes, 1):
            unit = nn.Sequential(convolution(i, o, kernel, s), nn.BatchNorm3d(o))
            self.add_module(f"conv{number}", unit)
        if stride == 1 and inputs == outputs:
            self.downsample = nn.Identity()
        elif shortcut == "A":
            self.downsample = Subsample(outputs, stride)
        else:
            self.downsample = nn.Sequential(
                convolution(inputs, outputs, 1, stride), nn.BatchNorm3d(outputs)
            )

    def forward(self, x):
        y = x
        for number in range(1, self.count + 1):
            y = getattr(self, f"conv{number}")(y)
            if number < self.count:
                y = F.relu(y)
        return F.relu(y + self.downsample(x))


class ResNet3D(nn.Module):
    """Stem, four stages, global average pool, and a two-layer projection head."""

    def __init__(self, depth, width, stem_time, stem_pool, shortcut, head_hidden, head_width):
        super().__init__()
        channels = [int(c * width) for c in (64, 128, 256, 512)]
        self.stem = nn.Sequential(
            nn.Conv3d(3, channels[0], (stem_time, 7, 7), (1, 2, 2), (stem_time // 2, 3, 3), bias=False),
            nn.BatchNorm3d(channels[0]),
            nn.ReLU(),
            nn.MaxPool3d(3, 2, 1) if stem_pool else nn.Identity(),
        )
        inputs, bottleneck = channels[0], depth >= 50
        for stage, (planes, count) in enumerate(zip(channels, BLOCKS[depth]), 1):
            blocks = []
            for block in range(count):
                stride = 2 if block == 0 and stage > 1 else 1
                blocks.append(Block(inputs, planes, stride, bottleneck, shortcut))
                inputs = planes * 4 if bottleneck else planes
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
        self.head = nn.Sequential(
            nn.Linear(inputs, head_hidden),
            nn.BatchNorm1d(head_hidden),
            nn.ReLU(),
            nn.Linear(head_hidden, head_width),
        )

    def pooled(self, x):
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(x)))))
        return x.mean((2, 3, 4))

    def forward(self, x):
        return self.head(self.pooled(x))
