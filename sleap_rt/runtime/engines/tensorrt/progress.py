"""One line on stderr that shows how far a build is."""

import sys
import time
from types import TracebackType
from typing import TextIO

from sleap_rt.runtime.engines.tensorrt.shapes import ShapeProfile

_SECONDS_BETWEEN = 0.2
_LONGEST = 40  # characters of a phase's name


def build_title(model: str, profile: ShapeProfile, gpu: str) -> str:
    """What is being built, in one line."""
    height, width, _ = profile.frame_size
    return f"building the TensorRT engine of {model} for frames of {width}x{height} px on {gpu}"


class ProgressLine:
    """Says what is being built; in a terminal also the current phase, replaced in place.

    Args:
        title: what is being built.
        stream: stderr if None.
    """

    def __init__(self, title: str, stream: TextIO | None = None) -> None:
        self._title = title
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._last_shown = 0.0

    def __enter__(self) -> "ProgressLine":
        self._started = time.monotonic()
        self._stream.write(f"{self._title} ...\n")
        self._stream.flush()
        return self

    def update(self, phase: str, done: float) -> None:
        """Show a phase, `done` from 0 to 1."""
        now = time.monotonic()
        if not self._is_terminal or now - self._last_shown < _SECONDS_BETWEEN:
            return
        self._last_shown = now
        self._stream.write(f"\r\x1b[K  {phase[:_LONGEST]} {done:4.0%}, {now - self._started:.0f} s")
        self._stream.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        result = "built" if error is None else "not built"
        clear = "\r\x1b[K" if self._is_terminal else ""
        self._stream.write(f"{clear}  {result}, {time.monotonic() - self._started:.1f} s\n")
        self._stream.flush()
