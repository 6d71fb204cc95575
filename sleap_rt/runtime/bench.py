"""Measures a model on this machine: stage by stage, engine beside engine."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sleap_rt.errors import DataError, OptionError
from sleap_rt.instances import FrameInstances
from sleap_rt.options import (
    BenchOptions,
    DecodeOptions,
    EngineOptions,
    FilterOptions,
    RunOptions,
    SelectionOptions,
)
from sleap_rt.runtime.engine_clock import EngineClock, clocked
from sleap_rt.runtime.following import Following
from sleap_rt.runtime.graph_file import read_graph_file, read_sample
from sleap_rt.runtime.io.formats import write_labels
from sleap_rt.runtime.io.labels import labels_from_instances
from sleap_rt.runtime.io.source import Source
from sleap_rt.runtime.io.sources import open_source
from sleap_rt.runtime.predictors import Predictor, open_predictor
from sleap_rt.runtime.stream import stream_results
from sleap_rt.tracking import TrackerOptions

STAGES = ("read", "network+decode", "group", "track", "write")
_UNKNOWN_SIDE = 512  # px, of drawn frames for a model of no fixed size
_QUANTILES = {"p50": 50, "p90": 90, "p99": 99, "max": 100}


@dataclass(frozen=True, kw_only=True)
class BenchCase:
    """One way to run the model.

    Attributes:
        engine: engine and device.
        batch_size: frames per call.
    """

    engine: EngineOptions
    batch_size: int


@dataclass(frozen=True, kw_only=True)
class BenchResult:
    """What was measured of one case.

    Attributes:
        engine: its name.
        device: where it ran.
        batch_size: frames per call.
        n_frames: measured, over all rounds.
        n_instances: found in them.
        warm_up_seconds: opening the model and the first calls, which no number below contains.
        stage_ms: milliseconds per frame of each stage, one after the other, on average.
        latency_ms: p50, p90, p99 and max of one call: a batch in, its instances out.
        frames_per_second: of a whole run, in which reading goes on beside the engine.
        rounds_fps: the same of each round.
    """

    engine: str
    device: str
    batch_size: int
    n_frames: int
    n_instances: int
    warm_up_seconds: float
    stage_ms: dict[str, float]
    latency_ms: dict[str, float]
    frames_per_second: float
    rounds_fps: tuple[float, ...]


def run_bench(
    models: Sequence[Path], data: Path | None, cases: Sequence[BenchCase], options: BenchOptions
) -> list[BenchResult]:
    """Measure a model, or a pair, in each of the given ways.

    Cases take turns, round by round, so that whatever else the machine does hits all alike.

    Args:
        models: exported graphs.
        data: a video; without one, the frame stored in the model, enlarged to the training size.
        cases: engines and batch sizes.
        options: how much is measured.

    Raises:
        DataError: the video cannot be read, or the model needs one.
        EngineError: an engine or device is not available.
    """
    given = data if data is not None else _stored_frames(models, options.n_frames)
    with open_source(given, SelectionOptions()) as source:
        source.selection = replace(source.selection, refs=source.selection.refs[: options.n_frames])
        runs = [_Run.open(models, case) for case in cases]
        for run in runs:
            run.warm_up(source)
        for _ in range(options.rounds):
            for run in runs:
                run.measure(source)
    results = [run.result() for run in runs]
    for run in runs:
        run.predictor.close()
    return results


def _stored_frames(models: Sequence[Path], n_frames: int) -> NDArray[np.uint8]:
    """(n_frames, height, width, channels): copies of one frame, moved a little to either side."""
    sample = read_sample(models[0])
    if sample is None:
        raise DataError(f"{models[0]} holds no frame to measure with; give a video with -i")
    spec = read_graph_file(models[0]).contract.preprocessing
    size = (spec.max_width or _UNKNOWN_SIDE, spec.max_height or _UNKNOWN_SIDE)
    frame = cv2.resize(sample.frame, size, interpolation=cv2.INTER_LINEAR)
    frame = frame.reshape(*frame.shape[:2], -1)
    return np.stack([np.roll(frame, i % 5, axis=1) for i in range(n_frames)])


@dataclass
class _Run:
    """One case, open, and what was measured of it so far."""

    case: BenchCase
    predictor: Predictor
    clock: EngineClock
    warm_up_seconds: float
    stages: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    latencies: list[float] = field(default_factory=list)
    rounds_fps: list[float] = field(default_factory=list)
    n_frames: int = 0
    n_instances: int = 0

    @classmethod
    def open(cls, models: Sequence[Path], case: BenchCase) -> "_Run":
        clock, started = EngineClock(), time.perf_counter()
        with clocked(clock):
            predictor = open_predictor(models, DecodeOptions(), case.engine)
        if predictor.needs_instances:
            predictor.close()
            raise OptionError(
                "a model of crops alone has no frames to be measured on; give the folder of the "
                "pair, or the two `.onnx` files"
            )
        return cls(case, predictor, clock, time.perf_counter() - started)

    def warm_up(self, source: Source) -> None:
        started = time.perf_counter()
        refs = source.selection.refs[: self.case.batch_size]
        frames = np.stack([source.read(ref) for ref in refs])
        for _ in range(2):
            self.predictor.predict(frames, list(range(len(frames))))
        self.warm_up_seconds += time.perf_counter() - started

    def measure(self, source: Source) -> None:
        """One round: stage by stage, then as a whole."""
        following = Following(TrackerOptions(), self.predictor.class_names)
        results = list(self._by_stage(source, following))
        self.stages["write"] += self._seconds_to_write(results, following.names)
        self.n_frames += len(results)
        self.n_instances += sum(len(result) for result in results)
        self.rounds_fps.append(len(results) / self._seconds_in_all(source))

    def _by_stage(self, source: Source, following: Following) -> Iterator[FrameInstances]:
        refs = source.selection.refs
        for start in range(0, len(refs), self.case.batch_size):
            batch = refs[start : start + self.case.batch_size]
            times = [time.perf_counter()]
            frames = np.stack([source.read(ref) for ref in batch])
            times.append(time.perf_counter())
            self.clock.take()
            found = self.predictor.predict(frames, [ref.frame_index for ref in batch])
            times.append(time.perf_counter())
            tracked = [following.follow(f, image) for f, image in zip(found, frames, strict=True)]
            times.append(time.perf_counter())
            read, predict, track = np.diff(times).tolist()
            in_engine = self.clock.take()
            self.stages["read"] += read
            self.stages["network+decode"] += in_engine
            self.stages["group"] += predict - in_engine
            self.stages["track"] += track
            self.latencies.append(predict)
            yield from tracked

    def _seconds_to_write(self, results: list[FrameInstances], names: Sequence[str]) -> float:
        import sleap_io as sio  # takes a second to import

        video = sio.Video(filename="measured.mp4", open_backend=False)
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            skeleton = self.predictor.skeleton
            labels = labels_from_instances(results, skeleton, [video], names)
            write_labels(labels, Path(folder) / "measured.slp")
            return time.perf_counter() - started

    def _seconds_in_all(self, source: Source) -> float:
        following = Following(TrackerOptions(), self.predictor.class_names)
        run = RunOptions(batch_size=self.case.batch_size)
        started = time.perf_counter()
        with closing(
            stream_results(
                self.predictor, source, run=run, filters=FilterOptions(), following=following
            )
        ) as stream:
            for _ in stream:
                pass
        return time.perf_counter() - started

    def result(self) -> BenchResult:
        latency = np.array(self.latencies) * 1000
        seconds = sum(1 / fps for fps in self.rounds_fps)
        return BenchResult(
            engine=self.case.engine.engine,
            device=self.predictor.device,
            batch_size=self.case.batch_size,
            n_frames=self.n_frames,
            n_instances=self.n_instances,
            warm_up_seconds=round(self.warm_up_seconds, 3),
            stage_ms={
                stage: round(1000 * total / self.n_frames, 4)
                for stage, total in self.stages.items()
            },
            latency_ms={
                name: round(float(np.percentile(latency, percent)), 3)
                for name, percent in _QUANTILES.items()
            },
            frames_per_second=round(len(self.rounds_fps) / seconds, 2),
            rounds_fps=tuple(round(fps, 2) for fps in self.rounds_fps),
        )
