"""Ctrl-C, SIGTERM and SIGHUP as a wish to end, which is heard between two frames."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
_PATIENCE_SECONDS = 3.0  # for an end in order; a signal after that interrupts at once


@contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """Inside, the event is set once such a signal came. Those ignored before stay so.

    Works in the main thread; in others, nobody can be heard, and the event is never set.
    """
    wanted = threading.Event()
    first: list[float] = []

    def note(number: int, _frame: FrameType | None) -> None:
        first.append(time.monotonic())
        if first[-1] - first[0] > _PATIENCE_SECONDS:
            raise KeyboardInterrupt
        wanted.set()

    before = {}
    if threading.current_thread() is threading.main_thread():
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, note)
    try:
        yield wanted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
