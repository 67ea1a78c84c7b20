"""The PyTorch side of the learning comparison: SimCLR with a quarter-width R3D-10 on a CPU.

    python3 -m venv /tmp/torch-venv
    /tmp/torch-venv/bin/pip install torch==2.15.0 numpy==2.4.6 av
    /tmp/torch-venv/bin/python Benchmarks/pytorch_reference.py --data DIR --epochs 20 --seed 0 \
        --threads 2 --json OUT.json

DIR has UCF101's layout: videos/<Class>/*, splits/{trainlist01,testlist01}.txt. Videos are decoded once
(PyAV) to a short side of 60 and kept in memory. Prints retrieval (R@k, test in train) before and
after training, the training seconds without decoding and evaluation, and clips/s.
"""

import argparse
import concurrent.futures
import json
import math
import pathlib
import random
import sys
import time

import av
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Tests/Fixtures/pytorch"))
from networks import ResNet3D  # noqa: E402
from objectives import nt_xent  # noqa: E402

FRAMES, STRIDE, SIDE, SHORT = 8, 3, 48, 60
TO_YIQ = torch.tensor([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
FROM_YIQ = torch.linalg.inv(TO_YIQ)


def decode(path):
    """All frames as T×H×W×3 bytes, the short side scaled to 60."""
    frames = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            scale = SHORT / min(frame.width, frame.height)
            width, height = round(frame.width * scale), round(frame.height * scale)
            frame = frame.reformat(width=width, height=height, format="rgb24", interpolation="BILINEAR")
            frames.append(frame.to_ndarray())
    return np.stack(frames)


def load(root, split):
    """Videos and class numbers of a split."""
    paths = [line.split()[0] for line in (root / "splits" / split).read_text().splitlines() if line.strip()]
    names = sorted(p.name for p in (root / "videos").iterdir())
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        videos = list(pool.map(lambda p: decode(root / "videos" / p), paths))
    return videos, torch.tensor([names.index(p.split("/")[0]) for p in paths])


def window(video, start):
    """Eight frames, three apart, as T×3×H×W in 0…1; a short video starts over."""
    indices = (start + STRIDE * np.arange(FRAMES)) % len(video)
    return torch.from_numpy(video[indices]).permute(0, 3, 1, 2)


def last_start(video):
    return max(len(video) - STRIDE * (FRAMES - 1) - 1, 0)


def crop_box(height, width, rng):
    """Random resized crop: area 0.4…1, aspect 3/4…4/3; the largest centred one after ten misses."""
    for _ in range(10):
        area = height * width * rng.uniform(0.4, 1)
        aspect = math.exp(rng.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if w <= width and h <= height:
            return rng.randint(0, height - h), rng.randint(0, width - w), h, w
    side = min(height, width)
    return (height - side) // 2, (width - side) // 2, side, side


def luma(x):
    return (TO_YIQ[0] @ x.flatten(2)).view(x.shape[0], 1, *x.shape[2:])


def jitter(x, rng):
    """Brightness, contrast, saturation ±25 %, hue ±0.15 of the circle (a rotation in YIQ), in random order."""
    for kind in rng.sample(range(4), 4):
        factor = rng.uniform(0.75, 1.25)
        if kind == 0:
            x = x * factor
        elif kind == 1:
            x = torch.lerp(luma(x).mean((1, 2, 3), keepdim=True), x, factor)
        elif kind == 2:
            x = torch.lerp(luma(x), x, factor)
        else:
            angle = 2 * math.pi * rng.uniform(-0.15, 0.15)
            c, s = math.cos(angle), math.sin(angle)
            turn = FROM_YIQ @ torch.tensor([[1, 0, 0], [0, c, -s], [0, s, c]]) @ TO_YIQ
            x = (turn @ x.flatten(2)).view(x.shape)
        x = x.clamp(0, 1)
    return x


def augmented(video, rng):
    """One training clip, 3×T×48×48; every draw holds for all its frames."""
    frames = window(video, rng.randint(0, last_start(video)))
    top, left, h, w = crop_box(*frames.shape[2:], rng)
    x = frames[:, :, top : top + h, left : left + w].float() / 255
    x = F.interpolate(x, (SIDE, SIDE), mode="bilinear", align_corners=False)
    if rng.random() < 0.5:
        x = x.flip(3)
    if rng.random() < 0.8:
        x = jitter(x, rng)
    if rng.random() < 0.2:
        x = luma(x).expand(-1, 3, -1, -1)
    return ((x - 0.45) / 0.27).transpose(0, 1)


def centred(video, start):
    """One evaluation clip: the middle 48×48 of the decoded frames."""
    frames = window(video, start)
    top, left = (frames.shape[2] - SIDE) // 2, (frames.shape[3] - SIDE) // 2
    x = frames[:, :, top : top + SIDE, left : left + SIDE].float() / 255
    return ((x - 0.45) / 0.27).transpose(0, 1)


@torch.no_grad()
def features(network, videos, batch=32):
    """The mean of three clips' unit pooled features, N×128, at unit length."""
    network.eval()
    rows = []
    for first in range(0, len(videos), batch):
        group = videos[first : first + batch]
        clips = [centred(v, round(part * last_start(v) / 2)) for v in group for part in range(3)]
        pooled = F.normalize(network.pooled(arrange(torch.stack(clips))), dim=1)
        rows.append(F.normalize(pooled.view(len(group), 3, -1).mean(1), dim=1))
    return torch.cat(rows)


def retrieval(network, train, test):
    """R@1, 5, 10, 20 in percent: is a train video of the class among the k nearest?"""
    similarities = features(network, test[0]) @ features(network, train[0]).T
    hits = train[1][similarities.topk(20).indices] == test[1][:, None]
    return {f"R@{k}": round(100 * hits[:, :k].any(1).float().mean().item(), 1) for k in (1, 5, 10, 20)}


def arrange(x):
    return x.contiguous(memory_format=torch.channels_last_3d) if OPTIONS.channels_last else x


def build():
    network = ResNet3D(10, 0.25, 3, False, "B", 512, 128)
    for module in network.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return network.to(memory_format=torch.channels_last_3d) if OPTIONS.channels_last else network


def train_network(network, videos):
    """Trains; returns seconds, clips/s and the mean loss of each epoch."""
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
    batch = OPTIONS.batch
    total = OPTIONS.epochs * (len(videos) // batch)
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min(1, (s + 1) / 50) * 0.5 * (1 + math.cos(math.pi * s / total))
    )
    rng = random.Random(OPTIONS.seed)

    def batches():
        for _ in range(OPTIONS.epochs):
            order = rng.sample(range(len(videos)), len(videos))
            for first in range(0, len(order) - batch + 1, batch):
                yield order[first : first + batch]

    def clips(chosen):
        return torch.stack([augmented(videos[i], rng) for _ in range(2) for i in chosen])

    network.train()
    losses, began = [], time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(1) as loader:  # the next batch while this one trains
        plan = list(batches())
        upcoming = loader.submit(clips, plan[0])
        for step in range(total):
            x = upcoming.result()
            if step + 1 < total:
                upcoming = loader.submit(clips, plan[step + 1])
            output = network(arrange(x))
            loss = nt_xent(output[:batch], output[batch:], temperature=0.2)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
            if (step + 1) * OPTIONS.epochs % total == 0:
                print(f"step {step + 1}: loss {losses[-1]:.3f}, {time.perf_counter() - began:.1f} s", flush=True)
    seconds = time.perf_counter() - began
    per_epoch = np.array(losses).reshape(OPTIONS.epochs, -1).mean(1)
    return seconds, 2 * batch * total / seconds, [round(float(v), 4) for v in per_epoch]


def main():
    torch.set_num_threads(OPTIONS.threads)
    torch.manual_seed(OPTIONS.seed)
    train, test = load(OPTIONS.data, "trainlist01.txt"), load(OPTIONS.data, "testlist01.txt")
    network = build()
    before = retrieval(network, train, test)
    print("before:", before, flush=True)
    seconds, rate, losses = train_network(network, train[0])
    after = retrieval(network, train, test)
    print("after: ", after)
    print(f"training: {seconds:.1f} s, {rate:.1f} clips/s")
    result = {
        "before": before, "after": after, "seconds": round(seconds, 2), "clipsPerSecond": round(rate, 2),
        "losses": losses, "torch": torch.__version__,
        "options": {k: str(v) if isinstance(v, pathlib.Path) else v for k, v in vars(OPTIONS).items()},
    }  # fmt: skip
    if OPTIONS.json:
        OPTIONS.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32, help="videos a step, two clips each")
    parser.add_argument("--objective", choices=["simclr"], default="simclr")
    parser.add_argument(
        "--contiguous", dest="channels_last", action="store_false",
        help="plain N·C·T·H·W tensors; a step with channels_last_3d, the default, took 180 instead of "
        "240 ms (median of 40 each in turn, batch 32, 2 cores shared with other work)",
    )  # fmt: skip
    parser.add_argument("--json", type=pathlib.Path)
    OPTIONS = parser.parse_args()
    main()
