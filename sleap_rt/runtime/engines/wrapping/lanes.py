"""Lanes: equal engines on one CPU, each with its share of the threads, for runs side by side.

Where all cores compute one layer together, they wait for the slowest of them after each layer, and
for Python between two runs. With a run of its own, no core waits for another: docs/measurements.md
has the figures.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from sleap_rt.errors import EngineError
from sleap_rt.runtime.engines.interface import Array, DeviceArray, Engine, Feed

LANES: ContextVar[int] = ContextVar("lanes of this thread's runs", default=1)
"""How many runs go side by side, in the threads that do them; a run elsewhere gets all threads."""
CLOSED = "The models were closed while frames were still to be predicted."
_LOOK_SECONDS = 1.0  # between looks for a lane whose thread has ended


def n_lanes(n_runs: int, threads: int) -> int:
    """The most lanes that each get a run, and all the same number of threads."""
    return max((n for n in range(1, min(n_runs, threads) + 1) if threads % n == 0), default=1)


@dataclass
class _Lane:
    """One of n lanes.

    Attributes:
        engine: with its share of the threads.
        n: lanes of its kind.
        user: the thread that has it.
    """

    engine: Engine
    n: int
    user: threading.Thread | None = None

    @property
    def is_free(self) -> bool:
        """For this thread; also where an interrupt kept a thread from giving it back."""
        user = self.user
        return user is None or user is threading.current_thread() or not user.is_alive()


class LanedEngine:
    """An engine that several threads may run at once; there are never more than n of n lanes.

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
        self._changed, self._is_closed = threading.Condition(), False
        n = n_lanes(n_runs, threads)
        first = open_lane(threads // n)
        self._lanes = [_Lane(first, n)]
        self.inputs, self.outputs, self.device = first.inputs, first.outputs, first.device
        self.upload: Callable[[Array], Array | DeviceArray] = first.upload

    def run(self, feed: Feed, fetch: Sequence[str] | None = None) -> dict[str, Array]:
        """As every engine.

        Raises:
            EngineError: also where the engine was closed.
        """
        with self._lane(LANES.get()) as engine:
            return engine.run(feed, fetch)

    @contextmanager
    def _lane(self, n: int) -> Iterator[Engine]:
        """One of n lanes, for this thread alone; waits for one, or opens it."""
        with self._changed:
            while (lane := self._free(n)) is None:
                self._changed.wait(_LOOK_SECONDS)
            lane.user = threading.current_thread()
        try:
            yield lane.engine
        finally:
            with self._changed:
                lane.user = None
                if self._is_closed:
                    lane.engine.close()
                self._changed.notify_all()

    def _free(self, n: int) -> _Lane | None:
        if self._is_closed:
            raise EngineError(CLOSED)
        lanes = [lane for lane in self._lanes if lane.n == n]
        free = next((lane for lane in lanes if lane.is_free), None)
        if free is None and len(lanes) < n:
            free = _Lane(self._open_lane(self._threads // n), n)
            self._lanes.append(free)
        return free

    def close(self) -> None:
        """Close the lanes; those that compute are closed as they end."""
        with self._changed:
            self._is_closed = True
            for lane in self._lanes:
                if lane.is_free:
                    lane.engine.close()
            self._changed.notify_all()
