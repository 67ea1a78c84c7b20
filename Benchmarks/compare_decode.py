"""One peer's run of compare-decode.sh: windows of a file, scaled to 171×128, on one thread.

    python Benchmarks/compare_decode.py --peer pyav --frames 16 --starts 3,14,15 [--reopen] FILE
    python Benchmarks/compare_decode.py --peer pyav --starts … --reference FRAMES FILE

Peers: pyav (seeks before every window, libswscale bilinear), decord (its own resize), torchcodec and
torchcodec-approximate (seek modes; the decoder's own resize). As in `kindreel bench decode`, opening and
indexing come first and are not timed, unless with --reopen, where every window opens the file anew.
Prints one JSON object.

With --reference, a file of all frames at 171×128 in RGB as the ffmpeg tool gives them, nothing is timed;
every frame is looked up among them, and those that are others than asked for are counted.
"""

import argparse
import json
import statistics
import time

import numpy

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
        return numpy.stack(images)


class Decord:
    def __init__(self, path):
        import decord

        self.reader = decord.VideoReader(path, decord.cpu(0), WIDTH, HEIGHT, num_threads=1)

    def read(self, start, frames):
        return self.reader.get_batch(range(start, start + frames)).asnumpy()


class TorchCodec:
    mode = "exact"

    def __init__(self, path):
        import torch
        from torchcodec.decoders import VideoDecoder
        from torchcodec.transforms import Resize

        torch.set_num_threads(1)
        self.decoder = VideoDecoder(
            path,
            num_ffmpeg_threads=1,
            seek_mode=self.mode,
            dimension_order="NHWC",
            transforms=[Resize((HEIGHT, WIDTH))],
        )

    def read(self, start, frames):
        return self.decoder.get_frames_in_range(start, start + frames).data.numpy()


class TorchCodecApproximate(TorchCodec):
    mode = "approximate"


PEERS = {
    "pyav": PyAV,
    "decord": Decord,
    "torchcodec": TorchCodec,
    "torchcodec-approximate": TorchCodecApproximate,
}


def wrong_frames(video, starts, frames, reference):
    """How many frames are nearer to another frame of the reference than to the one asked for."""
    truth = numpy.fromfile(reference, numpy.uint8).reshape(-1, HEIGHT * WIDTH * 3)
    truth = truth.astype(numpy.float32)
    squares = (truth**2).sum(axis=1)
    wrong = 0
    for start in starts:
        got = video.read(start, frames).reshape(frames, -1).astype(numpy.float32)
        nearest = (squares - 2 * got @ truth.T).argmin(axis=1)
        wrong += int((nearest != numpy.arange(start, start + frames)).sum())
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", choices=PEERS, required=True)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--starts", required=True)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--reopen", action="store_true")
    parser.add_argument("--reference")
    parser.add_argument("file")
    options = parser.parse_args()

    starts = [int(start) for start in options.starts.split(",")]
    begin = time.perf_counter()
    video = PEERS[options.peer](options.file)
    opening = time.perf_counter() - begin
    if options.reference:
        wrong = wrong_frames(video, starts, options.frames, options.reference)
        print(json.dumps({"peer": options.peer, "wrong": wrong}))
        return
    times = []
    for _ in range(options.repetitions + 1):
        begin = time.process_time()
        for start in starts:
            if options.reopen:
                video = PEERS[options.peer](options.file)
            got = video.read(start, options.frames)
            if len(got) != options.frames:
                raise SystemExit(f"{options.peer} gave {len(got)} frames from {start} on")
        times.append(time.process_time() - begin)
    rate = len(starts) / statistics.median(times[1:])
    print(
        json.dumps(
            {
                "peer": options.peer,
                "clips_per_processor_second": rate,
                "index_seconds": opening,
            }
        )
    )


if __name__ == "__main__":
    main()
