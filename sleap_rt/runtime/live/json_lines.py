"""Results as lines of JSON in a stream."""

from typing import TextIO

from sleap_rt.errors import SleapRtError
from sleap_rt.runtime.live.message import message_of
from sleap_rt.runtime.live.result import LiveResult


class NobodyReadsError(SleapRtError):
    """Whoever read the results has gone: the run may end, without a failure."""


class JsonLines:
    """An `Outlet`.

    Args:
        stream: gets one line per result, at once. A reader that is slow makes frames be dropped.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def take(self, result: LiveResult) -> None:
        line = message_of(result) + "\n"
        try:
            self._stream.write(line)
            self._stream.flush()
        except (BrokenPipeError, ValueError) as error:  # ValueError: the stream is closed
            raise NobodyReadsError from error

    def close(self) -> None:
        pass
