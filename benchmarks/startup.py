"""How long a user waits: for `--help`, for the first prediction of `track`, and for a video.

    python benchmarks/startup.py [--data FOLDER] [--runs 5] [--n_frames 200]

Without FOLDER (with `native/` and `videos/`), the models and clip in `samples/` are used. Every
command runs in a process of its own on an exported model; what is timed is the wall clock from the
start of that process, best of several, beside the processor time it took, which other programs on
the machine change less. Two baselines are measured in the same run: Python doing nothing, and the
plain network in torch on frames that are prepared already, without any decoding.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

PROGRAM = [sys.executable, "-m", "sleap_rt"]
BATCH_SIZE = 4  # frames
LONGEST_HELP, LONGEST_FIRST = 0.5, 2.0  # s


class Case(NamedTuple):
    """A video and the bottom-up model for it."""

    video: Path
    model: Path


class Times(NamedTuple):
    """Seconds of one command."""

    wall: float
    processor: float


def case_in(data: Path | None) -> Case:
    if data is None:
        return Case(ROOT / "samples/crawlers.mp4", ROOT / "samples/models/bottomup")
    return Case(data / "videos/centered_pair_small.mp4", data / "native/flies_bottomup")


def timed(command: list[str]) -> tuple[Times, str]:
    """Run a command to its end."""
    before, started = _processor_seconds(), time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return Times(time.perf_counter() - started, _processor_seconds() - before), done.stdout


def first_prediction(command: list[str]) -> Times:
    """Run `track --gui` on one frame: its line on standard output says that the frame is done."""
    before, started = _processor_seconds(), time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        wall = time.perf_counter() - started
        process.stdout.read()
    assert json.loads(line)["n_processed"] == 1, line
    return Times(wall, _processor_seconds() - before)


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def best(measure: Callable[[], Times], n_runs: int) -> Times:
    measure()  # the first run reads files that later ones find in memory
    return min(measure() for _ in range(n_runs))


def report(name: str, times: Times, limit: float | None = None) -> None:
    asked = "" if limit is None else f" (asked for: {limit} s)"
    print(f"{name}: {times.wall:.2f} s, processor {times.processor:.2f} s{asked}", flush=True)


def network_in_torch(case: Case, n_frames: int) -> float:
    """Frames per second of the network alone, in batches, frames prepared beforehand."""
    import torch

    from sleap_rt.models.native.load_native import load_native_model
    from sleap_rt.models.reference import prepare_frame
    from sleap_rt.runtime.frames.video import VideoFile

    model = load_native_model(case.model)
    with VideoFile(case.video) as video:
        prepared = [prepare_frame(model, video.read(i)).image for i in range(BATCH_SIZE)]
    batch = torch.cat(prepared)
    n_batches = -(-n_frames // BATCH_SIZE)
    with torch.inference_mode():
        model.network(batch)
        started = time.perf_counter()
        for _ in range(n_batches):
            model.network(batch)
    return n_batches * BATCH_SIZE / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder with native/ and videos/")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--n_frames", type=int, default=200)
    arguments = parser.parse_args()
    case = case_in(arguments.data)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} cores, load {load}, Python {sys.version.split()[0]}")

    with tempfile.TemporaryDirectory() as folder:
        timed([*PROGRAM, "export", str(case.model), "-o", folder])
        track = [*PROGRAM, "track", "-i", str(case.video), "-m", folder, "--device", "cpu"]
        track += ["-o", str(Path(folder) / "out.slp")]

        python = best(lambda: timed([sys.executable, "-c", "pass"])[0], arguments.runs)
        report("Python, doing nothing", python)
        for words in (["--help"], ["track", "--help"]):
            times = best(lambda words=words: timed([*PROGRAM, *words])[0], arguments.runs)
            report(" ".join(words), times, LONGEST_HELP)
        one_frame = [*track, "--frames", "0", "-b", "1"]
        times = best(lambda: first_prediction([*one_frame, "--gui"]), arguments.runs)
        report("track, to the first prediction", times, LONGEST_FIRST)
        report(
            "track of one frame, file written", best(lambda: timed(one_frame)[0], arguments.runs)
        )

        frames = f"0-{arguments.n_frames - 1}"
        summary = timed([*track, "--frames", frames, "-b", str(BATCH_SIZE)])[1]
    fused = float(summary.split(" frames/s")[0].split()[-1])
    plain = network_in_torch(case, arguments.n_frames)
    print(
        f"{case.video.name} with {case.model.name}, batch {BATCH_SIZE}, {arguments.n_frames} "
        f"frames: {fused:.1f} frames/s from video to poses; the network alone in torch: "
        f"{plain:.1f} frames/s; ratio {fused / plain:.2f}"
    )


if __name__ == "__main__":
    main()
