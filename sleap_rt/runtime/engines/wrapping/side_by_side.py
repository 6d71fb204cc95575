"""Calls of libraries that work without Python, at the same time."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextvars import copy_context
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def side_by_side(calls: Sequence[Callable[[], T]]) -> list[T]:
    """The results of calls that run side by side; all have ended when this returns or raises.

    Context variables are as they are here.
    """
    futures: list[Future[T]] = [Future() for _ in calls]
    # Where a library never returns, the program must still be able to end: daemons.
    threads = [
        Thread(target=copy_context().run, args=(_answer, *pair), name="open-graph", daemon=True)
        for pair in zip(futures[1:], calls[1:], strict=True)
    ]
    for thread in threads:
        thread.start()
    _answer(futures[0], calls[0])
    for thread in threads:
        thread.join()
    return [future.result() for future in futures]


def _answer(future: "Future[T]", call: Callable[[], T]) -> None:
    try:
        future.set_result(call())
    except BaseException as error:  # whoever waits for the result raises it
        future.set_exception(error)
