"""What tracking without a model would do, told without doing it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.runtime.outputs.formats import video_stem
from sleap_rt.runtime.pipeline.retrack import check_videos, kept_frames
from sleap_rt.words import counted
from sleap_rt.workflows.many.dry_run import (
    changed_in_words,
    frames_in_words,
    output_in_words,
    told_each,
    tracker_in_words,
)
from sleap_rt.workflows.many.options import ManyOptions
from sleap_rt.workflows.many.task import Task
from sleap_rt.workflows.retracking.options import RetrackOptions
from sleap_rt.workflows.retracking.plan import RetrackPlan, planned_retracking

if TYPE_CHECKING:
    import sleap_io as sio


def retrack_dry_run(
    inputs: Sequence[Path], many: ManyOptions | None, options: RetrackOptions
) -> Iterator[str]:
    """Lines that say what the run over these inputs would do; arguments as those of the run.

    Raises:
        OptionError, DataError: what the run would refuse before it begins.
    """

    def lines(task: Task, n_waiting: int) -> Iterator[str]:
        asked = options if many is None else replace(options, output_path=task.output)
        yield from _lines(planned_retracking(task.path, asked, writes=True, keeps_labels=False))

    return told_each(inputs, many, options.output_path, lines)


def _lines(plan: RetrackPlan) -> Iterator[str]:
    options, videos = plan.options, plan.labels.videos
    selection = options.selection
    n_total, n_instances = 0, 0
    places: list[tuple[int, int]] = []  # video and frame
    for frame in _frames(plan):
        n_total += 1
        for video, kept in kept_frames([frame], videos, selection.frames, selection.video_index):
            places.append((video, kept.frame_idx))
            n_instances += len(kept.instances)
    n_missing = plan.n_missing({frame for _, frame in places})
    if options.tracking.needs_images:
        check_videos([videos[video] for video in sorted({video for video, _ in places})])
    n_nodes = len(plan.labels.skeletons[0].nodes) if plan.labels.skeletons else 1
    yield f"poses: {counted(n_instances, 'instance')} of {plan.data}"
    yield f"frames: {frames_in_words(len(places), n_total, selection.frames)}"
    yield f"filters: {changed_in_words(options.filters) or 'none'}"
    yield f"tracking: {tracker_in_words(options.tracking.resolved(n_nodes=n_nodes))}"
    form, stems = options.output_format, [video_stem(video) for video in videos]
    yield f"output: {output_in_words(plan.output_path, form, form, stems)}"
    yield from (f"note: {note}" for note in (*plan.replaced, *plan.notes))
    if n_missing:
        yield f"warning: {n_missing} of the frames asked for have no labels"


def _frames(plan: RetrackPlan) -> "Iterator[sio.LabeledFrame]":
    return chain.from_iterable([plan.labels.labeled_frames] if plan.sliced is None else plan.sliced)
