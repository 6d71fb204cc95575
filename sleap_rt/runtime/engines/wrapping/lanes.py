"""Lanes: equal engines on one CPU, each with its share of the threads, for runs side by side.

Where all cores compute one layer together, they wait for the slowest of them after each layer, and
for Python between two runs. With a run of its own, no core waits for another: docs/measurements.md
has the figures.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from sleap_rt.runtime.engines.interface import Array, DeviceArray, Engine, Feed

LANES: ContextVar[int] = ContextVar("lanes of this thread's runs", default=1)
"""How many runs go side by side, in the threads that do them; a run elsewhere gets all threads."""


def n_lanes(n_runs: int, threads: int) -> int:
    """The most lanes that each get a run, and all the same number of threads."""
    return max((n for n in range(1, min(n_runs, threads) + 1) if threads % n == 0), default=1)


class LanedEngine:
    """An engine that several threads may run at once.

    How many threads compute a run depends on nothing but `LANES`, so that equal runs have equal
    results.

    Args:
        open_lane: opens an engine with so many threads.
        threads: of all lanes together.
        n_runs: that go side by side most often: how the first lane is opened. The others are when
            they are first needed.

    Raises:
        EngineError: as `open_lane`.
    """

    def __init__(self, open_lane: Callable[[int], Engine], threads: int, n_runs: int = 1) -> None:
        self._open_lane, self._threads = open_lane, threads
        self._opening = threading.Lock()
        n = n_lanes(n_runs, threads)
        first = open_lane(threads // n)
        self._free = {n: [first]}
        self._all = [first]
        self.inputs, self.outputs, self.device = first.inputs, first.outputs, first.device
        self.upload: Callable[[Array], Array | DeviceArray] = first.upload

    def run(self, feed: Feed, fetch: Sequence[str] | None = None) -> dict[str, Array]:
        with self._lane(LANES.get()) as lane:
            return lane.run(feed, fetch)

    @contextmanager
    def _lane(self, n: int) -> Iterator[Engine]:
        """One of n lanes, for this thread alone."""
        with self._opening:
            free = self._free.setdefault(n, [])
            if not free:
                free.append(self._open_lane(self._threads // n))
                self._all.append(free[-1])
            lane = free.pop()
        try:
            yield lane
        finally:
            free.append(lane)

    def close(self) -> None:
        for lane in self._all:
            lane.close()
