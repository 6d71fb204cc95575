"""Names the results of many inputs, and finds out which of them are there already."""

import json
from collections.abc import Sequence
from pathlib import Path

from sleap_rt.errors import DataError, OptionError
from sleap_rt.runtime.outputs.earlier_results import (
    WITHOUT_MARK,
    check_replaceable,
    marked_input,
    name_of_file,
)
from sleap_rt.runtime.outputs.names import check_output
from sleap_rt.runtime.pipeline.journal import check_journal
from sleap_rt.workflows.many.inputs import result_paths
from sleap_rt.workflows.many.options import ManyOptions
from sleap_rt.workflows.many.run import ManyRun
from sleap_rt.workflows.many.task import Task

_MOST_NAMED = 5  # in a message


def plan_many(paths: Sequence[Path], options: ManyOptions) -> ManyRun:
    """Name the results of all inputs, and find out which of them are there already.

    Args:
        paths: of the inputs, each once.
        options: of all.

    Raises:
        OptionError: `skip_existing` without results.
        DataError: results would replace something else than unchanged results of the same inputs,
            or belong to runs that were cut off; nothing was run yet.
    """
    if options.skip_existing and not options.writes:
        raise OptionError("skip_existing: no effect without output_path")
    if options.summary is not None:
        _check_summary(options.summary, paths, overwrite=options.overwrite)
    if not options.writes:
        return ManyRun([Task(path=path, output=None) for path in paths], options.summary)
    outputs = [options.file] if options.file else []
    outputs = outputs or result_paths(paths, options.folder, options.output_format)
    tasks, refused = [], []
    for path, output in zip(paths, outputs, strict=True):
        check_output(output, paths, options.output_format)
        task = Task(path=path, output=output, resume=options.resume)
        tasks.append(task)
        try:
            _look_at_result(task, options)
        except DataError as error:
            refused.append(str(error))
    if refused:
        more = f" And {len(refused) - _MOST_NAMED} more." if len(refused) > _MOST_NAMED else ""
        raise DataError(
            f"Nothing was run. {' '.join(refused[:_MOST_NAMED])}{more} --skip_existing leaves out "
            "inputs whose result is there."
        )
    return ManyRun(tasks, options.summary)


def _look_at_result(task: Task, options: ManyOptions) -> None:
    """Decide by what is there: go on, leave out, begin, or refuse."""
    output, journal = task.output, task.journal
    assert output is not None
    assert journal is not None
    if journal.exists():
        check_journal(journal, resume=options.resume)
        return
    task.resume = None
    is_finished = bool(options.resume) and _is_result_of(task.path, output)
    if is_finished or (options.skip_existing and output.exists()):
        task.status = "existing"
    elif task.path.is_file():  # a folder of images is looked at when its turn comes
        check_replaceable(output, name_of_file(task.path), overwrite=options.overwrite)


def _is_result_of(path: Path, output: Path) -> bool:
    """Whether a file may be the whole result of an input; a format without a mark is believed."""
    if not output.exists():
        return False
    return output.suffix in WITHOUT_MARK or marked_input(output) == name_of_file(path)


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
