"""Shows how far a run is: a bar on a terminal, lines in a log, JSON for a program, or nothing."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from sleap_rt.instances import FrameInstances

_Result = TypeVar("_Result")
_COLUMNS, _ROWS = 80, 24  # of a terminal that does not tell
_SECONDS_BETWEEN_LINES = 0.25
_FRAMES_BETWEEN_LOOKS = 32
_SECONDS_BETWEEN_LINES_OF_A_LOG = 30


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

    with tqdm(
        desc=what,
        total=n_frames,
        initial=n_done,
        unit=" frames",
        file=sys.stderr,
        **bar_width(),
        leave=None,  # goes when it stands below the bar of many inputs
    ) as shown:
        for position, result in enumerate(results):
            yield result
            if position >= n_done:  # the ones before are in the bar from the beginning
                shown.update()
            if position % _FRAMES_BETWEEN_LOOKS == 0:
                shown.set_postfix_str(beside(), refresh=False)


def _lines(
    results: Iterable[_Result],
    n_frames: int,
    n_done: int,
    what: str | None,
    beside: Callable[[], str],
) -> Iterator[_Result]:
    """For a log file: `1200 of 18000 frames, 61.3 frames/s, 4.6 min left`, every 30 s."""
    started = last = time.monotonic()
    for position, result in enumerate(results, 1):
        yield result
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_LINES_OF_A_LOG and n_done < position < n_frames:
            last = now
            rate = (position - n_done) / (now - started)
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

    At most four lines per second, and always one at the end.
    """
    started = last = time.monotonic()
    n_processed = 0
    for result in results:
        yield result
        n_processed += 1
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_LINES and n_processed < n_frames:
            last = now
            _write(n_processed, n_frames, max(n_processed - n_done, 0) / (now - started))
    seconds = max(time.monotonic() - started, 1e-9)
    _write(n_processed, n_frames, max(n_processed - n_done, 0) / seconds)


def json_error(error: Exception) -> None:
    """One line that says why the run failed."""
    line = {"error": True, "type": type(error).__name__, "message": str(error)}
    print(json.dumps(line), flush=True)


def _write(n_processed: int, n_total: int, rate: float) -> None:
    eta = (n_total - n_processed) / rate if rate else 0.0
    line = {
        "n_processed": n_processed,
        "n_total": n_total,
        "rate": round(rate, 1),
        "eta": round(eta, 1),
    }
    print(json.dumps(line), flush=True)
