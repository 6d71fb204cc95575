"""Ctrl-C, SIGTERM and SIGHUP end the program in order, however often they come."""

import _thread
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType, TracebackType
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
STOPPED: ContextVar[threading.Event | None] = ContextVar("nobody wants the work", default=None)
"""For long work in a thread: set when nobody wants it any more; None where nobody can say so."""
_AGAIN_SECONDS = 0.01
_PATIENCE_SECONDS = 3.0  # for an end in order; further signals are ignored meanwhile


class Interrupts:
    """Inside, signals raise KeyboardInterrupt in the main thread. Those ignored before stay so.

    A signal that comes while the first is being dealt with would leave things undone, so it is
    ignored; one that comes later is heard again, lest the program ignore it for good.

    Attributes:
        number: of the first signal that came; None without any.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._last = 0.0
        self._ends = False
        self._before: dict[int, Any] = {}
        self._unraisable = sys.unraisablehook

    @property
    def exit_code(self) -> int:
        """What shells expect of a program that a signal ended."""
        return 128 + (self.number or signal.SIGINT)

    @property
    def words(self) -> str:
        if self.number in (None, signal.SIGINT):
            return "interrupted"
        return f"ended by {signal.Signals(self.number).name}"

    def ignore(self) -> None:
        """From now on, and after leaving, let signals pass: the program is about to end."""
        self._ends = True  # at once: one that comes while they are set below would be raised
        self._before = dict.fromkeys(self._before, signal.SIG_IGN)
        for number in self._before:
            signal.signal(number, signal.SIG_IGN)

    def _raise(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._ends:
            return
        if self.number is None:
            self.number = number
        elif now - self._last < _PATIENCE_SECONDS:
            return
        self._last = now
        raise KeyboardInterrupt

    def _raise_again(self, lost: Any) -> None:
        """A little later: Python drops what is raised while it deletes an object."""
        if not isinstance(lost.exc_value, KeyboardInterrupt):
            self._unraisable(lost)
        elif self.number is not None:
            self._last = -_PATIENCE_SECONDS
            threading.Timer(_AGAIN_SECONDS, _to_the_main_thread, [self.number]).start()

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            for number in _heard():
                self._before[number] = signal.signal(number, self._raise)
            sys.unraisablehook = self._raise_again
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for number, before in self._before.items():
            outer = getattr(before, "__self__", None)
            if isinstance(outer, Interrupts) and self.number is not None:
                outer.number, outer._last = self.number, self._last  # no news to it
            signal.signal(number, before)
        if sys.unraisablehook == self._raise_again:
            sys.unraisablehook = self._unraisable


@contextmanager
def signals_told(tell: Callable[[int], None]) -> Iterator[None]:
    """Inside, a signal interrupts nothing. Those ignored before stay so.

    One that comes much later than the first interrupts at once, as that was not the end soon. In
    other threads than the main one, none is heard.

    Args:
        tell: told of each, by its number.
    """
    came: list[float] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(time.monotonic())
        if came[-1] - came[0] > _PATIENCE_SECONDS:
            raise KeyboardInterrupt
        tell(number)

    before = {number: signal.signal(number, note) for number in _heard()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def held_back() -> Iterator[None]:
    """Inside, a signal waits, and is raised at the end: for what is slow only where it is cut off.

    One that comes much later than the first interrupts at once.
    """
    came: list[int] = []
    with signals_told(came.append):
        yield
    if came:
        signal.raise_signal(came[0])


def _heard() -> Iterator[int]:
    """Signals that are not ignored here, by their numbers; none outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (getattr(signal, name, None) for name in _NAMES):
        if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
            yield number


def _to_the_main_thread(number: int) -> None:
    if hasattr(signal, "pthread_kill"):  # not on Windows; it ends waiting too
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        _thread.interrupt_main(signal.Signals(number))
