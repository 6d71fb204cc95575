"""Time that engines spend on uploads and on runs."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from sleap_rt.runtime.engines.interface import Array, DeviceArray, Engine, Feed


@dataclass
class EngineTimes:
    """Seconds spent since the last `clear`, in all threads.

    Attributes:
        uploads: copies of inputs to the device.
        runs: everything else that engines did.
    """

    uploads: float = 0.0
    runs: float = 0.0
    _adding: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def clear(self) -> None:
        self.uploads = self.runs = 0.0

    def add(self, *, uploads: float = 0.0, runs: float = 0.0) -> None:
        with self._adding:
            self.uploads += uploads
            self.runs += runs


_TIMES: ContextVar[EngineTimes | None] = ContextVar("times of engines", default=None)


@contextmanager
def timed_engines() -> Iterator[EngineTimes]:
    """Measure the engines that are opened inside this context."""
    times = EngineTimes()
    token = _TIMES.set(times)
    try:
        yield times
    finally:
        _TIMES.reset(token)


class _TimedEngine:
    """An engine whose uploads and runs are timed."""

    def __init__(self, engine: Engine, times: EngineTimes) -> None:
        self._engine, self._times = engine, times
        self.inputs, self.outputs, self.device = engine.inputs, engine.outputs, engine.device
        self.close = engine.close

    def upload(self, array: Array) -> Array | DeviceArray:
        started = time.perf_counter()
        uploaded = self._engine.upload(array)
        self._times.add(uploads=time.perf_counter() - started)
        return uploaded

    def run(self, feed: Feed, fetch: Sequence[str] | None = None) -> dict[str, Array]:
        started = time.perf_counter()
        found = self._engine.run(feed, fetch)
        self._times.add(runs=time.perf_counter() - started)
        return found


def timed(engine: Engine) -> Engine:
    """The engine; inside `timed_engines`, wrapped so that its times are measured."""
    times = _TIMES.get()
    return engine if times is None else _TimedEngine(engine, times)
