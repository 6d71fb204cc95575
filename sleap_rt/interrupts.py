"""Ctrl-C, SIGTERM and SIGHUP end the program in order, however often they come."""

import signal
import threading
import time
from contextvars import ContextVar
from types import FrameType, TracebackType
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
STOPPED: ContextVar[threading.Event | None] = ContextVar("nobody wants the work", default=None)
"""For long work in a thread: set when nobody wants it any more; None where nobody can say so."""
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
        self._before: dict[int, Any] = {}

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
        self._before = dict.fromkeys(self._before, signal.SIG_IGN)
        for number in self._before:
            signal.signal(number, signal.SIG_IGN)

    def _raise(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.number is None:
            self.number = number
        elif now - self._last < _PATIENCE_SECONDS:
            return
        self._last = now
        raise KeyboardInterrupt

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            for name in _NAMES:
                number = getattr(signal, name, None)
                before = None if number is None else signal.getsignal(number)
                if number is not None and before not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._raise)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
