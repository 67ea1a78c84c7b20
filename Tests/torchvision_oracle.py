"""Compares kindreel's features with torchvision's, for weights that go either way. See torchvision.sh.

Prints for each case the largest |kindreel - torchvision| / |torchvision| of a row, and fails where it
is above 1e-4. All networks are random, their batch norms' running statistics too.
"""

import collections
import os
import subprocess
import sys
import tempfile

import numpy
import safetensors.torch
import torch
import torchvision
from torchvision.models import video
from torchvision.models.video import resnet

KINDREEL = sys.argv[1]
LIMIT = 1e-4
failures = 0


def randomised(model, seed):
    """Statistics and scales as training might leave them, so that nothing is 0 or 1 by chance."""
    random = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            for tensor, low, high in [(module.running_mean, -0.2, 0.2), (module.running_var, 0.5, 2),
                                      (module.weight.data, 0.7, 1.3), (module.bias.data, -0.2, 0.2)]:
                tensor.uniform_(low, high, generator=random)
            module.num_batches_tracked.fill_(9)
    return model.eval()


def torchvision_style(depth):
    if depth == 18:
        return video.r3d_18(weights=None)
    block = resnet.Bottleneck if depth == 50 else resnet.BasicBlock
    return resnet.VideoResNet(block=block, conv_makers=[resnet.Conv3DSimple] * 4,
                              layers=[3, 4, 6, 3], stem=resnet.BasicStem)


def hara_names(state):
    """The names of 3D-ResNets-PyTorch, from torchvision's."""
    result = collections.OrderedDict()
    for name, value in state.items():
        parts = name.split(".")
        if parts[0] == "stem":
            parts = [["conv1", "bn1"][int(parts[1])]] + parts[2:]
        elif len(parts) == 5 and parts[2].startswith("conv"):
            parts = parts[:2] + [["conv", "bn"][int(parts[3])] + parts[2][4:]] + parts[4:]
        result[".".join(parts)] = value
    return result


class HaraStem(torch.nn.Sequential):
    """7x7x7, and a max-pool after the ReLU."""

    def __init__(self):
        super().__init__(torch.nn.Conv3d(3, 64, 7, (1, 2, 2), 3, bias=False),
                         torch.nn.BatchNorm3d(64), torch.nn.ReLU(), torch.nn.MaxPool3d(3, 2, 1))


def hara_style(depth):
    model = torchvision_style(depth)
    model.stem = HaraStem()
    return model


def inflated(flat, model):
    """torchvision's two-dimensional network in three dimensions, as I3D inflates it."""
    source, target = flat.state_dict(), model.state_dict()
    for ours, theirs in zip(target, hara_names(target)):
        if ours.startswith("fc."):
            continue
        value = source[theirs]
        if target[ours].dim() == 5:
            frames = target[ours].shape[2]
            value = value.unsqueeze(2).repeat(1, 1, frames, 1, 1) / frames
        target[ours] = value
    model.load_state_dict(target)
    return model


def features(model, clips):
    model.fc = torch.nn.Identity()
    with torch.no_grad():
        return model(torch.from_numpy(clips)).numpy()


def run(*arguments):
    return subprocess.run([KINDREEL, *arguments], capture_output=True, text=True)


def compare(name, reference, rows):
    global failures
    worst = max(numpy.linalg.norm(a - b) / numpy.linalg.norm(b) for a, b in zip(rows, reference))
    failures += worst > LIMIT or rows.shape != reference.shape
    print(f"{'FAILED' if worst > LIMIT else 'passed'}: {name}: {worst:.2e}", flush=True)


def embedded(directory, weights, encoder, clips, *more):
    tensor, out = os.path.join(directory, "X.npy"), os.path.join(directory, "Y.npy")
    numpy.save(tensor, clips)
    result = run("embed", "--weights", weights, "--encoder", encoder, "--tensor", tensor, "--out",
                 out, *more)
    if result.returncode != 0:
        sys.exit(f"FAILED: {weights} as {encoder}: {result.stderr}")
    rows = numpy.load(out)
    assert rows.dtype == numpy.float32
    return rows


def main():
    random = numpy.random.default_rng(0)
    clips = random.standard_normal((3, 3, 8, 56, 72)).astype(numpy.float32)
    odd = random.standard_normal((2, 3, 5, 37, 21)).astype(numpy.float32)
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "weights.pth")
        torch.manual_seed(1)
        model = randomised(torchvision_style(18), 1)
        state, reference = model.state_dict(), features(randomised(model, 1), clips)
        for name, value, new in [("zip", state, True), ("stream", state, False),
                                 ("zip, wrapped, DataParallel",
                                  {"epoch": 1, "state_dict": {f"module.{k}": v for k, v in state.items()}},
                                  True)]:
            torch.save(value, path, _use_new_zipfile_serialization=new)
            compare(f"torchvision r3d_18, {name}", reference,
                    embedded(directory, path, "r3d18", clips))
        compare("torchvision r3d_18, 5x37x21", features(model, odd),
                embedded(directory, path, "r3d18", odd))
        flat = os.path.join(directory, "weights.safetensors")
        safetensors.torch.save_file({k: v.contiguous() for k, v in state.items()}, flat)
        compare("torchvision r3d_18, safetensors", reference,
                embedded(directory, flat, "r3d18", clips))
        for depth in [34, 50]:
            model = randomised(torchvision_style(depth), depth)
            torch.save(model.state_dict(), path)
            compare(f"torchvision's blocks, depth {depth}", features(model, clips),
                    embedded(directory, path, f"r3d{depth}", clips))
        for depth in [18, 34, 50]:
            model = randomised(hara_style(depth), depth)
            torch.save({"arch": f"resnet-{depth}", "state_dict": hara_names(model.state_dict())},
                       path, _use_new_zipfile_serialization=depth == 34)
            compare(f"3D-ResNets-PyTorch, depth {depth}", features(model, clips),
                    embedded(directory, path, f"hara{depth}", clips))
            flat_model = randomised(getattr(torchvision.models, f"resnet{depth}")(), depth)
            torch.save(flat_model.state_dict(), path)
            model = inflated(flat_model, torchvision_style(depth)).eval()
            compare(f"two-dimensional ResNet-{depth}, inflated", features(model, clips),
                    embedded(directory, path, f"r3d{depth}", clips))
        out = os.path.join(directory, "export.safetensors")
        result = run("export", "--untrained", "5", "--encoder", "r3d18", "--out", out)
        if result.returncode != 0:
            sys.exit(f"FAILED: export: {result.stderr}")
        model = video.r3d_18(weights=None).eval()
        model.fc = torch.nn.Identity()
        model.load_state_dict(safetensors.torch.load_file(out), strict=True)
        compare("kindreel's export in torchvision, strict", features(model, clips),
                embedded(directory, out, "r3d18", clips))
    sys.exit(failures > 0)


main()
