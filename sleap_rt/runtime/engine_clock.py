"""Measures how long engines run, wherever in a predictor they are called."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sleap_rt.runtime.engines import Array, Engine


class EngineClock:
    """Adds up the time that engines run; an engine's result is on the host when it returns."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def take(self) -> float:
        """Seconds since the last call."""
        seconds, self.seconds = self.seconds, 0.0
        return seconds


_current: ContextVar[EngineClock | None] = ContextVar("engine clock", default=None)


@contextmanager
def clocked(clock: EngineClock) -> Iterator[None]:
    """Engines opened within are measured by this clock for as long as they live."""
    token = _current.set(clock)
    try:
        yield
    finally:
        _current.reset(token)


def with_clock(engine: "Engine") -> "Engine":
    """The engine itself, or measured, where a clock is set."""
    clock = _current.get()
    return engine if clock is None else _ClockedEngine(engine, clock)


class _ClockedEngine:
    def __init__(self, engine: "Engine", clock: EngineClock) -> None:
        self._engine, self._clock = engine, clock
        self.inputs, self.outputs, self.device = engine.inputs, engine.outputs, engine.device

    def run(
        self, feed: "Mapping[str, Array]", fetch: Sequence[str] | None = None
    ) -> "dict[str, Array]":
        started = time.perf_counter()
        try:
            return self._engine.run(feed, fetch)
        finally:
            self._clock.seconds += time.perf_counter() - started

    def close(self) -> None:
        self._engine.close()
