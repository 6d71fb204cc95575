"""How late results are, in memory that does not grow."""

import math
from dataclasses import dataclass

import numpy as np

from sleap_rt.words import counted

_LEAST_MS, _STEP, _N_BINS = 0.001, 1.01, 2400  # up to 23,000 s; a bin is 1 % wide


@dataclass(frozen=True)
class Figures:
    """What became of some frames.

    Attributes:
        seconds: from the start to the last result.
        n_came: frames that arrived.
        n_predicted: of these, that have a result.
        n_dropped: of these, that a newer one replaced.
        n_unreadable: of these, that cannot be decoded.
        n_unanswered: results for which the engine gave NaN or infinity in place of numbers.
        p50_ms: latency of half of the results is at most this; None without results.
        p90_ms: of 90 of 100.
        p99_ms: of 99 of 100.
        deadline_ms: that was to be kept; None for none.
        n_late: results beyond it.
    """

    seconds: float
    n_came: int
    n_predicted: int
    n_dropped: int
    n_unreadable: int
    n_unanswered: int
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    deadline_ms: float | None
    n_late: int

    @property
    def late_share(self) -> float:
        """Of the results, those beyond the deadline; 0 to 1."""
        return self.n_late / self.n_predicted if self.n_predicted else 0.0

    def in_words(self) -> str:
        rate = self.n_predicted / self.seconds if self.seconds > 0 else 0.0
        broken = f", {self.n_unreadable} unreadable" if self.n_unreadable else ""
        if self.n_unanswered:
            broken += f", {self.n_unanswered} unanswered by the engine"
        words = (
            f"{counted(self.n_came, 'frame')} came, {self.n_predicted} predicted ({rate:.1f}/s), "
            f"{self.n_dropped} dropped{broken}"
        )
        if self.p50_ms is None:
            return words
        words += (
            f"; latency {self.p50_ms:.1f} ms (50 %), {self.p90_ms:.1f} (90 %), "
            f"{self.p99_ms:.1f} (99 %)"
        )
        if self.deadline_ms is None:
            return words
        return f"{words}; {100 * self.late_share:.1f} % later than {self.deadline_ms:g} ms"


class Latencies:
    """Counts latencies by size; percentiles are exact to 1 %.

    Args:
        deadline_ms: that is to be kept; None for none.
    """

    def __init__(self, deadline_ms: float | None = None) -> None:
        self._deadline_ms = deadline_ms
        self._counts = np.zeros(_N_BINS, np.int64)
        self._n_late = 0

    def add(self, ms: float) -> None:
        place = math.ceil(math.log(max(ms, _LEAST_MS) / _LEAST_MS, _STEP))
        self._counts[min(place, _N_BINS - 1)] += 1
        self._n_late += self._deadline_ms is not None and ms > self._deadline_ms

    def percentile(self, percent: float) -> float | None:
        """The latency, ms, that so many of 100 results do not exceed; None without any."""
        n = int(self._counts.sum())
        if not n:
            return None
        rank = max(1, math.ceil(n * percent / 100))
        place = int(np.searchsorted(np.cumsum(self._counts), rank))
        return float(_LEAST_MS * _STEP**place)

    def figures(
        self, seconds: float, n_came: int, n_dropped: int, n_unreadable: int, n_unanswered: int
    ) -> Figures:
        """The latencies, with counts of frames that only the run knows."""
        p50, p90, p99 = (self.percentile(percent) for percent in (50, 90, 99))
        return Figures(
            seconds=seconds,
            n_came=n_came,
            n_predicted=int(self._counts.sum()),
            n_dropped=n_dropped,
            n_unreadable=n_unreadable,
            n_unanswered=n_unanswered,
            p50_ms=p50,
            p90_ms=p90,
            p99_ms=p99,
            deadline_ms=self._deadline_ms,
            n_late=self._n_late,
        )
