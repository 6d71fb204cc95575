"""The newest frame of a source: those that nobody took in time are dropped, and counted."""

import threading
import time
from types import TracebackType

from sleap_rt.runtime.frames.live.source import LiveFrame, LiveSource, reading

_LEAVE_SECONDS = 2.0  # a camera that has given nothing for so long is left behind at the end,
_LEAST_SECONDS = 0.2  # after a last chance


class Newest:
    """Reads a source in a thread, and keeps its newest frame only.

    A context manager; leaving it stops the thread and closes the source.

    Args:
        source: its first frame was read.
    """

    def __init__(self, source: LiveSource) -> None:
        self._source = source
        self._stopped = threading.Event()
        self._changed = threading.Condition()
        self._waiting: LiveFrame | None = None
        self._is_ended = False
        self._error: BaseException | None = None
        self._n_came = self._n_dropped = 0
        self._heard_of = time.perf_counter()
        # Where a driver never returns, the program must still be able to end: a daemon.
        self._thread = threading.Thread(target=self._read, name="read-camera", daemon=True)

    @property
    def is_ended(self) -> bool:
        """Whether the source has ended and its last frame was taken."""
        with self._changed:
            return self._is_ended and self._waiting is None

    def counts(self) -> tuple[int, int]:
        """(frames that arrived so far and were taken or dropped, those that were dropped)."""
        with self._changed:
            return self._n_came - (self._waiting is not None), self._n_dropped

    def take(self, timeout: float) -> LiveFrame | None:
        """The newest frame that nobody took yet; None without any for so long, or at the end.

        Args:
            timeout: s.

        Raises:
            DataError: the source is lost; its last frame was taken before.
        """
        with self._changed:
            if self._waiting is None and not self._is_ended:
                self._changed.wait(timeout)
            frame, self._waiting = self._waiting, None
            if frame is None and self._error is not None:
                raise self._error
            return frame

    def _read(self) -> None:
        try:
            with reading(self._source.name):
                self._keep_newest()
        except BaseException as error:  # `take` raises it
            self._error = error
        finally:
            with self._changed:
                self._is_ended = True
                self._changed.notify()

    def _keep_newest(self) -> None:
        for frame in self._source.frames(self._stopped):
            with self._changed:
                self._n_came += 1
                self._n_dropped += self._waiting is not None
                self._waiting = frame
                self._heard_of = time.perf_counter()
                self._changed.notify()
            if self._stopped.is_set():
                return

    def __enter__(self) -> "Newest":
        self._heard_of = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()
        waited = time.perf_counter() - self._heard_of
        self._thread.join(max(_LEAVE_SECONDS - waited, _LEAST_SECONDS))
        if not self._thread.is_alive():  # closing a device beneath a read may crash
            self._source.close()
