"""What people usually do after a command, told at its end."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sleap_rt.cli.terminal.messages import next_step
from sleap_rt.runtime.outputs.origin.marks import WITHOUT_MARK
from sleap_rt.words import as_typed, quoted

_NUMBER_OF_PART = re.compile(r"\d+(?=of\d+\.)")


def goes_on(done: Any, path: Path, params: Mapping[str, Any]) -> bool:
    """Whether other commands go on with a file: they need animals, with nodes of a skeleton.

    Args:
        done: summary of the run that wrote it.
        path: of the file.
        params: of the command; parts of the frames are merged whatever they hold.
    """
    has_animals = done.n_instances > 0 and params["centroid_output"] != "centroid"
    return has_animals or path.suffix == ".part"


def may_have_several(done: Any) -> bool:
    """Whether a frame may have more than one animal, by the summary of a run."""
    return getattr(done, "most_instances", None) != 1  # tracking without a model sets no limit


def after_results(
    paths: Sequence[Path], *, is_tracked: bool, found: bool = True, has_several: bool = True
) -> None:
    """Behind poses or tracks that were written; where no animal was found, parts alone go on.

    Args:
        paths: files written.
        is_tracked: animals were followed.
        found: there were any.
        has_several: a frame may have more than one; one alone needs no following.
    """
    labels = [path for path in paths if path.suffix == ".slp"]
    parts = [path for path in paths if path.suffix == ".part"]
    first = f", the first of {len(labels)}" if labels[1:] else ""
    if not (found or parts):
        return
    if parts:
        each = parts[0].with_name(_NUMBER_OF_PART.sub("*", parts[0].name))
        all_parts = _pattern(each) if each != parts[0] else "PART..."
        next_step(f"sleap-nn merge {all_parts} -o RESULT.slp", "join all parts once they are there")
    elif labels:
        next_step(f"sleap-nn render {as_typed(labels[0])}", f"see the poses over the video{first}")
    if labels and is_tracked:
        next_step(
            f"sleap-nn eval --tracks -g LABELS.slp -p {as_typed(labels[0])}",
            f"compare with labels{first}",
        )
    elif labels and has_several:
        next_step(f"sleap-nn track -i {as_typed(labels[0])} -t", f"follow the animals{first}")
    elif labels:
        next_step(
            f"sleap-nn eval -g LABELS.slp -p {as_typed(labels[0])}", f"compare with labels{first}"
        )
    elif paths and not parts:
        next_step("-o NAME.slp gives a file that render, eval and track read as well")


def after_many(
    n_failed: int, paths: Sequence[Path], *, is_tracked: bool, has_several: bool = True
) -> None:
    """Behind many inputs, of which some may have failed.

    Args:
        n_failed: inputs.
        paths: results in which something was found.
        is_tracked: animals were followed.
        has_several: as of `after_results`.
    """
    if n_failed:
        is_told = all(path.suffix not in WITHOUT_MARK for path in paths)
        flags = "--resume" if is_told else "--resume --skip_existing"
        next_step(
            f"once the cause is mended, the same command with {flags} does what failed, and leaves "
            "out what is done"
        )
    else:
        after_results(paths, is_tracked=is_tracked, has_several=has_several)


def after_live(paths: Sequence[Path], *, is_tracked: bool, has_several: bool) -> None:
    """Behind a live run, recorded or not; arguments as of `after_results`."""
    if paths:
        after_results(paths, is_tracked=is_tracked, has_several=has_several)
    else:
        next_step("-o session.slp records what is found")


def after_report(report: Path) -> None:
    """Behind an evaluation with a report."""
    next_step(f"open {report} in a browser")


def _pattern(path: Path) -> str:
    """For the shell, which fills in what stands for `*`."""
    first, *rest = str(path).split("*")
    return "*".join(
        [as_typed(first) if first else "", *(quoted(one) if one else "" for one in rest)]
    )
