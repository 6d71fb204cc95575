"""Names the results of many inputs, and finds out which of them are there already."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sleap_rt.errors import DataError, OptionError, log_of
from sleap_rt.model_files import VIDEO_SUFFIXES
from sleap_rt.runtime.frames.images.folder import IMAGE_SUFFIXES, images_in
from sleap_rt.runtime.outputs.earlier_results import check_length, why_kept
from sleap_rt.runtime.outputs.formats import files_there
from sleap_rt.runtime.outputs.names import check_output
from sleap_rt.runtime.outputs.origin.origin import Origin, name_of_file, origin_of
from sleap_rt.runtime.pipeline.journal import check_journal
from sleap_rt.words import unreadable
from sleap_rt.workflows.many.inputs import result_paths
from sleap_rt.workflows.many.options import ManyOptions
from sleap_rt.workflows.many.run import ManyRun
from sleap_rt.workflows.many.task import Task
from sleap_rt.workflows.run_identity.asked import made_otherwise

_log = log_of(__name__)

_MOST_NAMED = 5  # in a message


def _nothing_asked() -> Mapping[str, Any]:
    return {}


def _none_begun(task: Task) -> None:
    pass


@dataclass(frozen=True)
class Ahead:
    """What the work tells ahead of all inputs; by default of work that nothing earlier concerns.

    Attributes:
        asked: gives what is asked of the run over each input, as results tell it.
        check_begun: raises DataError for a journal that the run over an input must not go on with.
    """

    asked: Callable[[], Mapping[str, Any]] = _nothing_asked
    check_begun: Callable[[Task], None] = _none_begun


NOTHING_AHEAD = Ahead()


def plan_many(paths: Sequence[Path], options: ManyOptions, ahead: Ahead = NOTHING_AHEAD) -> ManyRun:
    """Name the results of all inputs, and find out which of them are there already.

    Args:
        paths: of the inputs, each once.
        options: of all.
        ahead: called where the run goes on, as results and journals that are there must be of the
            same run.

    Raises:
        OptionError: `skip_existing` without results.
        DataError: results would replace something else than unchanged results of the same inputs,
            belong to runs that were cut off, or to another run than the one that is to go on;
            nothing was run yet.
    """
    if options.skip_existing and not options.writes:
        raise OptionError("skip_existing: no effect without output_path")
    if options.summary is not None:
        _check_summary(options.summary, paths, overwrite=options.overwrite)
    if not options.writes:
        return ManyRun([Task(path=path, output=None) for path in paths], options.summary)
    outputs = [options.file] if options.file else []
    outputs = outputs or result_paths(paths, options.folder, options.output_format)
    tasks: list[Task] = []
    refused: list[DataError] = []
    others = _Others(ahead)
    for path, output in zip(paths, outputs, strict=True):
        check_output(output, paths, options.output_format)
        task = Task(path=path, output=output, resume=options.resume)
        tasks.append(task)
        try:
            _look_at_result(task, options, others)
        except DataError as error:
            refused.append(error)
    if refused or others.kept:
        told = _in_words(others.kept, refused, options)
        raise DataError(f"Nothing was run. {' '.join(told)}")
    others.refuse()
    others.tell_moved()
    return ManyRun(tasks, options.summary)


def _in_words(
    kept: Mapping[str, Sequence[Path]], refused: Sequence[DataError], options: ManyOptions
) -> Iterator[str]:
    """What stands in the way, each reason once, and what to do."""
    for why, paths in kept.items():
        more = f", like {len(paths) - 1} more," if paths[1:] else ""
        yield f"{paths[0]}{more} exists and {why}."
    yield from map(str, refused[:_MOST_NAMED])
    if refused[_MOST_NAMED:]:
        yield f"And {len(refused) - _MOST_NAMED} more."
    as_well = " as well" if options.resume or refused else ""  # alone it goes on with no journal
    if kept:
        yield (
            f"Pass --skip_existing{as_well} to leave out inputs whose result is there, choose "
            "another -o, or pass --overwrite to replace what is there."
        )
    elif not options.skip_existing:
        yield f"Pass --skip_existing{as_well} to leave out inputs whose result is there."


class _Others:
    """Files in the place of results that are none of the run that is to go on.

    Args:
        ahead: as of `plan_many`.

    Attributes:
        kept: what they are -> files that are no results of the inputs.
        check_begun: as of `Ahead`.
    """

    def __init__(self, ahead: Ahead) -> None:
        self._asked = cache(ahead.asked)  # once: it may read models
        self.check_begun = ahead.check_begun
        self._paths: dict[str, list[Path]] = {}  # results of another run, by how that differs
        self._moved: list[tuple[Path, str]] = []  # results that stay, and where their inputs were
        self.kept: dict[str, list[Path]] = {}

    def note_place(self, task: Task, origin: Origin, input_name: str) -> None:
        """Keep in mind a result that stays, if its input lay elsewhere; beside it, it is found."""
        path, place = task.there[0], origin.input_name
        is_beside = path.resolve().parent == Path(input_name).parent
        if place is not None and place != input_name and not is_beside:
            self._moved.append((path, place))

    def tell_moved(self) -> None:
        """Warn of results that name their videos where these are no longer."""
        if not self._moved:
            return
        path, place = self._moved[0]
        more = f", like {len(self._moved) - 1} more," if self._moved[1:] else ""
        _log.warning(
            "%s%s stays and names its video where it was, %s; `sio filenames` of sleap-io, "
            "which comes along, corrects that",
            *(path, more, place),
        )

    def add(self, output: Path, difference: str) -> None:
        self._paths.setdefault(difference, []).append(output)

    def refuse(self) -> None:
        """Raise, if there are any."""
        for difference, paths in self._paths.items():
            more = f" and {len(paths) - 1} more are" if paths[1:] else " is"
            raise DataError(
                f"Nothing was run. {paths[0]}{more} of another run: {difference}. Repeat that "
                "run's options to go on with it, pass --overwrite to replace its results or "
                "--skip_existing to leave them as they are, or choose another -o."
            )

    def difference(self, files: Sequence[Path], origin: Origin) -> str:
        """How the run that made an input's result differs; empty if not, or if nothing tells.

        Args:
            files: of the input.
            origin: of the result.
        """
        # Of other kinds there may be more files than this.
        are_all = files[0].suffix.lower() in (*VIDEO_SUFFIXES, *IMAGE_SUFFIXES)
        try:
            return "; ".join(made_otherwise(origin, self._asked(), files if are_all else None))
        except OSError as error:
            raise DataError(unreadable(files[0], error)) from error


def _look_at_result(task: Task, options: ManyOptions, others: _Others) -> None:
    """Decide by what is there: go on, leave out, begin, or refuse."""
    output, journal = task.output, task.journal
    assert output is not None
    assert journal is not None
    if journal.exists():
        check_journal(journal, resume=options.resume)
        if options.resume:
            others.check_begun(task)
        return
    task.resume = None
    files = _files_of(task.path)
    task.there, origin = _there(output, options.output_format, files)
    is_whole = origin is None or not origin.lacks_files(output.parent)
    if options.skip_existing and task.there and is_whole:
        task.status = "existing"
        return
    if not (task.path.exists() and task.there):  # a missing input is told when its turn comes
        return
    if origin is None:
        origin = origin_of(task.there[0])
    if options.resume and origin and files and origin.is_of(name_of_file(files[0])):
        difference = others.difference(files, origin)
        if difference and not options.overwrite:
            others.add(output, difference)
        elif not difference and is_whole and not origin.is_partial:
            task.status = "existing"
            others.note_place(task, origin, name_of_file(files[0]))
    elif task.path.is_file() and output.exists() and not options.overwrite:
        # Values of many files are read when the turn of each comes, ahead of its run; so are
        # folders of images.
        why = why_kept(output, origin, name_of_file(task.path))
        if why is not None:
            others.kept.setdefault(why, []).append(output)
        elif origin is not None and task.path.suffix.lower() in VIDEO_SUFFIXES:
            check_length(output, origin, options.most_frames)


def _there(
    output: Path, format_name: str, files: Sequence[Path]
) -> tuple[list[Path], Origin | None]:
    """The file of a result, or those of its videos, which their marks tell from other inputs'.

    Returns:
        The files, and what the mark of one tells that was looked at.
    """
    found = files_there(output, format_name)
    if output in found or not files:
        return found, None
    name = name_of_file(files[0])
    origins = {path: origin_of(path) for path in found}
    of_input = {path: one for path, one in origins.items() if one is not None and one.is_of(name)}
    return list(of_input), next(iter(of_input.values()), None)


def _files_of(path: Path) -> list[Path]:
    """The images of a folder, none where that is told when its turn comes; or the one file."""
    if not path.is_dir():
        return [path]
    with suppress(DataError, OSError):
        return images_in(path)[0]
    return []


def _check_summary(path: Path, inputs: Sequence[Path], *, overwrite: bool) -> None:
    """Refuse to replace what is no summary."""
    if path.is_dir():
        raise DataError(f"{path} is a folder; --summary takes the name of a file.")
    if not path.exists():
        return
    if any(one.exists() and path.samefile(one) for one in inputs):
        raise DataError(f"{path} is an input and is never overwritten; choose another --summary.")
    try:
        is_ours = "sleap_rt_summary" in json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError, TypeError, RecursionError):
        is_ours = False
    if not is_ours and not overwrite:
        raise DataError(f"{path} exists and is no summary; choose another --summary.")
