"""Times of whole commands, from outside: progress lines as they come, the file when it is there.

Nothing here knows which program it runs. A program prints JSON lines with `n_processed` while it
predicts, and writes one file at its end.
"""

import json
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

Stamped = tuple[float, str]  # s, a line that was printed then
Rates = Mapping[str, Sequence[float] | str]  # program -> frames/s, one per round; or why it fails


class FailedError(Exception):
    """A program ended without its file; the message is its own."""


@dataclass(frozen=True)
class Run:
    """One command from its start to its file.

    Attributes:
        started: s, when the process was started.
        written: s, when its file was last written to; what the process does afterwards is not
            counted.
        lines: what it printed.
    """

    started: float
    written: float
    lines: tuple[Stamped, ...]

    @property
    def seconds(self) -> float:
        return self.written - self.started

    @property
    def frames_per_second(self) -> float:
        """From its first progress line, which ends all that is done once, to the written file.

        Raises:
            FailedError: there is no line between the first frames and the last.
        """
        progress = progress_in(self.lines)
        (first_at, first), (_, last) = progress[0], progress[-1]
        if first == last:
            raise FailedError("too few frames to tell a speed; give more with --frames")
        return (last - first) / (self.written - first_at)


def timed(
    command: Sequence[str],
    output: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Run:
    """Run a command that writes `output`.

    Raises:
        FailedError: it exits with another code than 0, or writes nothing.
    """
    output.unlink(missing_ok=True)
    lines, started = [], time.time()
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            lines.append((time.time(), line))
    if process.returncode or not output.exists():
        raise FailedError(reason_in(line for _, line in lines))
    return Run(started, output.stat().st_mtime, tuple(lines))


def progress_in(lines: Iterable[Stamped]) -> list[tuple[float, int]]:
    """When how many frames were done.

    Raises:
        FailedError: no line says so.
    """
    found = [(at, _json(line).get("n_processed")) for at, line in lines]
    progress = [(at, n) for at, n in found if n]
    if not progress:
        raise FailedError("printed no progress")
    return progress


def reason_in(lines: Iterable[str]) -> str:
    """What a program that failed says about it: its error as JSON, else its last line."""
    last = ""
    for line in lines:
        if message := _json(line).get("message"):
            return " ".join(str(message).split())
        last = line.strip() or last
    return last or "said nothing"


def _json(line: str) -> dict:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def ratios(ours: Sequence[float], theirs: Sequence[float] | str) -> str:
    """Median, smallest and largest of the ratios by round, so that a busy minute hits both."""
    if isinstance(theirs, str):
        return "fails"
    each = [one / other for one, other in zip(ours, theirs, strict=True)]
    return f"{median(each):.2f} ({min(each):.2f}-{max(each):.2f})"


def speed_table(rows: Mapping[str, Rates]) -> str:
    """Medians in frames/s, one row per work and one column per program."""
    programs = list(dict.fromkeys(name for rates in rows.values() for name in rates))
    return table(
        ("work, frames/s", *programs),
        [
            (work, *(_speed(rates.get(program, "not run")) for program in programs))
            for work, rates in rows.items()
        ],
    )


def _speed(rates: Sequence[float] | str) -> str:
    if isinstance(rates, str):
        return "fails" if rates != "not run" else rates
    return f"{median(rates):.1f}"


def ratio_table(rows: Mapping[str, Rates], ours: Sequence[str], theirs: Sequence[str]) -> str:
    """How many times faster each of our programs is than each of theirs."""
    lines = [
        (work, one, *(ratios(rates[one], rates[other]) for other in theirs))
        for work, rates in rows.items()
        for one in ours
    ]
    return table(("work", "ours", *(f"/ {other}" for other in theirs)), lines)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
