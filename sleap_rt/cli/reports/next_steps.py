"""What people usually do after a command, told at its end."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from sleap_rt.cli.terminal.messages import next_step

_NUMBER_OF_PART = re.compile(r"\d+(?=of\d+\.)")


def after_results(paths: Sequence[Path], *, is_tracked: bool, found: bool = True) -> None:
    """Behind poses or tracks that were written; where no animal was found, parts alone go on."""
    labels = [path for path in paths if path.suffix == ".slp"]
    parts = [path for path in paths if path.suffix == ".part"]
    if not (found or parts):
        return
    if parts:
        each = parts[0].with_name(_NUMBER_OF_PART.sub("*", parts[0].name))
        all_parts = str(each) if each != parts[0] else "PART..."
        next_step(f"sleap-nn merge {all_parts} -o RESULT.slp, once all parts are there")
    elif labels:
        next_step(f"sleap-nn render {_quoted(labels[0])} draws the poses over the video")
    if labels and is_tracked:
        next_step(f"sleap-nn eval --tracks -g LABELS.slp -p {_quoted(labels[0])}")
    elif labels:
        next_step(f"sleap-nn track -i {_quoted(labels[0])} -t follows the animals")
    elif paths and not parts:
        next_step("-o NAME.slp gives a file that render, eval and track read as well")


def after_many(n_failed: int, paths: Sequence[Path], *, is_tracked: bool) -> None:
    """Behind many inputs, of which some may have failed."""
    if n_failed:
        next_step("the same command with --resume does what failed, and leaves out what is done")
    else:
        after_results(paths, is_tracked=is_tracked)


def after_live(paths: Sequence[Path], *, is_tracked: bool) -> None:
    """Behind a live run, recorded or not."""
    if paths:
        after_results(paths, is_tracked=is_tracked)
    else:
        next_step("-o session.slp records what is found")


def after_report(report: Path) -> None:
    """Behind an evaluation with a report."""
    next_step(f"open {report} in a browser")


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
