"""A stage of a run in threads of its own, a few items ahead of who takes them."""

import atexit
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from sleap_rt.errors import RunError
from sleap_rt.interrupts import STOPPED

S = TypeVar("S")
T = TypeVar("T")
POLL_SECONDS = 0.1
_LEAVE_SECONDS = 10.0  # threads that are not back by then are left behind
_at_work: "WeakSet[Stage[Any, Any]]" = WeakSet()


class _Place(Generic[S, T]):
    """Of one item in the order of all, until its result is there.

    Args:
        item: to work on; None for the end.
        error: that ended the items.
    """

    def __init__(self, item: S | None, error: BaseException | None = None) -> None:
        self.item, self.error = item, error
        self.result: T | None = None
        self.is_done = threading.Event()

    def fill(self, work: Callable[[S], T]) -> None:
        try:
            if self.item is not None:
                self.result = work(self.item)
        except BaseException as error:  # whoever takes the results raises it
            self.error = error
        self.is_done.set()


class Stage(Generic[S, T]):
    """Works on items in threads, one or several; iterating gives the results in their order.

    An exception of a thread is raised behind the results of the items ahead. A thread that ends
    without a word is noticed. A context manager; leaving it stops the threads.

    Args:
        name: of the threads.
        items: taken by one thread at a time.
        work: item -> result.
        maxsize: most results that may wait to be taken, those in work included.
        stopped: set when nothing more is wanted; the stages of a run share it.
        n_threads: that work side by side.
        check: called each `POLL_SECONDS` while there is nothing to take; may raise.
    """

    def __init__(
        self,
        name: str,
        items: Iterable[S],
        work: Callable[[S], T],
        maxsize: int,
        stopped: threading.Event,
        n_threads: int = 1,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._items, self._work = iter(items), work
        self._stopped, self._check = stopped, check
        self._places: queue.Queue[_Place[S, T]] = queue.Queue(maxsize)
        self._turn, self._has_ended = threading.Lock(), False
        # Where a library never returns, the program must still be able to end: daemons.
        self._threads = [
            threading.Thread(target=self._run, name=name, daemon=True) for _ in range(n_threads)
        ]

    def __iter__(self) -> Iterator[T]:
        while (place := self._take()) is not None:
            if place.error is not None:
                raise place.error
            if place.result is None:
                return
            yield place.result

    def _take(self) -> _Place[S, T] | None:
        """The next place, done; None when nothing more is wanted."""
        place: _Place[S, T] | None = None
        while not self._stopped.is_set():
            is_whole = self._is_whole()  # ahead of the look
            try:
                place = place or self._places.get(timeout=POLL_SECONDS)
                if place.is_done.wait(POLL_SECONDS):
                    return place
            except queue.Empty:
                pass
            if not is_whole:
                name = self._threads[0].name
                raise RunError(f"The thread {name} ended without a word.")
            self._check()
        return None

    def _is_whole(self) -> bool:
        """Whether all threads live that have something to do."""
        alive = [thread.is_alive() for thread in self._threads]  # ahead of the look at the end
        return any(alive) if self._has_ended else all(alive)

    def _run(self) -> None:
        STOPPED.set(self._stopped)
        while (place := self._next()) is not None:
            place.fill(self._work)

    def _next(self) -> _Place[S, T] | None:
        """A place in the order, for the item that is next; None behind the end."""
        with self._turn:
            if self._has_ended:
                return None
            place: _Place[S, T]
            try:
                place = _Place(next(self._items, None))
            except BaseException as error:
                place = _Place(None, error)
            self._has_ended = place.item is None
            return place if self._put(place) else None

    def _put(self, place: _Place[S, T]) -> bool:
        while not self._stopped.is_set():
            try:
                self._places.put(place, timeout=POLL_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def __enter__(self) -> "Stage[S, T]":
        _at_work.add(self)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Wait for the threads, which stop after the item they are at."""
        self._stopped.set()
        _at_work.discard(self)
        until = time.monotonic() + _LEAVE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))


@atexit.register
def _stop_all() -> None:
    """For runs left in the middle: a thread that comes back behind the end aborts Python."""
    for stage in tuple(_at_work):
        stage.stop()
