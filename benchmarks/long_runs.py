"""Print what long runs need: memory while predicting and saving, time to save, survival of kills.

    python benchmarks/long_runs.py memory [--n_frames 1000000] [--n_animals 3] [--output_format slp]
        [--tracking] [--folder FOLDER]
    python benchmarks/long_runs.py retrack [--n_frames 100000] [--n_animals 3]
    python benchmarks/long_runs.py real VIDEO MODEL [MODEL] [--n_frames 20000]
    python benchmarks/long_runs.py kills VIDEO MODEL [MODEL] [--n_kills 100]

`memory` runs the whole of `track` behind a source that makes its frames and a predictor that
answers at once. `retrack` tracks what it found again, by the command. `real` runs the command on a
clip that is repeated. `kills` kills a run of the command with SIGKILL at random moments, resumes
it, and compares the result with one that was never cut off.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/runtime")]

from fakes import AllAtOnce, graph_contract  # noqa: E402

from sleap_rt.instances import FrameInstances  # noqa: E402
from sleap_rt.options import NO_OVERRIDES, RunOptions, SelectionOptions  # noqa: E402
from sleap_rt.runtime.frames.opened import OpenInput  # noqa: E402
from sleap_rt.runtime.frames.selection import select_of_video  # noqa: E402
from sleap_rt.runtime.frames.source import Source  # noqa: E402
from sleap_rt.runtime.model_set import GraphSet  # noqa: E402
from sleap_rt.runtime.outputs.blocks.slp import write_slp  # noqa: E402
from sleap_rt.runtime.outputs.results import Tally  # noqa: E402
from sleap_rt.skeleton import Skeleton  # noqa: E402
from sleap_rt.tracking import TrackerOptions  # noqa: E402
from sleap_rt.workflows.planning.options import PredictionOptions  # noqa: E402
from sleap_rt.workflows.planning.plan import plan_prediction  # noqa: E402
from sleap_rt.workflows.predict import run_plan  # noqa: E402
from sleap_rt.workflows.report import Report  # noqa: E402
from sleap_rt.workflows.resolve import ResolvedModels  # noqa: E402

NODES = ("head", "thorax", "abdomen", "left_wing", "right_wing", "left_leg", "right_leg")
MB = 1e6


class Made:
    """Frames that are all the same."""

    def __init__(self, n_frames: int) -> None:
        self.available = range(n_frames)
        self._frame = np.zeros((16, 16, 1), np.uint8)

    def read(self, index: int) -> Any:
        return self._frame

    def close(self) -> None:
        pass


class Instant(AllAtOnce):
    """Animals that wander on circles, found without an image."""

    skeleton = Skeleton("fly", NODES, tuple((i, i + 1) for i in range(len(NODES) - 1)))
    needs_instances = False
    device = "cpu"
    class_names: tuple[str, ...] = ()

    def __init__(self, n_animals: int) -> None:
        contract = graph_contract(skeleton=self.skeleton)
        self.models = GraphSet((contract,), (Path("instant.onnx"),))
        draw = np.random.default_rng(0)
        self._middles = draw.uniform(100, 2000, (n_animals, 1, 2))
        self._shape = draw.uniform(-15, 15, (n_animals, len(NODES), 2))
        self._scores = draw.uniform(0.3, 1, (n_animals, len(NODES))).astype(np.float32)

    def predict(self, frames: Any, frame_indices: Any, known: Any = None) -> list[FrameInstances]:
        return [self._frame(index) for index in frame_indices]

    def _frame(self, index: int) -> FrameInstances:
        step = 40 * np.array([np.cos(index / 50), np.sin(index / 50)])
        return FrameInstances.untracked(
            frame_index=index,
            points=(self._middles + self._shape + step).astype(np.float32),
            point_scores=self._scores,
            scores=self._scores.mean(axis=1),
        )

    def close(self) -> None:
        pass


class Memory(Report):
    """Resident memory at the frames that count, and its peak while saving."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self.peak = 0.0
        self.save_began = self.cpu_began = 0.0
        self._done = threading.Event()

    def results(
        self, results: Iterable[FrameInstances], n_frames: int, n_done: int
    ) -> Iterator[FrameInstances]:
        marks = {999: "frame 1,000", n_frames // 2: "half", n_frames - 1: "end"}
        for number, result in enumerate(results):
            yield result
            if number in marks:
                self.at[marks[number]] = resident_mb()
        self.save_began, self.cpu_began = time.perf_counter(), time.process_time()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            self.peak = max(self.peak, resident_mb())

    def stop(self) -> tuple[float, float]:
        """Seconds since saving began: by the clock, of the processor."""
        self._done.set()
        return time.perf_counter() - self.save_began, time.process_time() - self.cpu_began


def resident_mb(process: int | str = "self") -> float:
    fields = Path(f"/proc/{process}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / MB


def memory(args: argparse.Namespace) -> None:
    import sleap_io as sio

    source = Source({0: Made(args.n_frames)}, "made")
    selection = select_of_video(SelectionOptions(), range(args.n_frames), "made")
    video = sio.Video(filename="made.mp4", open_backend=False)
    opened = OpenInput(source, selection, videos=lambda: [video])
    predictor, report = Instant(args.n_animals), Memory()
    models = ResolvedModels(
        paths=(), overrides=NO_OVERRIDES, models=predictor.models, graphs=predictor.models
    )
    suffix = {"analysis_h5": ".h5", "coco": ".json"}.get(
        args.output_format, f".{args.output_format}"
    )
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        options = PredictionOptions(
            output_path=Path(folder) / f"out{suffix}",
            output_format=args.output_format,
            tracking=TrackerOptions() if args.tracking else None,
            run=RunOptions(batch_size=16),
        )
        plan = plan_prediction(models, opened, options)
        started = time.perf_counter()
        summary = run_plan(plan, opened, report, predictor, keeps_labels=False)
        save_s, cpu_s = report.stop()
        run_s = time.perf_counter() - started - save_s
        size_mb = sum(path.stat().st_size for path in summary.paths) / MB
    memory_mb = ", ".join(f"{value:.0f} MB at {name}" for name, value in report.at.items())
    print(
        f"{args.n_frames} frames, {args.n_animals} animals, {args.output_format}: {memory_mb}, "
        f"peak {report.peak:.0f} MB in the save; {run_s:.0f} s, save {save_s:.1f} s, "
        f"{cpu_s:.1f} s of the processor "
        f"({1e3 * cpu_s / args.n_frames / args.n_animals:.4f} ms per frame and animal), "
        f"{size_mb:.0f} MB, load {os.getloadavg()[0]:.1f}"
    )


def retrack(args: argparse.Namespace) -> None:
    import sleap_io as sio

    predictor, tally = Instant(args.n_animals), Tally()
    for index in range(args.n_frames):
        tally.add(predictor.predict(None, [index])[0])
    found = (predictor.predict(None, [index])[0] for index in range(args.n_frames))
    video = sio.Video(filename="made.mp4", open_backend=False)
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "in.slp"
        write_slp(tally.results(found, predictor.skeleton, [video], ()), source)
        started, peak = time.perf_counter(), 0.0
        command = [sys.executable, "-m", "sleap_rt", "track", "-i", str(source), "-t"]
        run = subprocess.Popen([*command, "-o", str(Path(name) / "out.slp")], cwd=ROOT)
        while run.poll() is None:
            peak = max(peak, resident_mb(run.pid))
            time.sleep(0.01)
    print(f"exit code {run.returncode}, peak {peak:.0f} MB, {time.perf_counter() - started:.0f} s")


def real(args: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        args.video = repeated(args.video, args.n_frames, Path(name) / "long.mp4")
        run = track(args, Path(name) / "out.slp", "--gui", stdout=subprocess.PIPE)
        n_done: list[int] = [0]
        assert run.stdout is not None
        threading.Thread(target=follow, args=(run.stdout, n_done), daemon=True).start()
        before, saving = [0.0], [0.0]
        while run.poll() is None:
            if n_done[-1] >= 1000:
                (saving if n_done[-1] == args.n_frames else before).append(resident_mb(run.pid))
            time.sleep(0.01)
    print(
        f"{args.n_frames} frames, exit code {run.returncode}: {before[1]:.0f} MB at frame 1,000, "
        f"{before[len(before) // 2]:.0f} MB at half, {before[-1]:.0f} MB at end, peak "
        f"{max(saving):.0f} MB in the save"
    )


def follow(lines: Iterable[bytes], n_done: list[int]) -> None:
    for line in lines:
        n_done.append(json.loads(line)["n_processed"])


def repeated(clip: Path, n_frames: int, path: Path) -> Path:
    """A video of the frames of a clip, over and over."""
    import cv2

    source = cv2.VideoCapture(str(clip))
    size = int(source.get(cv2.CAP_PROP_FRAME_WIDTH)), int(source.get(cv2.CAP_PROP_FRAME_HEIGHT))
    target = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 30, size)
    for _ in range(n_frames):
        is_there, frame = source.read()
        if not is_there:
            source.set(cv2.CAP_PROP_POS_FRAMES, 0)
            frame = source.read()[1]
        target.write(frame)
    target.release()
    return path


def track(
    args: argparse.Namespace, output: Path, *more: str, **given: Any
) -> subprocess.Popen[bytes]:
    models = [part for model in args.models for part in ("-m", str(model))]
    command = [sys.executable, "-m", "sleap_rt", "track", "-i", str(args.video), *models, "-t"]
    return subprocess.Popen([*command, "-o", str(output), "--quiet", *more], cwd=ROOT, **given)


def kills(args: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.perf_counter()
        assert track(args, folder / "whole.slp").wait() == 0
        seconds = time.perf_counter() - started
        whole, draw = content(folder / "whole.slp"), random.Random(0)
        equal = 0
        for number in range(args.n_kills):
            output = folder / f"{number}.slp"
            equal += content(killed(args, output, draw.uniform(0, seconds))) == whole
            left = sorted(path.name for path in folder.glob(f"*{number}.slp?*"))
            assert not left, left
            output.unlink()
    print(f"{args.n_kills} kills in {seconds:.1f} s each: {equal} results are equal")


def killed(args: argparse.Namespace, output: Path, after_s: float) -> Path:
    """The result of a run that was killed and resumed."""
    run = track(args, output)
    try:
        run.wait(after_s)
    except subprocess.TimeoutExpired:
        run.send_signal(signal.SIGKILL)
        run.wait()
    if output.with_name(output.name + ".journal").exists():
        assert track(args, output, "--resume").wait() == 0
    elif not output.exists():
        assert track(args, output).wait() == 0
    return output


def content(path: Path) -> dict[str, bytes]:
    """Raw bytes of the tables of a `.slp` file, and its tracks."""
    import h5py

    tables = ("frames", "instances", "pred_points")
    with h5py.File(path) as file:
        tracks = repr(list(file["tracks_json"][()])).encode()
        return {"tracks": tracks, **{name: file[name][()].tobytes() for name in tables}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("memory")
    command.add_argument("--n_frames", type=int, default=1_000_000)
    command.add_argument("--n_animals", type=int, default=3)
    command.add_argument("--output_format", default="slp")
    command.add_argument("--tracking", action="store_true")
    command.add_argument("--folder", type=Path)
    command.set_defaults(run=memory)
    command = commands.add_parser("retrack")
    command.add_argument("--n_frames", type=int, default=100_000)
    command.add_argument("--n_animals", type=int, default=3)
    command.set_defaults(run=retrack)
    command = commands.add_parser("real")
    command.add_argument("video", type=Path)
    command.add_argument("models", type=Path, nargs="+")
    command.add_argument("--n_frames", type=int, default=20_000)
    command.set_defaults(run=real)
    command = commands.add_parser("kills")
    command.add_argument("video", type=Path)
    command.add_argument("models", type=Path, nargs="+")
    command.add_argument("--n_kills", type=int, default=100)
    command.set_defaults(run=kills)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
