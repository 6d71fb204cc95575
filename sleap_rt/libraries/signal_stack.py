"""Keeps the stack on which a thread handles signals, whatever a library does to it."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class _Stack(ctypes.Structure):
    """`stack_t` of Linux."""

    _fields_ = (
        ("start", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("size", ctypes.c_size_t),
    )


@contextmanager
def kept_signal_stack() -> Iterator[None]:
    """Give the thread its stack for signals back, in place of one that a library sets meanwhile.

    OpenVINO (seen with 2026.4) sets one for each core, and frees it with that. Where cores go in
    another order than last come, first gone, the thread is left with freed memory: the next Ctrl-C
    would end the program without a word.
    """
    if sys.platform != "linux":
        yield
        return
    set_stack = ctypes.CDLL(None).sigaltstack
    before = _Stack()
    set_stack(None, ctypes.byref(before))
    try:
        yield
    finally:
        set_stack(ctypes.byref(before), None)
