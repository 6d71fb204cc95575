"""How busy a run keeps the engine: the share of its time in which the engine computes."""

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sleap_rt.options import FilterOptions, RunOptions, SelectionOptions
from sleap_rt.runtime.engines import n_lanes
from sleap_rt.runtime.engines.wrapping.times import EngineTimes
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.runtime.pipeline.stream import stream_results
from sleap_rt.runtime.pipeline.track_assignment import Following
from sleap_rt.runtime.predictors import Frames, Predictor
from sleap_rt.tracking import TrackerOptions


@dataclass(frozen=True)
class WholeRun:
    """Reading, prediction and tracking side by side, as `track` does them; nothing is written.

    Attributes:
        frames_per_second: once the first batch is there.
        engine_busy: share of that time, 0 to 1, in which the engine ran or copied inputs; where it
            has several lanes, their mean.
    """

    frames_per_second: float
    engine_busy: float


def whole_run(
    predictor: Predictor,
    data: Path | Frames,
    n_frames: int,
    batch_size: int,
    times: EngineTimes,
) -> WholeRun:
    """Run a warm predictor over frames as `track --tracking` would.

    Args:
        predictor: open, its engines timed.
        data: a video, or frames (n, height, width, channels) uint8.
        n_frames: from the first on; at most as many as there are.
        batch_size: frames per call of the engine.
        times: of the predictor's engines.
    """
    run = RunOptions(batch_size=batch_size)
    with open_input(data, SelectionOptions()) as opened:
        refs = opened.selection.refs[:n_frames]
        results = stream_results(
            predictor,
            opened.source,
            refs,
            run=run,
            filters=FilterOptions(),
            following=Following(TrackerOptions(), predictor.class_names),
        )
        n_at_once = n_lanes(run.n_at_once(len(refs)), predictor.threads)
        with closing(results):
            for _ in zip(range(n_at_once * batch_size), results, strict=False):
                pass
            times.clear()
            started = time.perf_counter()
            n_left = sum(1 for _ in results)
            seconds = time.perf_counter() - started
    busy = (times.uploads + times.runs) / n_at_once / seconds if seconds else np.nan
    return WholeRun(n_left / seconds if seconds else np.nan, min(busy, 1.0))
