"""Ctrl-C, SIGTERM and SIGHUP as a wish to end, which is heard between two frames."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sleap_rt.interrupts import signals_told


@contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """Inside, the event is set once such a signal came. Those ignored before stay so.

    Works in the main thread; in others, nobody can be heard, and the event is never set.
    """
    wanted = threading.Event()
    with signals_told(lambda _number: wanted.set()):
        yield wanted
