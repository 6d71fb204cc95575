"""The file that tracking without a model writes."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.sleap_video import unique_video_name
from sleap_rt.runtime.outputs.earlier_results import check_preview_replaceable
from sleap_rt.runtime.outputs.formats import possible_files, video_stem
from sleap_rt.runtime.outputs.names import check_output, default_output, make_folder
from sleap_rt.runtime.outputs.origin.origin import AskedFrames, Origin, name_of_file, origin_of
from sleap_rt.runtime.outputs.trial import try_output
from sleap_rt.skeleton import Skeleton
from sleap_rt.workflows.planning.result_files import check_files_replaceable
from sleap_rt.workflows.retracking.options import RetrackOptions
from sleap_rt.workflows.run_identity.asked import selection_asked, will_be_replaced

if TYPE_CHECKING:
    import sleap_io as sio


def settled_output(
    data: "Path | sio.Labels", labels: "sio.Labels", options: RetrackOptions, *, writes: bool
) -> Path | None:
    """The file to write, which may be written; None writes none.

    Args:
        data: a `.slp` file, or labels.
        labels: of the file; their frames are not looked at.
        options: how to track.
        writes: if `output_path` is None, write to a path derived from the file's.

    Raises:
        OptionError: its name does not fit its format.
        DataError: it is the input, or must not be replaced.
    """
    output_path = options.output_path
    if output_path is None and writes and isinstance(data, Path):
        output_path = _default_output(data, labels, options)
    if output_path is not None:
        _check_output(output_path, data, labels, options)
    return output_path


def _default_output(data_path: Path, labels: "sio.Labels", options: RetrackOptions) -> Path:
    return default_output(
        data_path,
        _video_name(labels, options),
        options.output_format,
        name_of_input(data_path, labels, options),
    )


def _check_output(
    path: Path, data: "Path | sio.Labels", labels: "sio.Labels", options: RetrackOptions
) -> None:
    """Refuse an output that must not be written, before anything is tracked."""
    check_output(path, [data] if isinstance(data, Path) else [], options.output_format)
    check_tracked_replaceable(path, data, labels, options)
    if options.preview:
        check_preview_replaceable(path, overwrite=options.overwrite)


def check_tracked_replaceable(
    path: Path,
    data: "Path | sio.Labels",
    labels: "sio.Labels",
    options: RetrackOptions,
    n_frames: int | None = None,
) -> None:
    """Refuse to replace what must not be replaced by a result of so many frames.

    Raises:
        DataError: as the summary says.
    """
    files = _possible_files(path, labels, options)
    check_files_replaceable(files, name_of_input(data, labels, options), options, n_frames)


def origin_of_result(
    data: "Path | sio.Labels", labels: "sio.Labels", options: RetrackOptions, n_frames: int
) -> Origin:
    """What the mark of a result tells that went through so many frames."""
    name = name_of_input(data, labels, options)
    frames = AskedFrames.of(options.selection.frames)
    return Origin(input_name=name, n_frames=n_frames, frames=frames, asked=_asked(options))


def _asked(options: RetrackOptions) -> dict[str, Any]:
    """What the result depends on, as JSON values."""
    asked = {
        "filters": asdict(options.filters),
        "tracking": asdict(options.tracking),
        "selection": selection_asked(options.selection),
        "no_empty_frames": options.no_empty_frames,
    }
    plain: dict[str, Any] = json.loads(json.dumps(asked))
    return plain


def replaced_in_words(
    path: Path | None, labels: "sio.Labels", options: RetrackOptions
) -> Iterator[str]:
    """Results that are about to be replaced and were made in another way, one sentence each."""
    for file in [] if path is None else _possible_files(path, labels, options):
        origin = origin_of(file) if file.exists() else None
        if origin is not None:
            yield from will_be_replaced(file, origin, _asked(options), None)


def _possible_files(path: Path, labels: "sio.Labels", options: RetrackOptions) -> list[Path]:
    stems = [video_stem(video) for video in labels.videos]
    return possible_files(path, options.output_format, stems)


def ready_output(path: Path, labels: "sio.Labels", options: RetrackOptions) -> None:
    """Make the folder of the result, and find out ahead of the tracking whether it can be written.

    Raises:
        DataError: it cannot.
    """
    make_folder(path)
    if not labels.labeled_frames or not labels.skeletons:
        return
    numbers = {id(video): number for number, video in enumerate(labels.videos)}
    ends = (labels.labeled_frames[0], labels.labeled_frames[-1])
    refs = [FrameRef(numbers[id(frame.video)], frame.frame_idx) for frame in ends]
    names = tuple(node.name for node in labels.skeleton.nodes)
    skeleton = Skeleton(labels.skeleton.name or "", names)
    try_output(path, options.output_format, skeleton, labels.videos, refs)


def name_of_input(
    data: "Path | sio.Labels", labels: "sio.Labels", options: RetrackOptions
) -> str | None:
    """As results name the input that they are of; None for labels in memory."""
    return name_of_file(data, _video_name(labels, options)) if isinstance(data, Path) else None


def _video_name(labels: "sio.Labels", options: RetrackOptions) -> str | None:
    index = options.selection.video_index
    return None if index is None else unique_video_name(labels.videos, index)
