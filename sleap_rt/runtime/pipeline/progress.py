"""Shows how far a run is: a bar on a terminal, lines in a log, JSON for a program, or nothing."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from sleap_rt.errors import RunError

if TYPE_CHECKING:
    from tqdm import tqdm

    from sleap_rt.instances import FrameInstances

_Result = TypeVar("_Result")
_COLUMNS, _ROWS = 80, 24  # of a terminal that does not tell
_SECONDS_BETWEEN_LINES = 0.25
_FRAMES_BETWEEN_LOOKS = 32
_SECONDS_BETWEEN_LINES_OF_A_LOG = 30
_SECONDS_OF_THE_FIRST = 0.2  # what comes so soon after the first result was on its way with it
_WITHOUT_A_RATE = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"  # tqdm's has `<?, ?`
_SECONDS_OF_A_RATE = 0.25  # measured in less, it tells of single batches


class Pace:
    """Frames/s, without the time in which a run gets ready.

    Args:
        n_done: results that were there before the run, and come first.
    """

    def __init__(self, n_done: int) -> None:
        self._n_before = n_done
        self._n = self._n_at_start = 0
        self._first = self._start = self._now = 0.0

    def add(self) -> None:
        """A result has come."""
        self._n += 1
        if self._n <= self._n_before:
            return
        self._now = time.monotonic()
        if self._n == self._n_before + 1:
            self._first = self._now
        if self.is_starting:
            self._n_at_start, self._start = self._n, self._now

    @property
    def is_starting(self) -> bool:
        """Whether nothing that came so far tells how fast the run will be."""
        return self._now - self._first <= _SECONDS_OF_THE_FIRST

    @property
    def rate(self) -> float | None:
        """None as long as it cannot be told."""
        seconds = self._now - self._start
        return (self._n - self._n_at_start) / seconds if seconds >= _SECONDS_OF_A_RATE else None


def bar(
    results: Iterable[_Result],
    n_frames: int,
    n_done: int,
    what: str | None = None,
    beside: Callable[[], str] = str,
) -> Iterable[_Result]:
    """A bar with frames/s and time left on standard error; lines now and then if it is no terminal.

    Args:
        results: to pass on.
        n_frames: in all.
        n_done: of these, before this run.
        what: is done with them.
        beside: gives what else is shown, as things are now.
    """
    return (_bar if somebody_looks() else _lines)(results, n_frames, n_done, what, beside)


def somebody_looks() -> bool:
    """Whether standard error is a terminal, or a notebook shows it."""
    return sys.stderr.isatty() or "ipykernel" in sys.modules


def bar_width() -> dict[str, Any]:
    """For tqdm: as the terminal; where it tells no size, as in some containers, 80 columns."""
    try:
        has_columns = os.get_terminal_size(sys.stderr.fileno()).columns > 0
    except (OSError, ValueError):  # no terminal, as in a notebook
        has_columns = True
    return {"dynamic_ncols": True} if has_columns else {"ncols": _COLUMNS, "nrows": _ROWS}


def _bar(
    results: Iterable[_Result],
    n_frames: int,
    n_done: int,
    what: str | None,
    beside: Callable[[], str],
) -> Iterator[_Result]:
    from tqdm import tqdm

    pace = Pace(n_done)
    with tqdm(
        desc=what,
        total=n_frames,
        initial=n_done,
        unit=" frames",
        bar_format=_WITHOUT_A_RATE,
        file=sys.stderr,
        **bar_width(),
        leave=None,  # goes when it stands below the bar of many inputs
    ) as shown:
        for position, result in enumerate(results):
            yield result
            pace.add()
            if position >= n_done:  # the ones before are in the bar from the beginning
                shown.update()
                if pace.is_starting:
                    _begin_to_measure(shown)
                else:
                    shown.bar_format = None
            if position == n_done:
                shown.refresh()
            if position % _FRAMES_BETWEEN_LOOKS == 0:
                shown.set_postfix_str(beside(), refresh=False)


def _begin_to_measure(shown: "tqdm[Any]") -> None:
    """Leave out of the rate, and of the time shown, what came so far."""
    shown.initial = shown.n
    shown.unpause()


def _lines(
    results: Iterable[_Result],
    n_frames: int,
    n_done: int,
    what: str | None,
    beside: Callable[[], str],
) -> Iterator[_Result]:
    """For a log file: `1200 of 18000 frames, 61.3 frames/s, 4.6 min left`, every 30 s."""
    last, pace = time.monotonic(), Pace(n_done)
    for position, result in enumerate(results, 1):
        yield result
        pace.add()
        now, rate = time.monotonic(), pace.rate
        is_due = now - last >= _SECONDS_BETWEEN_LINES_OF_A_LOG and position < n_frames
        if is_due and rate is not None:
            last = now
            left, words = (n_frames - position) / rate / 60, beside()
            print(
                f"{what + ': ' if what else ''}{position} of {n_frames} frames, "
                f"{rate:.1f} frames/s, {left:.1f} min left{words and '; ' + words}",
                file=sys.stderr,
                flush=True,
            )


def silent(
    results: "Iterable[FrameInstances]", n_frames: int, n_done: int
) -> "Iterable[FrameInstances]":
    return results


def json_lines(
    results: "Iterable[FrameInstances]", n_frames: int, n_done: int
) -> "Iterator[FrameInstances]":
    """`{"n_processed", "n_total", "rate", "eta"}` (frames/s, s) on standard output.

    At most four lines per second, from when a rate can be told, and always one at the end.
    """
    started = last = time.monotonic()
    n_processed, pace = 0, Pace(n_done)
    for result in results:
        yield result
        n_processed += 1
        pace.add()
        now, rate = time.monotonic(), pace.rate
        is_due = now - last >= _SECONDS_BETWEEN_LINES and n_processed < n_frames
        if is_due and rate is not None:
            last = now
            _write(n_processed, n_frames, rate)
    seconds = max(time.monotonic() - started, 1e-9)
    whole = max(n_processed - n_done, 0) / seconds
    _write(n_processed, n_frames, whole if pace.rate is None else pace.rate)


def json_end(n_frames: int, seconds: float) -> None:
    """The line that `json_lines` ends with, of work that tells nothing on its way."""
    _write(n_frames, n_frames, n_frames / max(seconds, 1e-9))


def json_error(error: Exception, **more: int) -> None:
    """One line that says why a run, or an input of several, failed; lost if nobody takes it.

    Args:
        error: as the words on standard error have it.
        more: values that say which input it was.
    """
    line = {"error": True, "type": type(error).__name__, "message": str(error), **more}
    with suppress(RunError):
        json_line(line)


def json_line(values: dict[str, Any]) -> None:
    """One line on standard output, at once.

    Raises:
        RunError: it cannot be written.
    """
    try:
        print(json.dumps(values), flush=True)
    except (OSError, ValueError) as error:  # ValueError: it is closed
        why = getattr(error, "strerror", None) or error
        raise RunError(f"Standard output cannot be written: {why}.") from error


def _write(n_processed: int, n_total: int, rate: float) -> None:
    eta = (n_total - n_processed) / rate if rate else 0.0
    line = {
        "n_processed": n_processed,
        "n_total": n_total,
        "rate": round(rate, 1),
        "eta": round(eta, 1),
    }
    json_line(line)
