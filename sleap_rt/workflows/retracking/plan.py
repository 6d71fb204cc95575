"""Tracking without a model, planned: the input is read, and everything checked."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.errors import DataError, OptionError
from sleap_rt.labels import OneForm, in_one_form, load_labels
from sleap_rt.labels.slices import SlicedLabels, open_sliced
from sleap_rt.options import SelectionOptions
from sleap_rt.options.written_files import kind_of_result, use_of_result
from sleap_rt.runtime.frames.labels_input import find_moved
from sleap_rt.runtime.frames.selection import on_merged_videos
from sleap_rt.runtime.outputs.names import check_output
from sleap_rt.runtime.pipeline.filters import check_centroid_distance
from sleap_rt.runtime.pipeline.retrack import replaced_identities
from sleap_rt.workflows.retracking.options import RetrackOptions
from sleap_rt.workflows.retracking.output import replaced_in_words, settled_output

if TYPE_CHECKING:
    import sleap_io as sio


@dataclass(frozen=True, kw_only=True)
class RetrackPlan:
    """What tracking without a model will do.

    Attributes:
        data: a `.slp` file, or labels.
        sliced: the file, if its frames are read and written some at a time.
        labels: its labels, without their frames if they are sliced; otherwise they may be changed.
        options: how to track, by the videos of `labels`.
        output_path: the file to write; None writes none.
        notes: what a person should know about the input, in words.
        replaced: results that will be replaced and were made otherwise, in words.
    """

    data: "Path | sio.Labels"
    sliced: SlicedLabels | None
    labels: "sio.Labels"
    options: RetrackOptions
    output_path: Path | None
    notes: tuple[str, ...]
    replaced: tuple[str, ...]

    def n_missing(self, present: Collection[int]) -> int:
        """Number of frames that were asked for and have no labels.

        Args:
            present: numbers of the frames that are kept.

        Raises:
            DataError: there are none, and some were asked for.
        """
        asked = self.options.selection.frames
        if asked is None:
            return 0
        if not present:
            name = self.data if isinstance(self.data, Path) else "The labels"
            raise DataError(f"{name}: none of the frames asked for has labels.")
        return len(set(asked).difference(present))


def planned_retracking(
    data: "Path | sio.Labels", options: RetrackOptions, *, writes: bool, keeps_labels: bool
) -> RetrackPlan:
    """Read the input, and check all that can be checked ahead of the tracking.

    Args:
        data: a `.slp` file, or labels, which are copied.
        options: as asked for.
        writes: if `output_path` is None, write to a path derived from the file's.
        keeps_labels: never slice the input, as the result is to be in memory.

    Raises:
        OptionError, DataError: as `retrack_data`.
    """
    can_be_sliced = not keeps_labels and (writes or options.output_path is not None)
    sliced = _sliced(data, options) if can_be_sliced else None
    form = _loaded(data, options) if sliced is None else _form_of(sliced)
    labels = form.labels
    _refuse_centroids(data, labels)
    selection = on_merged_videos(options.selection, form.video_numbers)
    options = replace(options, selection=selection)
    check_centroid_distance(
        options.filters, all(len(skeleton.nodes) == 1 for skeleton in labels.skeletons)
    )
    if options.tracking.needs_images and isinstance(data, Path):
        _find_videos(labels, data.parent, options.selection.video_index)
    output_path = settled_output(data, labels, options, writes=writes)
    return RetrackPlan(
        data=data,
        sliced=sliced,
        labels=labels,
        options=options,
        output_path=output_path,
        notes=(*form.notes, *replaced_identities(data, labels)),
        replaced=tuple(replaced_in_words(output_path, labels, options)),
    )


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


def _loaded(data: "Path | sio.Labels", options: RetrackOptions) -> OneForm:
    if not isinstance(data, Path):
        return in_one_form(data.copy(), in_place=True)
    if data.suffix != ".slp":
        kind, use = kind_of_result(data), "give model_paths to predict them"
        if kind is not None:
            use = (
                f"this is {kind}; {use_of_result(data, 'name the `.slp` file that has the poses')}"
            )
        elif data.is_dir():
            use = f'this is a folder; name the files in it, for example "{data / "*.slp"}"'
        raise OptionError(
            f"data_path {data}: tracking without a model needs poses, that is a `.slp` file; {use}"
        )
    if options.output_path is not None:
        check_output(options.output_path, [data], options.output_format)
    form = in_one_form(load_labels(data), in_place=True)
    return replace(form, notes=tuple(f"{data}: {note}" for note in form.notes))


def _refuse_centroids(data: "Path | sio.Labels", labels: "sio.Labels") -> None:
    """Refuse what a centroid model alone found where it was written as points of no skeleton."""
    frames = labels.labeled_frames
    if any(frame.centroids for frame in frames) and not any(frame.instances for frame in frames):
        name = data if isinstance(data, Path) else "The labels"
        raise DataError(
            f"{name} has centroids and no instances, and centroids cannot be tracked; predict with "
            "--centroid_output instance."
        )


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
