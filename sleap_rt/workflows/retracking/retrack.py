"""Tracks the poses that a labels file has, without a model."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.errors import DataError, log_of
from sleap_rt.labels.corrections import without_replaced
from sleap_rt.labels.slices import SlicedLabels
from sleap_rt.runtime.outputs.blocks.label_tables import LabelTables
from sleap_rt.runtime.outputs.formats import format_named, write_file, write_labels
from sleap_rt.runtime.outputs.provenance import with_choices
from sleap_rt.runtime.outputs.summary import no_identities
from sleap_rt.runtime.outputs.video_paths import name_absolutely
from sleap_rt.runtime.pipeline.filters import filter_labels
from sleap_rt.runtime.pipeline.retrack import retrack_provenance, track_labels
from sleap_rt.words import counted
from sleap_rt.workflows.retracking.options import RetrackOptions, RetrackSummary
from sleap_rt.workflows.retracking.output import (
    check_tracked_replaceable,
    origin_of_result,
    ready_output,
)
from sleap_rt.workflows.retracking.plan import RetrackPlan, planned_retracking
from sleap_rt.workflows.retracking.slices import SliceTracking

if TYPE_CHECKING:
    import sleap_io as sio

_log = log_of(__name__)


def retrack_data(
    data: "Path | sio.Labels",
    options: RetrackOptions,
    *,
    writes: bool = False,
    keeps_labels: bool = True,
    note: Callable[[str], None] = _log.info,
) -> RetrackSummary:
    """Track the poses of a labels file, or of labels in memory; neither is changed.

    Args:
        data: a `.slp` file, or labels.
        options: how to track, and what to keep and write.
        writes: if `output_path` is None, write to a path derived from the file's.
        keeps_labels: the summary has the result, too. False: a file of one skeleton, whose frames
            are in order, is read and written some frames at a time, where images are not needed.
        note: told of results that are about to be replaced and were made otherwise.

    Raises:
        OptionError: the input is not a `.slp` file, there is no such video, or the name of the
            output does not fit its format.
        DataError: the file or a video it needs is missing or damaged, or no frame is left.
    """
    plan = planned_retracking(data, options, writes=writes, keeps_labels=keeps_labels)
    labels, options, output_path = plan.labels, plan.options, plan.output_path
    for words in plan.replaced:
        note(words)
    if output_path is not None:
        ready_output(output_path, labels, options)
        if plan.sliced is not None:
            return _tracked_in_slices(plan, plan.sliced, output_path)
    started = time.perf_counter()
    labels, notes, n_trackless = _tracked(labels, options)
    seconds = max(time.perf_counter() - started, 1e-9)
    n_missing = plan.n_missing({frame.frame_idx for frame in labels.labeled_frames})
    n_frames = len(labels.labeled_frames)
    if output_path is not None:
        check_tracked_replaceable(output_path, data, labels, options, n_frames)
    if options.no_empty_frames:
        labels.labeled_frames = [frame for frame in labels.labeled_frames if frame.instances]
    labels.provenance = with_choices(labels.provenance, data, options)
    paths: tuple[Path, ...] = ()
    written = labels
    if output_path is not None:
        for video in labels.videos:
            name_absolutely(video)
        written, left_out = _as_written(labels, options.output_format)
        notes = (*notes, *left_out)
        origin = origin_of_result(data, labels, options, n_frames)
        paths = write_labels(written, output_path, options.output_format, origin)
    return RetrackSummary(
        n_frames=len(labels.labeled_frames),
        n_instances=sum(len(frame.instances) for frame in written.labeled_frames),
        n_tracks=len(labels.tracks),
        n_trackless=n_trackless,
        n_missing=n_missing,
        seconds=seconds,
        paths=paths,
        labels=labels,
        notes=(*plan.notes, *notes, *_rows_without_track(labels, options)),
    )


def _as_written(labels: "sio.Labels", form: str) -> "tuple[sio.Labels, list[str]]":
    """Labels as a format can hold them, and what to say of what is left out."""
    if format_named(form).has_corrected:
        return labels, []
    labels, n_left_out = without_replaced(labels)
    if not n_left_out:
        return labels, []
    note = (
        f"{counted(n_left_out, 'corrected prediction')} left out: {form} has no place for them "
        "beside their corrections, which are in it"
    )
    return labels, [note]


def _rows_without_track(labels: "sio.Labels", options: RetrackOptions) -> list[str]:
    """What to say of them: predictions beside a person's instances stay without a track."""
    if options.output_path is None or not format_named(options.output_format).has_untracked_rows:
        return []
    n_each = (sum(one.track is None for one in frame.instances) for frame in labels.labeled_frames)
    return no_identities(max(n_each, default=0))


def _tracked_in_slices(
    plan: RetrackPlan, sliced: SlicedLabels, output_path: Path
) -> RetrackSummary:
    """As `retrack_data`, without all labels in memory."""
    started, began = datetime.now(), time.perf_counter()
    labels, options = plan.labels, plan.options
    done = SliceTracking(sliced, options.tracking, options.selection, options.filters)
    try:
        with LabelTables(labels, output_path.parent) as tables:
            done.run(tables, no_empty_frames=options.no_empty_frames)
            n_missing = plan.n_missing(done.present)
            provenance = retrack_provenance(labels, done.used, started, done.n_kept)
            labels.provenance = with_choices(provenance, sliced.path, options)
            seconds = max(time.perf_counter() - began, 1e-9)
            for video in labels.videos:
                name_absolutely(video)
            of_file = (sliced.path, labels, options, done.n_kept)
            check_tracked_replaceable(output_path, *of_file)
            origin = origin_of_result(*of_file)
            paths = write_file(tables.write, output_path, options.output_format, origin)
    except OSError as error:
        raise DataError(f"{output_path} cannot be written: {error.strerror or error}.") from error
    return RetrackSummary(
        n_frames=tables.n_rows["frames"],
        n_instances=done.n_instances,
        n_tracks=len(tables.tracks),
        n_trackless=done.n_trackless,
        n_missing=n_missing,
        seconds=seconds,
        paths=paths,
        labels=None,
        notes=(*plan.notes, *done.notes),
    )


def _tracked(
    labels: "sio.Labels", options: RetrackOptions
) -> "tuple[sio.Labels, tuple[str, ...], int]":
    if options.filters.any_on:
        filter_labels(labels, options.filters)
    return track_labels(
        labels,
        options.tracking,
        frames=options.selection.frames,
        video_index=options.selection.video_index,
    )
