"""Makes the small files of weights that WeightFilesTests read, what they hold, and the fuzzer's seeds.

    python -m venv venv && venv/bin/pip install torch==2.15.0 numpy==2.4.6 safetensors==0.8.0
    venv/bin/python Tests/Fixtures/weights/generate.py

It writes beside itself and into Tests/Fuzz/corpus. The views of `views.pth` are pickled by
hand, in the way of PyTorch 0.4, because no current version writes them.
"""

import collections
import json
import os
import pickle
import struct
import zipfile

import numpy
import safetensors.torch
import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def path(name):
    return os.path.join(HERE, name)


def numbers(*shape, dtype=torch.float32):
    """0.5, -1, 1.5, -2 …: exact in every format."""
    count = torch.Size(shape).numel()
    values = torch.arange(1, count + 1, dtype=torch.float64) / 2
    values[1::2] *= -1
    return values.reshape(shape).to(dtype)


def tensors():
    shared = numbers(12)
    base = numbers(3, 4, 2)
    state = collections.OrderedDict()
    state["conv1.weight"] = numbers(2, 3, 1, 2, 2)
    state["bn1.num_batches_tracked"] = torch.tensor(7)
    state["half"] = numbers(5, dtype=torch.float16)
    state["bfloat"] = numbers(5, dtype=torch.bfloat16)
    state["double"] = torch.tensor([0.1, -1e-300, 3.0], dtype=torch.float64)
    state["parameter"] = torch.nn.Parameter(numbers(3))
    state["scalar"] = torch.tensor(0.25)
    state["empty"] = torch.zeros(0, 4)
    state["shared.all"] = shared
    state["shared.part"] = shared[4:10].reshape(2, 3)
    state["strided.transposed"] = base.permute(2, 0, 1)
    state["strided.steps"] = base[::2, 1:, 1]
    state["expanded"] = torch.tensor([2.5]).expand(2, 3)
    state["integers.bool"] = torch.tensor([True, False, True])
    state["integers.byte"] = torch.tensor([0, 255], dtype=torch.uint8)
    state["integers.char"] = torch.tensor([-128, 127], dtype=torch.int8)
    state["integers.short"] = torch.tensor([-300, 300], dtype=torch.int16)
    state["integers.int"] = torch.tensor([-70000, 70000], dtype=torch.int32)
    return state


def expected(state):
    return {
        name: {"shape": list(value.shape), "values": value.detach().double().flatten().tolist(),
               "isFloat": value.dtype.is_floating_point}
        for name, value in state.items()
    }


def checkpoint(state):
    """What training programs save around the weights: numbers, an optimiser's state, a schedule's."""
    return {
        "epoch": 200, "arch": "resnet-18", "best": numpy.float64(0.5), "rate": 1e-3, "done": False,
        "state_dict": state,
        "optimizer": {"state": {0: {"momentum_buffer": numbers(2)}},
                      "param_groups": [{"lr": 0.1, "betas": (0.9, 0.999), "params": [0, 1]}]},
        "scheduler": {"milestones": collections.Counter([50, 100]), "last": -(1 << 40)},
    }


def views():
    """A stream whose storages are parts of one root: ('storage', class, key, device, count, view)."""
    root = struct.pack("<8f", *[float(value) for value in range(8)])

    class Storage:
        def __init__(self, view):
            self.view = view

    class Tensor:
        def __init__(self, storage, offset, size, stride):
            self.arguments = (storage, offset, size, stride, False, collections.OrderedDict())

        def __reduce__(self):
            return torch._utils._rebuild_tensor_v2, self.arguments

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            if isinstance(value, Storage):
                return ("storage", torch.FloatStorage, "root", "cpu", 8, value.view)
            return None

    state = {
        "whole": Tensor(Storage(None), 0, (2, 4), (4, 1)),
        "part": Tensor(Storage(("first", 2, 4)), 0, (4,), (1,)),
        "transposed": Tensor(Storage(("second", 4, 4)), 0, (2, 2), (1, 2)),
    }
    with open(path("views.pth"), "wb") as file:
        pickle.dump(0x1950A86A20F9469CFC6C, file, protocol=2)
        pickle.dump(1001, file, protocol=2)
        pickle.dump({"protocol_version": 1001, "little_endian": True,
                     "type_sizes": {"short": 2, "int": 4, "long": 4}}, file, protocol=2)
        Pickler(file, protocol=2).dump(state)
        pickle.dump(["root"], file, protocol=2)
        file.write(struct.pack("<q", 8) + root)


class Command:
    """An object that runs a command when a general interpreter loads it."""

    def __reduce__(self):
        return os.system, ("touch kindreel-was-here",)


def main():
    torch.manual_seed(0)
    state = tensors()
    torch.save(checkpoint(state), path("zip.pth"))
    torch.save(checkpoint(state), path("stream.pth"), _use_new_zipfile_serialization=False)
    torch.save(state, path("zip-protocol4.pth"), pickle_protocol=4)
    torch.save({"model": state}, path("stream-protocol4.pth"), pickle_protocol=4,
               _use_new_zipfile_serialization=False)
    views()
    torch.save({"state_dict": state, "extra": Command()}, path("command.pth"))
    torch.save({"state_dict": state, "extra": Command()}, path("command-stream.pth"),
               _use_new_zipfile_serialization=False)
    with zipfile.ZipFile(path("zip.pth")) as source:
        with zipfile.ZipFile(path("deflated.pth"), "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED)
    corpus = os.path.join(HERE, "..", "..", "Fuzz", "corpus")
    for name in ["zip", "zip-protocol4", "command"]:
        with zipfile.ZipFile(path(name + ".pth")) as source:
            with open(os.path.join(corpus, "Pickle", name + ".pickle"), "wb") as file:
                file.write(source.read(name + "/data.pkl"))
    safetensors.torch.save_file(
        {name: state[name].detach().contiguous() for name in ["half", "bfloat", "double", "scalar"]},
        os.path.join(corpus, "StateDict", "small.safetensors"), metadata={"format": "pt"})
    with open(path("expected.json"), "w") as file:
        json.dump(expected(state), file, indent=1, sort_keys=True)
        file.write("\n")


main()
