"""What reading a frame costs: by `VideoFile` against decoding alone, for gray and RGB.

    python benchmarks/reading.py [--video VIDEO] [--frames 300] [--repeats 5]

Prints, for a clip of each kind, the CPU time per frame of the decoder alone, of converting every
frame to RGB and keeping what a model gets (as was done before brightness was read straight), and of
`VideoFile`, opening it included. CPU time of all threads, since other programs disturb it least;
the three are run in turns; medians. It stops if a frame differs between the last two. Then every
pass over the pixels of a frame between decoder and engine, one by one: the least of many.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import av
import numpy as np

from sleap_rt.machine.cores import available_cores
from sleap_rt.runtime.frames.video import VideoFile

Frames = Iterator["np.ndarray | None"]


def encoded(path: Path, n_frames: int, *, gray: bool, side: int = 1024) -> Path:
    """A scene of moving waves, H.264."""
    y, x = np.mgrid[:side, :side]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "23"})
        stream.width = stream.height = side
        stream.pix_fmt = "yuv420p"
        for number in range(n_frames):
            waves = 127 + 60 * np.sin((x + 5 * number) / 37) + 60 * np.cos((y - 3 * number) / 23)
            others = waves if gray else waves[::-1]
            image = np.stack([waves, others, waves], axis=-1).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


def decoded(path: Path) -> Iterator[av.VideoFrame]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = available_cores().n
        yield from container.decode(stream)


def only_decoding(path: Path, _: int) -> Frames:
    for _frame in decoded(path):
        yield None


def by_way_of_rgb(path: Path, channels: int) -> Frames:
    for frame in decoded(path):
        rgb = frame.reformat(format="rgb24", src_colorspace="ITU601", dst_colorspace="ITU601")
        yield np.ascontiguousarray(rgb.to_ndarray()[..., :channels])


def by_video_file(path: Path, _: int) -> Frames:
    with VideoFile(path) as video:
        for index in range(video.n_frames):
            yield video.read(index)


WAYS: dict[str, Callable[[Path, int], Frames]] = {
    "decoding alone": only_decoding,
    "by way of RGB": by_way_of_rgb,
    "VideoFile": by_video_file,
}


def measure(path: Path, n_repeats: int) -> None:
    with VideoFile(path) as video:
        n_frames, channels = video.n_frames, video.shape[2]
        print(f"{path.name}: {n_frames} frames, {video.shape}")
    for old, new in zip(by_way_of_rgb(path, channels), by_video_file(path, channels), strict=True):
        np.testing.assert_array_equal(old, new)
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(n_repeats):
        for name, way in WAYS.items():
            started = time.process_time()
            for _frame in way(path, channels):
                pass
            seconds[name].append(time.process_time() - started)
    for name, found in seconds.items():
        print(f"  {name:16} {1e3 * statistics.median(found) / n_frames:6.2f} ms of CPU per frame")
    for name, function in passes(path, channels).items():
        print(f"  - {name:14} {least_ms(function):6.3f} ms of CPU per frame")


def passes(path: Path, channels: int) -> dict[str, Callable[[], object]]:
    """What is done with the pixels of a frame, in order."""
    frame = next(decoded(path))
    batch = np.empty((1, frame.height, frame.width, channels), np.uint8)
    with VideoFile(path) as video:
        image = video.read(0)
    into_batch = {"into the batch": lambda: np.stack([image], out=batch)}
    if channels == 3:
        rgb = frame.reformat(format="rgb24", src_colorspace="ITU601", dst_colorspace="ITU601")
        convert = partial(frame.reformat, format="rgb24", src_colorspace="ITU601")
        return {"to RGB": convert, "out of FFmpeg": rgb.to_ndarray, **into_batch}
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    brightness = rows[:, : plane.width].tobytes()
    return {
        "out of FFmpeg": rows[:, : plane.width].tobytes,
        "to full range": partial(brightness.translate, bytes(range(256))),
        **into_batch,
    }


def least_ms(function: Callable[[], object], n: int = 100) -> float:
    """CPU time of all threads."""
    times = []
    for _ in range(n):
        started = time.process_time()
        function()
        times.append(time.process_time() - started)
    return 1e3 * min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--video", type=Path)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    if given.video is not None:
        measure(given.video, given.repeats)
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, gray in (("gray.mp4", True), ("rgb.mp4", False)):
            measure(encoded(Path(folder) / name, given.frames, gray=gray), given.repeats)


if __name__ == "__main__":
    main()
