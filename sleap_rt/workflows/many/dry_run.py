"""What a prediction would do, told without doing it: the plan, settled as the run settles it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from sleap_rt.errors import DataError, SleapRtError
from sleap_rt.options import ModelOverrides
from sleap_rt.runtime.engines import why_not
from sleap_rt.runtime.outputs.formats import possible_files, video_stem
from sleap_rt.runtime.pipeline.journal import begun_run
from sleap_rt.runtime.predictors import effective_options
from sleap_rt.tracking import TrackerOptions
from sleap_rt.words import counted, in_ranges
from sleap_rt.workflows.many.options import ManyOptions
from sleap_rt.workflows.many.plan import NOTHING_AHEAD, Ahead, plan_many
from sleap_rt.workflows.many.predictions import ModelsOnce, options_of
from sleap_rt.workflows.many.run import CannotRunError
from sleap_rt.workflows.many.task import Task
from sleap_rt.workflows.planning.doubts import doubts
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.planning.plan import PredictionPlan
from sleap_rt.workflows.predict import planned
from sleap_rt.workflows.running.output import replaced
from sleap_rt.workflows.tuning import foreseen, settled_like

_OF_EACH = tuple(f"{fact}: " for fact in ("frames", "poses", "output", "note", "warning"))
_MOST_TEXT = 80  # characters of the frames' numbers


def dry_run(
    inputs: Sequence[Path],
    many: ManyOptions | None,
    model_paths: Sequence[Path],
    options: PredictionOptions,
    overrides: ModelOverrides,
) -> Iterator[str]:
    """Lines that say what the run over these inputs would do; arguments as those of the run.

    Raises:
        OptionError, DataError, ModelError, EngineError: what the run would refuse before it begins.
    """
    resolve = ModelsOnce()
    first: PredictionPlan | None = None

    def lines(task: Task, n_waiting: int) -> Iterator[str]:
        nonlocal first
        asked = options if many is None else options_of(task, options)
        with planned(task.path, model_paths, asked, overrides, resolve=resolve) as (plan, opened):
            earlier = begun_run(plan.journal_path) if plan.options.resume else None
            if earlier is None and first is not None and plan.options.cluster is None:
                plan = settled_like(replace(plan, compares=first.compares), first)
            else:
                plan = foreseen(plan, opened, earlier, n_waiting)
            first = plan if earlier is None else first
            stems = [video_stem(video) for video in opened.videos()]
            yield from _lines(plan, stems)
            yield from (f"note: {note}" for note in replaced(plan, opened))
            warnings = [*_certain(plan), *doubts(plan, opened)]
            yield from (f"warning: {warning}" for warning in warnings)

    ahead = resolve.ahead(model_paths, options, overrides)
    return told_each(inputs, many, options.output_path, lines, ahead)


def told_each(
    inputs: Sequence[Path],
    many: ManyOptions | None,
    output_path: Path | None,
    lines: Callable[[Task, int], Iterator[str]],
    ahead: Ahead = NOTHING_AHEAD,
) -> Iterator[str]:
    """What is told of each input; of several, what is as for the first is not told again.

    Of several, those that are left out and errors are told too.

    Args:
        inputs: as the run takes them.
        many: how; None for one input, whose errors are raised.
        output_path: of one input.
        lines: what is told of an input, given the number of those that wait.
        ahead: as of `plan_many`.

    Raises:
        DataError: after all was told: some of several inputs would fail.
    """
    alone = [Task(path=inputs[0], output=output_path)]
    tasks = alone if many is None else plan_many(inputs, many, ahead).tasks
    n_waiting = sum(task.status == "waiting" for task in tasks)
    as_first: set[str] = set()
    n_failing = 0
    for task in tasks:
        if len(tasks) > 1:
            yield f"input: {task.path}"
        if task.status == "existing":
            yield f"output: {task.there_in_words} already, and the input left out"
            continue
        try:
            told = []
            for line in lines(task, n_waiting):
                if line not in as_first:
                    yield line
                told.append(line)
            as_first = as_first or {line for line in told if not line.startswith(_OF_EACH)}
        except CannotRunError as stop:
            raise stop.cause from None
        except SleapRtError as error:
            if many is None:
                raise
            n_failing += 1
            yield f"error: {error}"
    if n_failing:
        raise DataError(f"{n_failing} of {counted(len(tasks), 'input')} would fail, as told above.")


def _certain(plan: PredictionPlan) -> Iterator[str]:
    """What the run will say or fail with once it runs; workers of a cluster have other devices."""
    selection, engine = plan.selection, plan.options.engine
    if selection.skipped:
        yield selection.skipped
    if plan.options.cluster is None and not plan.compares:
        obstacle = why_not(engine)
        if obstacle is not None:
            yield f"the run would fail here on engine {engine.engine}: {obstacle}"


def _lines(plan: PredictionPlan, stems: Sequence[str]) -> Iterator[str]:
    """The plan for a person to read, one fact per line."""
    options, graphs = plan.options, plan.resolved.graphs
    detection = options.decode.detection_in_words
    yield f"models: {', '.join(filter(None, (plan.models.in_words, detection)))}"
    made = "exported first, into the cache"
    yield f"graphs: {made if graphs is None else ', '.join(map(str, graphs.paths))}"
    yield f"frames: {_frames(plan)}"
    yield plan.engine_line
    size = options.run.batch_size
    yield f"batch: {'auto' if size is None or plan.compares else f'{size} frames'}"
    used = effective_options(plan.models) - {"detect_every"}
    yield f"decoding: {changed_in_words(options.decode, used) or 'as usual'}"
    yield f"filters: {changed_in_words(options.filters) or 'none'}"
    yield f"tracking: {_tracking(plan)}"
    form = "part" if plan.is_part else options.output_format
    yield f"output: {output_in_words(options.output_path, options.output_format, form, stems)}"
    if plan.journal_path is not None:
        goes_on = bool(options.resume) and plan.journal_path.exists()
        yield f"journal: {plan.journal_path}{', which is continued' if goes_on else ''}"
    yield from (f"note: {note}" for note in plan.notes)


def _frames(plan: PredictionPlan) -> str:
    selection = plan.selection
    words = frames_in_words(len(selection.refs), selection.n_total, plan.options.selection.frames)
    if plan.is_part:
        words += f"; part {plan.options.frame_range_of}: {len(plan.positions)} of these"
    return words


def frames_in_words(n_kept: int, n_total: int, asked: Sequence[int] | None) -> str:
    """How many of the frames are taken, and which were asked for; None: all."""
    words = f"{n_kept} of {n_total}"
    if asked is None:
        return words
    listed = ",".join(in_ranges(asked))
    return f"{words} (of {listed if len(listed) <= _MOST_TEXT else f'{listed[:_MOST_TEXT]}...'})"


def output_in_words(path: Path | None, format_name: str, form: str, stems: Sequence[str]) -> str:
    """The files of a result.

    Args:
        path: as the run takes it; None: none is written.
        format_name: one of `FORMATS`.
        form: what to call the format.
        stems: of the videos.
    """
    if path is None:
        return "none"
    first, *others = possible_files(path, format_name, stems)
    split = f", or of several videos with frames: {', '.join(map(str, others))}" if others else ""
    return f"{first} ({form}){split}"


def _tracking(plan: PredictionPlan) -> str:
    if plan.models.class_names:
        return f"none, the model tells identities: {', '.join(plan.models.class_names)}"
    if plan.tracking is None:
        return "none, `merge` tracks" if plan.is_part and plan.options.tracking else "none"
    is_point = plan.models.is_centroid_alone and not plan.match_known
    used = plan.tracking.resolved(n_nodes=1 if is_point else plan.models.skeleton.n_nodes)
    return tracker_in_words(used)


def tracker_in_words(options: TrackerOptions) -> str:
    """How animals are followed: the method, and all that is not as usual."""
    changed = changed_in_words(options)
    if options.motion_model != "none" or not options.is_default("candidates_method"):
        return changed
    return ", ".join(filter(None, (f"candidates_method {options.candidates_method}", changed)))


def changed_in_words(options: Any, names: "frozenset[str] | None" = None) -> str:
    """Options that are not as usual, in words.

    Args:
        options: of a dataclass.
        names: of those that count; None: all.
    """
    values = {
        one.name: getattr(options, one.name)
        for one in fields(options)
        if names is None or one.name in names
    }
    usual = {one.name: one.default for one in fields(options)}
    return ", ".join(
        name if value is True else f"{name} {value}"
        for name, value in values.items()
        if value != usual[name]
    )
