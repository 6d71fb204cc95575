"""Measures how fast exported graphs run here, per stage and engine, after a warm-up."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sleap_rt.arrays import AnyFloats
from sleap_rt.errors import OptionError
from sleap_rt.instances import FrameInstances
from sleap_rt.options import USUAL_BATCH_SIZE, DecodeOptions, EngineOptions
from sleap_rt.runtime.engines.wrapping.times import EngineTimes, timed_engines
from sleap_rt.runtime.frames.video import VideoFile
from sleap_rt.runtime.inspect.stored_frame import training_frame
from sleap_rt.runtime.inspect.whole_run import whole_run
from sleap_rt.runtime.outputs.formats import write_results
from sleap_rt.runtime.outputs.results import Tally
from sleap_rt.runtime.predictors import Frames, Predictor, open_predictor
from sleap_rt.tracking import Tracker

_N_WARM_UP = 3  # batches; engines prepare for a shape when they first run it
_PERCENTILES = {"p50": 50, "p90": 90, "p99": 99, "max": 100}


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    """Batches to measure.

    Attributes:
        batch_size: frames per call of the engine; None takes the usual number.
        n_batches: to measure, after the warm-up.
    """

    batch_size: int | None = None
    n_batches: int = 20

    def __post_init__(self) -> None:
        for name in ("batch_size", "n_batches"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise OptionError(f"{name} must be at least 1, got {value}")

    @property
    def n_stages(self) -> int:
        """That `run_benchmark` tells of: reading, opening, each batch, the whole run."""
        return self.n_batches + 3

    @property
    def frames_per_batch(self) -> int:
        """`batch_size`, or the usual number where nothing has decided."""
        return USUAL_BATCH_SIZE if self.batch_size is None else self.batch_size


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """One engine at one batch size. Times are per batch, ms, unless they say otherwise.

    Attributes:
        engine: its name.
        device: where it truly ran.
        batch_size: frames per batch.
        n_frames: measured.
        n_instances: found in them.
        open_ms: opening the graphs, once.
        first_ms: the first batch after opening, before the warm-up.
        frames_per_second: prediction alone, without reading, tracking and writing.
        latency_ms: prediction of one batch: median, percentiles 90 and 99, the slowest.
        copy_ms: of these, median of copying the frames to the device; about 0 on a CPU.
        graph_ms: median time in the engine: network, decoding, copies of small arrays.
        group_ms: median of the rest of prediction: grouping peaks, assembling instances.
        read_ms: median of reading a batch from the video; None without one.
        track_ms: median of tracking a batch.
        write_ms: writing all results to a `.slp` file, once.
        run_frames_per_second: of a run as `track --tracking` does it: reading, prediction, grouping
            and tracking side by side, without writing.
        engine_busy: share of that run's time, 0 to 1, in which the engine computes.
    """

    engine: str
    device: str
    batch_size: int
    n_frames: int
    n_instances: int
    open_ms: float
    first_ms: float
    frames_per_second: float
    latency_ms: dict[str, float]
    copy_ms: float
    graph_ms: float
    group_ms: float
    read_ms: float | None
    track_ms: float
    write_ms: float
    run_frames_per_second: float
    engine_busy: float


def run_benchmark(
    graphs: Sequence[Path],
    video: Path | None,
    engine: EngineOptions,
    options: BenchOptions,
    on_stage: Callable[[str], None] = lambda what: None,
) -> Benchmark:
    """Measure one engine.

    Args:
        graphs: of one model or a pair.
        video: frames to predict; None takes the frame stored in the first graph.
        engine: engine and device.
        options: batches.
        on_stage: told what begins; it is called between measurements, so that no time holds it.

    Raises:
        ModelError, DataError, EngineError: as when predicting.
    """
    on_stage("read frames")
    batches, read_ms = _batches(graphs, video, options)
    on_stage("open and warm up")
    with timed_engines() as times:
        started = time.perf_counter()
        predictor = open_predictor(graphs, DecodeOptions(), engine)
        open_ms = _since(started)
        first_ms = _predict(predictor, batches[0])[1]
        for batch in batches[:_N_WARM_UP]:
            _predict(predictor, batch)
        of_batches = _OfBatches()
        for batch in batches[_N_WARM_UP:]:
            on_stage("measure batches")
            of_batches.add(predictor, batch, times)
        on_stage("measure a run as a whole")
        size = options.frames_per_batch
        data = np.concatenate(batches[_N_WARM_UP - 1 :]) if video is None else video
        whole = whole_run(predictor, data, size * (options.n_batches + 1), size, times)
    predictor.close()
    results, totals = of_batches.results, of_batches.totals
    return Benchmark(
        engine=engine.engine,
        device=predictor.device,
        batch_size=size,
        n_frames=len(results),
        n_instances=sum(len(result) for result in results),
        open_ms=open_ms,
        first_ms=first_ms,
        frames_per_second=1e3 * len(results) / sum(totals),
        latency_ms=of_batches.latency_ms,
        copy_ms=float(np.median(of_batches.in_copy)),
        graph_ms=float(np.median(of_batches.in_graph)),
        group_ms=float(np.median(of_batches.rest)),
        read_ms=read_ms,
        track_ms=_track_ms(results, size),
        write_ms=_write_ms(results, predictor),
        run_frames_per_second=whole.frames_per_second,
        engine_busy=whole.engine_busy,
    )


@dataclass
class _OfBatches:
    """What was found and measured, batch by batch; ms."""

    results: list[FrameInstances] = field(default_factory=list)
    totals: list[float] = field(default_factory=list)
    in_copy: list[float] = field(default_factory=list)
    in_graph: list[float] = field(default_factory=list)

    def add(self, predictor: Predictor, batch: Frames, times: EngineTimes) -> None:
        times.clear()
        found, ms = _predict(predictor, batch, len(self.results))
        self.totals.append(ms)
        self.in_copy.append(1e3 * times.uploads)
        self.in_graph.append(1e3 * times.runs)
        self.results += found

    @property
    def latency_ms(self) -> dict[str, float]:
        """Percentiles of the totals, by name."""
        return {
            name: float(np.percentile(self.totals, share)) for name, share in _PERCENTILES.items()
        }

    @property
    def rest(self) -> AnyFloats:
        """Of the totals, what is neither copy nor graph."""
        rest: AnyFloats = np.subtract(self.totals, np.add(self.in_copy, self.in_graph))
        return rest


def _batches(
    graphs: Sequence[Path], video: Path | None, options: BenchOptions
) -> tuple[list[Frames], float | None]:
    """Frames in batches, warm-up included, and the median ms of reading one."""
    n_batches, size = options.n_batches + _N_WARM_UP, options.frames_per_batch
    if video is None:
        frame = training_frame(graphs[0])
        return [np.stack([frame] * size)] * n_batches, None
    batches, read_ms = [], []
    with VideoFile(video) as file:
        for start in range(0, n_batches * size, size):
            started = time.perf_counter()
            indices = [(start + i) % file.n_frames for i in range(size)]
            batches.append(np.stack([file.read(index) for index in indices]))
            read_ms.append(_since(started))
    return batches, float(np.median(read_ms))


def _predict(
    predictor: Predictor, batch: Frames, first: int = 0
) -> tuple[list[FrameInstances], float]:
    """Results of frames that follow each other from the one numbered `first`, and the ms."""
    started = time.perf_counter()
    found = predictor.predict(batch, range(first, first + len(batch)))
    return found, _since(started)


def _track_ms(results: list[FrameInstances], batch_size: int) -> float:
    tracker, ms = Tracker(), []
    for start in range(0, len(results), batch_size):
        started = time.perf_counter()
        for result in results[start : start + batch_size]:
            tracker.assign(result)
        ms.append(_since(started))
    return float(np.median(ms))


def _write_ms(results: list[FrameInstances], predictor: Predictor) -> float:
    import sleap_io as sio

    video = sio.Video(filename="benchmark.mp4", open_backend=False)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        tally = Tally()
        for result in results:
            tally.add(result)
        found = tally.results(results, predictor.skeleton, [video], predictor.class_names)
        write_results(found, Path(folder) / "benchmark.slp")
        return _since(started)


def _since(started: float) -> float:
    return 1e3 * (time.perf_counter() - started)
