"""Many inputs for one Python call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleap_rt.errors import OptionError, RunError, SomeInputsFailedError, log_of
from sleap_rt.labels import load_labels
from sleap_rt.options import ModelOverrides
from sleap_rt.options.paths import fitting_path
from sleap_rt.runtime.frames.images.folder import IMAGE_SUFFIXES
from sleap_rt.runtime.outputs.summary import PredictionSummary
from sleap_rt.words import counted
from sleap_rt.workflows.cluster.predictions import ClusterPredictions
from sleap_rt.workflows.many.inputs import Inputs, find_inputs, result_paths
from sleap_rt.workflows.many.options import ManyOptions, many_options
from sleap_rt.workflows.many.plan import NOTHING_AHEAD, Ahead, plan_many
from sleap_rt.workflows.many.predictions import ManyPredictions
from sleap_rt.workflows.many.run import LookAhead, ManyReport, none_ahead
from sleap_rt.workflows.many.task import Task
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.report import Report
from sleap_rt.workflows.retracking import RetrackOptions, RetrackSummary, retrack_data

if TYPE_CHECKING:
    import sleap_io as sio

_log = log_of(__name__)


def many_inputs(
    data: Any, output_path: Path | None, given: Mapping[str, Any]
) -> tuple[Inputs, ManyOptions] | None:
    """The inputs and what is said about all of them; None where there is one input.

    Args:
        data: as `run_inference` takes; a list of images is one input.
        output_path: as `run_inference` takes.
        given: options, in our words.
    """
    paths = _paths(data)
    if paths is None:
        if given.get("skip_existing") or given.get("summary"):
            raise OptionError("skip_existing, summary: no effect without a path as input")
        return None
    inputs = find_inputs(paths, takes_named=True)
    for note in inputs.notes:
        _log.warning(note)
    if not isinstance(data, str | Path):  # a list is answered by a list
        inputs = replace(inputs, is_many=True)
    options = many_options(inputs, output_path, given, names_output=False)
    return None if options is None else (inputs, options)


def file_of_one(data: Any, output_path: Path | None, given: Mapping[str, Any]) -> Path | None:
    """The file that the result of one input goes to: in a folder, as those of many are named.

    Args:
        data: as `PosePredictor.predict` takes.
        output_path: a file or, where the input is a path, a folder.
        given: options, in our words.
    """
    if output_path is None or not isinstance(data, str | Path):
        return output_path
    inputs = Inputs((fitting_path("data_path", data),), is_many=False)
    options = many_options(inputs, output_path, given, names_output=False)
    if options is None:
        return output_path
    (path,) = result_paths(inputs.paths, options.folder, options.output_format)
    return path


def _paths(data: Any) -> list[Path] | None:
    """Paths of inputs; None for anything else, also for images, which are one input."""
    given = [data] if isinstance(data, str | Path) else data
    if not isinstance(given, list | tuple) or not all(isinstance(p, str | Path) for p in given):
        return None
    paths = [fitting_path("data_path", path) for path in given]
    if isinstance(data, list | tuple) and all(p.suffix.lower() in IMAGE_SUFFIXES for p in paths):
        return None
    return paths


def predict_many(
    inputs: Inputs,
    many: ManyOptions,
    models: Sequence[Path],
    options: PredictionOptions,
    overrides: ModelOverrides,
    report: Report,
    *,
    match_known: bool,
    after: Callable[[Sequence[Path]], None],
) -> "sio.Labels | list[sio.Labels | None] | None":
    """Labels of each input, in order, or of the one; `skip_existing` reads those that are there.

    `after` is called with the files of each result.

    Raises:
        SomeInputsFailedError: after all of many were tried.
        Other errors: as `predict`, where no input can be predicted on.
    """

    def work(task: Task) -> PredictionSummary:
        done = predictions(task)
        if done.skipped:
            _log.warning("%s: %s", task.path, done.skipped)
        after(done.paths)
        return done

    kind = ManyPredictions if options.cluster is None else ClusterPredictions
    with kind(models, options, overrides, report, match_known, keeps_labels=True) as predictions:
        return _labels_of(inputs, many, work, predictions.look_ahead, predictions.ahead)


def retrack_many(
    inputs: Inputs,
    many: ManyOptions,
    options: RetrackOptions,
    *,
    after: Callable[[Sequence[Path]], None],
) -> "sio.Labels | list[sio.Labels | None] | None":
    """The same without a model."""

    def work(task: Task) -> RetrackSummary:
        done = retrack_data(task.path, replace(options, output_path=task.output))
        after(done.paths)
        return done

    return _labels_of(inputs, many, work)


def _labels_of(
    inputs: Inputs,
    many: ManyOptions,
    work: Any,
    look_ahead: LookAhead = none_ahead,
    ahead: Ahead = NOTHING_AHEAD,
) -> "sio.Labels | list[sio.Labels | None] | None":
    run = plan_many(inputs.paths, many, ahead)
    run.carry_out(work, ManyReport(), keeps_labels=True, look_ahead=look_ahead)
    results = [_labels(task) for task in run.tasks]
    failed = run.with_status("failed")
    if failed and not inputs.is_many:
        raise failed[0].error or RunError(failed[0].error_words)
    if failed:
        words = "; ".join(task.failure for task in failed)
        raise SomeInputsFailedError(
            f"{len(failed)} of {counted(len(run.tasks), 'input')} failed: {words}", results
        )
    return results if inputs.is_many else results[0]


def _labels(task: Task) -> "sio.Labels | None":
    if task.done is not None:
        return task.done.labels
    is_file = task.output is not None and task.output.suffix == ".slp" and task.output.is_file()
    return load_labels(task.output) if is_file and task.output is not None else None
