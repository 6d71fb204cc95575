"""A stage of a run in a thread of its own, a few items ahead of who takes them."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Generic, TypeVar

from sleap_rt.errors import RunError
from sleap_rt.interrupts import STOPPED

T = TypeVar("T")
POLL_SECONDS = 0.1
_LEAVE_SECONDS = 10.0  # a thread that is not back by then is left behind


class Stage(Generic[T]):
    """Makes items in a thread; iterating gives them in order.

    An exception of the thread is raised behind the items that were made before it. A thread that
    ends without a word is noticed. A context manager; leaving it stops the thread.

    Args:
        name: of the thread.
        items: run in the thread.
        maxsize: most items that may wait to be taken.
        stopped: set when nothing more is wanted; the stages of a run share it.
        check: called each `POLL_SECONDS` while there is nothing to take; may raise.
    """

    def __init__(
        self,
        name: str,
        items: Iterable[T],
        maxsize: int,
        stopped: threading.Event,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._items, self._stopped, self._check = items, stopped, check
        self._made: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(maxsize)
        # Where a library never returns, the program must still be able to end: a daemon.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __iter__(self) -> Iterator[T]:
        while True:
            item, error = self._take()
            if error is not None:
                raise error
            if item is None:
                return
            yield item

    def _take(self) -> tuple[T | None, BaseException | None]:
        """The next item, or what ended the thread; nothing at the end."""
        while not self._stopped.is_set():
            was_alive = self._thread.is_alive()  # asked first: its last item may be on the way
            try:
                return self._made.get(timeout=POLL_SECONDS)
            except queue.Empty:
                if not was_alive:
                    raise RunError(
                        f"The thread {self._thread.name} ended without a word."
                    ) from None
                self._check()
        return None, None

    def _run(self) -> None:
        STOPPED.set(self._stopped)
        end: BaseException | None = None
        try:
            for item in self._items:
                if not self._put(item, None):
                    return
        except BaseException as error:  # whoever takes the items raises it
            end = error
        self._put(None, end)

    def _put(self, item: T | None, error: BaseException | None) -> bool:
        while not self._stopped.is_set():
            try:
                self._made.put((item, error), timeout=POLL_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def __enter__(self) -> "Stage[T]":
        self._thread.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join(_LEAVE_SECONDS)
