"""One peer's run of compare-decode.sh: random windows of a file, scaled to 171×128, on one thread.

    python Benchmarks/compare_decode.py --peer pyav --frames 16 --windows 20 [--reopen] FILE

Peers: pyav (seeks before every window, libswscale bilinear), decord (its own resize), torchcodec and
torchcodec-approximate (seek modes; torch's bilinear resize, or the decoder's own where this version has
one). As in `kindreel bench decode`, opening and indexing come first and are not timed, unless with
--reopen, where every window opens the file anew. Prints one JSON object.
"""

import argparse
import json
import random
import statistics
import time

WIDTH, HEIGHT = 171, 128


class PyAV:
    def __init__(self, path):
        import av

        self.container = av.open(path)
        self.stream = self.container.streams.video[0]
        self.stream.thread_type = "NONE"
        self.stream.codec_context.thread_count = 1
        self.rate = self.stream.average_rate
        self.origin = self.stream.start_time or 0
        self.count = self.stream.frames or int(self.container.duration / 1e6 * self.rate)

    def read(self, start, frames):
        wanted = self.origin + int(start / self.rate / self.stream.time_base)
        self.container.seek(wanted, stream=self.stream)
        images = []
        for frame in self.container.decode(self.stream):
            place = frame.pts if frame.pts is not None else frame.dts
            if place < wanted:
                continue
            image = frame.reformat(WIDTH, HEIGHT, "rgb24", interpolation="BILINEAR")
            images.append(image.to_ndarray())
            if len(images) == frames:
                break
        return len(images)


class Decord:
    def __init__(self, path):
        import decord

        self.reader = decord.VideoReader(path, decord.cpu(0), WIDTH, HEIGHT, num_threads=1)
        self.count = len(self.reader)

    def read(self, start, frames):
        return len(self.reader.get_batch(range(start, start + frames)).asnumpy())


class TorchCodec:
    mode = "exact"

    def __init__(self, path):
        import torch
        from torchcodec.decoders import VideoDecoder

        torch.set_num_threads(1)
        self.torch = torch
        options = {"num_ffmpeg_threads": 1, "seek_mode": self.mode}
        self.decoder = VideoDecoder(path, **options)
        self.count = len(self.decoder)

    def read(self, start, frames):
        data = self.decoder.get_frames_in_range(start, start + frames).data
        return len(self.torch.nn.functional.interpolate(data, (HEIGHT, WIDTH), mode="bilinear"))


class TorchCodecApproximate(TorchCodec):
    mode = "approximate"


PEERS = {
    "pyav": PyAV,
    "decord": Decord,
    "torchcodec": TorchCodec,
    "torchcodec-approximate": TorchCodecApproximate,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", choices=PEERS, required=True)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--windows", type=int, default=20)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--reopen", action="store_true")
    parser.add_argument("file")
    options = parser.parse_args()

    begin = time.perf_counter()
    video = PEERS[options.peer](options.file)
    opening = time.perf_counter() - begin
    draws = random.Random(0)
    times = []
    for _ in range(options.repetitions + 1):
        begin = time.perf_counter()
        for _ in range(options.windows):
            if options.reopen:
                video = PEERS[options.peer](options.file)
            start = draws.randrange(video.count - options.frames + 1)
            got = video.read(start, options.frames)
            if got != options.frames:
                raise SystemExit(f"{options.peer} gave {got} frames of {options.file} from {start}")
        times.append(time.perf_counter() - begin)
    rate = options.windows / statistics.median(times[1:])
    print(json.dumps({"peer": options.peer, "clips_per_second": rate, "index_seconds": opening}))


if __name__ == "__main__":
    main()
