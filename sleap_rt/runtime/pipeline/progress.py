"""Shows how far a run is: a bar on a terminal, JSON lines for a program, or nothing."""

import json
import sys
import time
from collections.abc import Iterable, Iterator

from sleap_rt.instances import FrameInstances

_SECONDS_BETWEEN_LINES = 0.25


def bar(
    results: Iterable[FrameInstances], n_frames: int, n_done: int, what: str | None = None
) -> Iterable[FrameInstances]:
    """A bar with frames/s and time left on standard error; nothing if that is not a terminal.

    Args:
        results: to pass on.
        n_frames: in all.
        n_done: of these, before this run.
        what: is done with them.
    """
    if not sys.stderr.isatty():
        return results
    from tqdm import tqdm

    wrapped: Iterable[FrameInstances] = tqdm(
        results,
        what,
        total=n_frames,
        initial=n_done,
        unit=" frames",
        file=sys.stderr,
        dynamic_ncols=True,
        leave=None,  # goes when it stands below the bar of many inputs
    )
    return wrapped


def silent(
    results: Iterable[FrameInstances], n_frames: int, n_done: int
) -> Iterable[FrameInstances]:
    return results


def json_lines(
    results: Iterable[FrameInstances], n_frames: int, n_done: int
) -> Iterator[FrameInstances]:
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
