"""Tracks the poses that a labels file has, without a model."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.errors import DataError, OptionError
from sleap_rt.labels import OneForm, in_one_form, load_labels
from sleap_rt.labels.slices import SlicedLabels, open_sliced
from sleap_rt.options import FilterOptions, SelectionOptions
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.labels_input import find_moved
from sleap_rt.runtime.frames.selection import on_merged_videos
from sleap_rt.runtime.frames.sleap_video import unique_video_name
from sleap_rt.runtime.outputs.blocks.label_tables import LabelTables
from sleap_rt.runtime.outputs.earlier_results import check_replaceable, name_of_file
from sleap_rt.runtime.outputs.formats import (
    possible_files,
    video_stem,
    write_file,
    write_labels,
)
from sleap_rt.runtime.outputs.names import (
    check_output,
    default_output,
    make_folder,
    settled_format,
)
from sleap_rt.runtime.outputs.provenance import with_choices
from sleap_rt.runtime.outputs.trial import try_output
from sleap_rt.runtime.outputs.video_paths import name_absolutely
from sleap_rt.runtime.pipeline.filters import check_centroid_distance, filter_labels
from sleap_rt.runtime.pipeline.retrack import (
    replaced_identities,
    retrack_provenance,
    track_labels,
)
from sleap_rt.skeleton import Skeleton
from sleap_rt.tracking.options import TrackerOptions
from sleap_rt.workflows.leniency import KALMAN_OF_SLEAP_NN
from sleap_rt.workflows.retrack_slices import SliceTracking

if TYPE_CHECKING:
    import sleap_io as sio


@dataclass(frozen=True, kw_only=True)
class RetrackOptions:
    """All options of tracking without a model.

    Attributes:
        tracking: how to track.
        selection: which frames and video to keep.
        filters: which predicted instances to drop before tracking.
        output_path: the file to write; None writes none.
        output_format: kind of the file, or `auto`: as `output_path` ends, else slp.
        no_empty_frames: leave out frames without instances.
        overwrite: replace a file that is not the unchanged result of the same input.
        reproducible: leave times out of the result, so that the same run gives the same bytes.
    """

    tracking: TrackerOptions
    selection: SelectionOptions = field(default_factory=SelectionOptions)
    filters: FilterOptions = field(default_factory=FilterOptions)
    output_path: Path | None = None
    output_format: str = "auto"
    no_empty_frames: bool = False
    overwrite: bool = False
    reproducible: bool = False

    def __post_init__(self) -> None:
        name = settled_format(self.output_format, self.output_path)
        object.__setattr__(self, "output_format", name)


@dataclass(frozen=True, kw_only=True)
class RetrackSummary:
    """What tracking without a model did.

    Attributes:
        n_frames: of the result.
        n_instances: in these.
        n_tracks: of these.
        n_missing: frames that were asked for and have no labels.
        seconds: of tracking.
        paths: files written.
        labels: the result, if it was to be kept.
        notes: what a person should know about the input, in words.
    """

    n_frames: int
    n_instances: int
    n_tracks: int
    n_missing: int
    seconds: float
    paths: tuple[Path, ...]
    labels: "sio.Labels | None"
    notes: tuple[str, ...] = ()


_HONOURED = frozenset(
    {
        *FilterOptions.__dataclass_fields__,
        *TrackerOptions.__dataclass_fields__,
        *("frames", "video_index", "max_instances", "tracking"),
        *("output_format", "no_empty_frames", "overwrite", "reproducible", "gui", "as_json"),
        *("skip_existing", "summary", "preview"),
        *KALMAN_OF_SLEAP_NN,
    }
)


def refuse_without_effect(given: Iterable[str]) -> None:
    """Refuse options of a prediction that tracking without a model has no use for.

    Args:
        given: names of options that the user set.

    Raises:
        OptionError: as the summary says.
    """
    useless = sorted(set(given) - _HONOURED)
    if useless:
        names = ", ".join(useless)
        begins = ", which begins the tracking" if "dry_run" in useless else ""
        raise OptionError(f"{names}: no effect with tracking without a model; leave it out{begins}")


def retrack_data(
    data: "Path | sio.Labels",
    options: RetrackOptions,
    *,
    writes: bool = False,
    keeps_labels: bool = True,
) -> RetrackSummary:
    """Track the poses of a labels file, or of labels in memory; neither is changed.

    Args:
        data: a `.slp` file, or labels.
        options: how to track, and what to keep and write.
        writes: if `output_path` is None, write to a path derived from the file's.
        keeps_labels: the summary has the result, too. False: a file of one skeleton, whose frames
            are in order, is read and written some frames at a time, where images are not needed.

    Raises:
        OptionError: the input is not a `.slp` file, there is no such video, or the name of the
            output does not fit its format.
        DataError: the file or a video it needs is missing or damaged, or no frame is left.
    """
    sliced = None if keeps_labels else _sliced(data, options)
    form = _loaded(data, options) if sliced is None else _form_of(sliced)
    labels = form.labels
    selection = on_merged_videos(options.selection, form.video_numbers)
    options = replace(options, selection=selection)
    check_centroid_distance(
        options.filters, all(len(skeleton.nodes) == 1 for skeleton in labels.skeletons)
    )
    output_path = _ready_output(data, labels, options, writes=writes)
    if sliced is not None and output_path is not None:
        return _tracked_in_slices(sliced, options, output_path)
    if options.tracking.needs_images and isinstance(data, Path):
        _find_videos(labels, data.parent, options.selection.video_index)
    n_missing, replaced = _n_missing(labels, options.selection), replaced_identities(data, labels)
    started = time.perf_counter()
    labels, notes = _tracked(labels, options)
    seconds = max(time.perf_counter() - started, 1e-9)
    if options.selection.frames is not None and not labels.labeled_frames:
        name = data if isinstance(data, Path) else "The labels"
        raise DataError(f"{name}: none of the frames asked for has labels.")
    if options.no_empty_frames:
        labels.labeled_frames = [frame for frame in labels.labeled_frames if frame.instances]
    labels.provenance = with_choices(labels.provenance, data, options)
    paths: tuple[Path, ...] = ()
    if output_path is not None:
        for video in labels.videos:
            name_absolutely(video)
        source = _name_of_input(data, labels, options)
        paths = write_labels(labels, output_path, options.output_format, source)
    return RetrackSummary(
        n_frames=len(labels.labeled_frames),
        n_instances=sum(len(frame.instances) for frame in labels.labeled_frames),
        n_tracks=len(labels.tracks),
        n_missing=n_missing,
        seconds=seconds,
        paths=paths,
        labels=labels,
        notes=(*form.notes, *notes, *replaced),
    )


def _ready_output(
    data: "Path | sio.Labels", labels: "sio.Labels", options: RetrackOptions, *, writes: bool
) -> Path | None:
    """The file to write, found out to be writable; None writes none."""
    output_path = options.output_path
    if output_path is None and writes and isinstance(data, Path):
        output_path = _default_output(data, labels, options)
    if output_path is not None:
        _check_output(output_path, data, labels, options)
        make_folder(output_path)
        _try_output(output_path, labels, options)
    return output_path


def _sliced(data: "Path | sio.Labels", options: RetrackOptions) -> SlicedLabels | None:
    """The file, if it can be tracked some frames at a time with the same result."""
    can_be = options.output_format == "slp" and not options.tracking.needs_images
    if not (can_be and isinstance(data, Path) and data.suffix == ".slp"):
        return None
    if options.output_path is not None:
        check_output(options.output_path, [data], options.output_format)
    sliced = open_sliced(data)
    chooses = options.filters.any_on or options.selection != SelectionOptions()
    # Names that tracks must not get depend on the frames and instances that are left.
    return None if sliced is None or (chooses and sliced.passed_on) else sliced


def _form_of(sliced: SlicedLabels) -> OneForm:
    return OneForm(sliced.frameless, tuple(range(len(sliced.frameless.videos))))


def _tracked_in_slices(
    sliced: SlicedLabels, options: RetrackOptions, output_path: Path
) -> RetrackSummary:
    """As `retrack_data`, without all labels in memory."""
    started, began = datetime.now(), time.perf_counter()
    labels = sliced.frameless
    replaced = replaced_identities(sliced.path, labels)
    done = SliceTracking(sliced, options.tracking, options.selection, options.filters)
    try:
        with LabelTables(labels, output_path.parent) as tables:
            done.run(tables, no_empty_frames=options.no_empty_frames)
            wanted = options.selection.frames
            if wanted is not None and not done.n_kept:
                raise DataError(f"{sliced.path}: none of the frames asked for has labels.")
            provenance = retrack_provenance(labels, done.used, started, done.n_kept)
            labels.provenance = with_choices(provenance, sliced.path, options)
            seconds = max(time.perf_counter() - began, 1e-9)
            for video in labels.videos:
                name_absolutely(video)
            name = _name_of_input(sliced.path, labels, options)
            paths = write_file(tables.write, output_path, options.output_format, name)
    except OSError as error:
        raise DataError(f"{output_path} cannot be written: {error.strerror or error}.") from error
    return RetrackSummary(
        n_frames=tables.n_rows["frames"],
        n_instances=done.n_instances,
        n_tracks=len(tables.tracks),
        n_missing=0 if wanted is None else len(set(wanted) - done.present),
        seconds=seconds,
        paths=paths,
        labels=None,
        notes=(*done.notes, *replaced),
    )


def _loaded(data: "Path | sio.Labels", options: RetrackOptions) -> OneForm:
    if not isinstance(data, Path):
        return in_one_form(data.copy(), in_place=True)
    if data.suffix != ".slp":
        raise OptionError(
            f"data_path {data}: tracking without a model needs poses, that is a `.slp` file; "
            "give model_paths to predict them"
        )
    if options.output_path is not None:
        check_output(options.output_path, [data], options.output_format)
    form = in_one_form(load_labels(data), in_place=True)
    return replace(form, notes=tuple(f"{data}: {note}" for note in form.notes))


def _tracked(labels: "sio.Labels", options: RetrackOptions) -> "tuple[sio.Labels, tuple[str, ...]]":
    if options.filters.any_on:
        filter_labels(labels, options.filters)
    return track_labels(
        labels,
        options.tracking,
        frames=options.selection.frames,
        video_index=options.selection.video_index,
    )


def _default_output(data_path: Path, labels: "sio.Labels", options: RetrackOptions) -> Path:
    return default_output(
        data_path,
        _video_name(labels, options),
        options.output_format,
        _name_of_input(data_path, labels, options),
    )


def _check_output(
    path: Path, data: "Path | sio.Labels", labels: "sio.Labels", options: RetrackOptions
) -> None:
    """Refuse an output that must not be written, before anything is tracked."""
    check_output(path, [data] if isinstance(data, Path) else [], options.output_format)
    source = _name_of_input(data, labels, options)
    stems = [video_stem(video) for video in labels.videos]
    for file in possible_files(path, options.output_format, stems):
        check_replaceable(file, source, overwrite=options.overwrite)


def _try_output(path: Path, labels: "sio.Labels", options: RetrackOptions) -> None:
    """Find out ahead of the tracking whether the result can be written."""
    if not labels.labeled_frames or not labels.skeletons:
        return
    numbers = {id(video): number for number, video in enumerate(labels.videos)}
    ends = (labels.labeled_frames[0], labels.labeled_frames[-1])
    refs = [FrameRef(numbers[id(frame.video)], frame.frame_idx) for frame in ends]
    names = tuple(node.name for node in labels.skeleton.nodes)
    skeleton = Skeleton(labels.skeleton.name or "", names)
    try_output(path, options.output_format, skeleton, labels.videos, refs)


def _name_of_input(
    data: "Path | sio.Labels", labels: "sio.Labels", options: RetrackOptions
) -> str | None:
    """As `name_of_input` gives it for what is predicted on."""
    return name_of_file(data, _video_name(labels, options)) if isinstance(data, Path) else None


def _video_name(labels: "sio.Labels", options: RetrackOptions) -> str | None:
    index = options.selection.video_index
    return None if index is None else unique_video_name(labels.videos, index)


def _find_videos(labels: "sio.Labels", folder: Path, video_index: int | None) -> None:
    """Look in `folder` for videos to read that are not where the labels say."""
    labeled = {id(frame.video) for frame in labels.labeled_frames}
    find_moved(
        [
            video
            for index, video in enumerate(labels.videos)
            if id(video) in labeled and video_index in (None, index)
        ],
        folder,
    )


def _n_missing(labels: "sio.Labels", selection: SelectionOptions) -> int:
    """Number of frames asked for that have no labels."""
    if selection.frames is None:
        return 0
    index = selection.video_index
    videos = labels.videos if index is None else [labels.videos[index]]
    chosen = {id(video) for video in videos}
    present = {frame.frame_idx for frame in labels.labeled_frames if id(frame.video) in chosen}
    return len(set(selection.frames) - present)
