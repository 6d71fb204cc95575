"""How busy a run keeps the engine: the share of its time in which the engine computes."""

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sleap_rt.options import FilterOptions, RunOptions, SelectionOptions
from sleap_rt.runtime.engines import n_lanes
from sleap_rt.runtime.engines.wrapping.times import EngineTimes
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.runtime.pipeline.stream import stream_results
from sleap_rt.runtime.pipeline.track_assignment import Following
from sleap_rt.runtime.predictors import Frames, Predictor
from sleap_rt.tracking import TrackerOptions


@dataclass(frozen=True)
class WholeRun:
    """Reading, prediction and tracking side by side, as `track` does them; nothing is written.

    Attributes:
        frames_per_second: with all that a run needs already open.
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
        n_at_once = n_lanes(run.n_at_once(len(refs)), predictor.threads)

        def n_results(refs: Sequence[FrameRef]) -> int:
            following = Following(TrackerOptions(), predictor.class_names)
            with closing(
                stream_results(
                    predictor,
                    opened.source,
                    refs,
                    run=run,
                    filters=FilterOptions(),
                    following=following,
                )
            ) as results:
                return sum(1 for _ in results)

        n_results(refs[: n_at_once * batch_size])  # opens the lanes
        times.clear()
        started = time.perf_counter()
        n_done = n_results(refs)
        seconds = time.perf_counter() - started
    busy = (times.uploads + times.runs) / n_at_once / seconds
    return WholeRun(n_done / seconds, min(busy, 1.0))
