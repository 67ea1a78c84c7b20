"""One PyTorch run of compare-pytorch.sh: a training step or an embedding pass on random clips.

    python Benchmarks/compare_pytorch.py --encoder r3d18 --clip 3x16x112x112 --batch 8 \
        --variant autocast-compile --threads 2 --repetitions 3

The networks are those of `kindreel bench train-step`; the loss is NT-Xent over two views, the update
SGD with momentum. Variants: fp32 (channels last), autocast (bf16, channels last), fp32-compile and
autocast-compile (the same through torch.compile), autocast-correct (bf16, but modules whose input has at most two
frames stay in fp32: oneDNN 3.13 returns wrong bf16 weight gradients there), and fp32-ddp and
autocast-ddp (DistributedDataParallel over gloo, a process of one thread for each thread asked for;
the loss sees its own process's clips alone). Prints one JSON object.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import sys
import time

import torch
from torch import distributed, multiprocessing, nn

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Tests/Fixtures/pytorch"))
from networks import ResNet3D  # noqa: E402
from objectives import nt_xent  # noqa: E402

VARIANTS = ["fp32", "fp32-compile", "fp32-ddp", "autocast", "autocast-compile", "autocast-correct", "autocast-ddp"]


def make(encoder):
    """depth, width, stem_time, stem_pool, shortcut, head_hidden, head_width as in BenchTrainStep."""
    settings = {
        "r3d18": (18, 1, 3, False, "B", 1, 1),
        "slic18": (18, 1, 7, False, "B", 2048, 128),
        "actions": (10, 0.25, 3, False, "B", 512, 128),
    }
    network = ResNet3D(*settings[encoder])
    if encoder == "r3d18":
        network.head = nn.Identity()
    return network


class InSinglePrecision(nn.Module):
    """A convolution that leaves autocast where its input has at most two frames."""

    def __init__(self, convolution):
        super().__init__()
        self.convolution = convolution

    def forward(self, x):
        if x.shape[2] > 2:
            return self.convolution(x)
        with torch.autocast("cpu", enabled=False):
            return self.convolution(x.float())


def guard(module):
    for name, child in module.named_children():
        if isinstance(child, nn.Conv3d):
            setattr(module, name, InSinglePrecision(child))
        else:
            guard(child)


def measure(rank, options, processes, results):
    """The times of `options.repetitions` steps over this process's share of the clips."""
    torch.set_num_threads(options.threads // processes)
    torch.manual_seed(0)
    if processes > 1:
        distributed.init_process_group("gloo", rank=rank, world_size=processes)
    network = make(options.encoder).to(memory_format=torch.channels_last_3d)
    if options.variant == "autocast-correct":
        guard(network)
    network.train(not options.inference)
    run = network
    if options.variant.endswith("-compile"):
        run = torch.compile(network)
    elif processes > 1 and not options.inference:
        run = nn.parallel.DistributedDataParallel(network)
    extents = [int(extent) for extent in options.clip.split("x")]
    clips = torch.randn(options.batch // processes, *extents)
    clips = clips.to(memory_format=torch.channels_last_3d)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-6, momentum=0.9, weight_decay=1e-4)

    def embed():
        with torch.autocast("cpu", torch.bfloat16, enabled="autocast" in options.variant):
            return run(clips)

    def step():
        if options.inference:
            with torch.inference_mode():
                embed()
            return
        rows = embed().float()
        half = rows.shape[0] // 2
        optimizer.zero_grad(set_to_none=True)
        nt_xent(rows[:half], rows[half:], 0.1).backward()
        optimizer.step()

    for _ in range(2):
        step()
    times = []
    for _ in range(options.repetitions):
        if processes > 1:
            distributed.barrier()
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    results.put((times, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", choices=["r3d18", "slic18", "actions"], required=True)
    parser.add_argument("--clip", required=True, help="CxTxHxW")
    parser.add_argument("--batch", type=int, required=True, help="clips of a step")
    parser.add_argument("--variant", choices=VARIANTS, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--inference", action="store_true")
    options = parser.parse_args()
    processes = options.threads if options.variant.endswith("-ddp") else 1
    results = multiprocessing.get_context("spawn").SimpleQueue()
    if processes == 1:
        measure(0, options, 1, results)
    else:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29517", OMP_NUM_THREADS="1")
        multiprocessing.spawn(measure, (options, processes, results), nprocs=processes)
    reports = [results.get() for _ in range(processes)]
    times = [max(step) for step in zip(*(report[0] for report in reports))]
    print(
        json.dumps(
            {
                "variant": options.variant,
                "torch": torch.__version__,
                "clips_per_second": options.batch / statistics.median(times),
                "step_seconds": {"median": statistics.median(times), "min": min(times), "max": max(times)},
                "peak_rss_bytes": sum(report[1] for report in reports),
            }
        )
    )


if __name__ == "__main__":
    main()
