"""`sleap-nn track` without a model: a labels file in, the same poses with new tracks out."""

import time
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sleap_rt.errors import DataError, OptionError
from sleap_rt.options import FilterOptions
from sleap_rt.runtime.outputs.names import check_output, default_output
from sleap_rt.tracking.options import TrackerOptions

if TYPE_CHECKING:
    import sleap_io as sio


def run_track_only(
    data_path: Path,
    options: TrackerOptions,
    *,
    output_path: Path | None = None,
    frames: Collection[int] | None = None,
    video_index: int | None = None,
    filters: FilterOptions | None = None,
    output_format: str = "slp",
    no_empty_frames: bool = False,
    quiet: bool = False,
) -> Path:
    """Load labels, track them, save them, print one summary line.

    Args:
        data_path: the `.slp` file; never written to.
        options: how to track.
        output_path: the file to write; named after `data_path` where None.
        frames: frame indices to keep, in every video; None keeps all.
        video_index: the one video to keep; None keeps all.
        filters: which predicted instances are dropped, before tracking.
        output_format: kind of the file.
        no_empty_frames: leave out frames without instances.
        quiet: print no summary.

    Returns:
        The file written.

    Raises:
        OptionError: the paths, the frames or the video cannot be what is meant.
        DataError: the file or a video it needs is missing or damaged.
    """
    _check_input(data_path)
    if output_path is not None:
        check_output(output_path, [data_path], output_format)
    labels = _load(data_path, open_videos=options.needs_images)
    from sleap_rt.runtime.outputs.formats import write_labels
    from sleap_rt.runtime.pipeline.filters import filter_labels
    from sleap_rt.workflows.retrack import check_video_index, retrack  # needs sleap-io

    check_video_index(labels, video_index)
    if output_path is None:
        output_path = _default_output(data_path, labels, video_index, output_format)
        check_output(output_path, [data_path], output_format)
    if options.needs_images:
        _find_videos(labels, data_path.parent, video_index)
    _warn_of_missing(labels, frames, video_index)
    started = time.perf_counter()
    if filters is not None and filters.any_on:
        filter_labels(labels, filters)
    labels = retrack(labels, options, frames=frames, video_index=video_index, in_place=True)
    seconds = max(time.perf_counter() - started, 1e-9)
    if frames is not None and not labels.labeled_frames:
        raise DataError(f"{data_path}: none of the frames asked for has labels.")
    if no_empty_frames:
        labels.labeled_frames = [frame for frame in labels.labeled_frames if frame.instances]
    labels.provenance["source_labels"] = data_path.resolve().as_posix()
    written = write_labels(labels, output_path, output_format)
    n_frames = len(labels.labeled_frames)
    n_instances = sum(len(frame.instances) for frame in labels.labeled_frames)
    if quiet:
        return output_path
    click.echo(
        f"{n_frames} frames, {n_instances} instances, {len(labels.tracks)} tracks, "
        f"{n_frames / seconds:.1f} frames/s -> {', '.join(map(str, written))}"
    )
    return output_path


def _check_input(data_path: Path) -> None:
    if data_path.suffix != ".slp":
        raise OptionError(
            f"data_path {data_path}: tracking without a model needs poses, that is a `.slp` file; "
            "give -m/--model_paths to predict them"
        )
    if not data_path.is_file():
        raise DataError(f"{data_path} is not there.")


def _load(path: Path, *, open_videos: bool) -> "sio.Labels":
    import sleap_io as sio

    try:
        return sio.load_slp(str(path), open_videos=open_videos)
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path} cannot be read as a `.slp` file: {error}") from error


def _default_output(
    data_path: Path, labels: "sio.Labels", video_index: int | None, output_format: str
) -> Path:
    name = None
    if video_index is not None:
        filename = labels.videos[video_index].filename
        name = filename[0] if isinstance(filename, list) else filename
    return default_output(data_path, name, output_format)


def _find_videos(labels: "sio.Labels", folder: Path, video_index: int | None) -> None:
    """Look for videos that are to be read and not where the labels say in `folder`."""
    from sleap_rt.runtime.frames.labels_source import find_moved

    labeled = {id(frame.video) for frame in labels.labeled_frames}
    find_moved(
        [
            video
            for index, video in enumerate(labels.videos)
            if id(video) in labeled and video_index in (None, index)
        ],
        folder,
    )


def _warn_of_missing(
    labels: "sio.Labels", frames: Collection[int] | None, video_index: int | None
) -> None:
    if frames is None:
        return
    videos = labels.videos if video_index is None else [labels.videos[video_index]]
    chosen = {id(video) for video in videos}
    present = {frame.frame_idx for frame in labels.labeled_frames if id(frame.video) in chosen}
    n_missing = len(set(frames) - present)
    if n_missing:
        click.echo(f"Warning: {n_missing} of the frames asked for have no labels", err=True)
