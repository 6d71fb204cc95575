"""Answers frames while they arrive, the newest first."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from sleap_rt.errors import FrameError
from sleap_rt.instances import FrameInstances, ImageState
from sleap_rt.options import FilterOptions, LiveOptions
from sleap_rt.runtime.frames.live import (
    LiveFrame,
    LiveSource,
    Newest,
    check_patience,
    reading,
)
from sleap_rt.runtime.live import Figures, Latencies, LiveResult, NobodyReadsError, Outlet
from sleap_rt.runtime.outputs.damaged_frames import DamagedFrames
from sleap_rt.runtime.pipeline.filters import filter_frame
from sleap_rt.runtime.pipeline.stages.faults import doing
from sleap_rt.runtime.pipeline.track_assignment import Following
from sleap_rt.runtime.predictors import Predictor

_POLL_SECONDS = 0.1  # in which Ctrl-C and the end of the run are noticed


class Answering:
    """The loop of a live run.

    Args:
        source: warm.
        predictor: finds the animals.
        following: gives them tracks.
        filters: which of them to drop.
        live: how long, and by when.
        outlets: get every result, in this order.
        tell: gets figures now and then.
        warn: told of the first frame that the engine leaves unanswered.

    Attributes:
        damaged: frames without a proper answer.
    """

    def __init__(
        self,
        source: LiveSource,
        predictor: Predictor,
        following: Following,
        filters: FilterOptions,
        live: LiveOptions,
        outlets: Sequence[Outlet],
        tell: Callable[[Figures], None],
        warn: Callable[[str], None],
    ) -> None:
        self._source, self._predictor, self._following = source, predictor, following
        self._filters, self._live, self._outlets = filters, live, outlets
        self._tell, self._warn = tell, warn
        self.damaged = DamagedFrames()
        self._n_unreadable = 0
        self._whole = Latencies(live.deadline_ms)
        self._recent = Latencies(live.deadline_ms)
        self._told_at = self._started = self._answered_last = time.perf_counter()
        self._told_counts = (0, 0, 0, 0)

    def run(self, stop: threading.Event) -> Figures:
        """Answer frames until the source ends, the time is over, or somebody wants it to stop.

        Args:
            stop: set when the run is to end.

        Raises:
            DataError: the source is lost.
        """
        self._told_at = self._started = self._answered_last = time.perf_counter()
        self._newest = Newest(self._source)
        with self._newest as newest:
            while not stop.is_set() and not self._is_over():
                frame = newest.take(_POLL_SECONDS)
                if frame is not None:
                    try:
                        self._answer(frame)
                    except NobodyReadsError:
                        break
                    finally:
                        self._answered_last = time.perf_counter()
                elif newest.is_ended:
                    break
                else:
                    check_patience(self._source, time.perf_counter() - self._answered_last)
                self._tell_now_and_then()
        return self.figures

    @property
    def figures(self) -> Figures:
        """Of the whole run so far."""
        seconds = self._answered_last - self._started
        return self._whole.figures(seconds, *self._counts())

    def _counts(self) -> tuple[int, int, int, int]:
        """Frames that came, were dropped, cannot be decoded, were left unanswered."""
        n_unanswered = self.damaged.n(ImageState.UNANSWERED)
        return (*self._newest.counts(), self._n_unreadable, n_unanswered)

    def _is_over(self) -> bool:
        duration = self._live.duration
        return duration is not None and time.perf_counter() - self._started >= duration

    def _answer(self, frame: LiveFrame) -> None:
        try:
            with reading(self._source.name):
                image = frame.image()
        except FrameError:
            self._n_unreadable += 1
            return
        with doing(f"The work on frame {frame.index}"):
            (found,) = self._predictor.predict(image[None], [frame.index])
            found = replace(filter_frame(found, self._filters), raw={})
            found = self._following.follow(found, image)
        self._note(found)
        latency_ms = 1000 * (time.perf_counter() - frame.came)
        self._whole.add(latency_ms)
        self._recent.add(latency_ms)
        result = LiveResult(
            found=found,
            image=image,
            skeleton=self._predictor.skeleton,
            track_names=self._following.names,
            time=frame.time,
            latency_ms=latency_ms,
            n_dropped=self._newest.counts()[1],
        )
        with doing(f"Handing on the result of frame {frame.index}"):
            for outlet in self._outlets:
                outlet.take(result)

    def _note(self, found: FrameInstances) -> None:
        is_first = not self.damaged.lacks_poses
        self.damaged.note(found)
        if is_first and self.damaged.lacks_poses:
            self._warn(
                f"frame {found.frame_index} got NaN or infinity from the engine in place of "
                "numbers, and may lack poses; frames like it are counted as unanswered"
            )

    def _tell_now_and_then(self) -> None:
        every, seconds = self._live.report_every, time.perf_counter() - self._told_at
        if not every or seconds < every:
            return
        counts = self._counts()
        recent = (now - before for now, before in zip(counts, self._told_counts, strict=True))
        self._tell(self._recent.figures(seconds, *recent))
        self._recent = Latencies(self._live.deadline_ms)
        self._told_at, self._told_counts = time.perf_counter(), counts
