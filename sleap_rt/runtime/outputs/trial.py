"""Tries an output ahead of a run: what cannot be written must not be found out after it."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sleap_rt.errors import DataError
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.frames.sleap_video import video_files
from sleap_rt.runtime.outputs.formats import write_results
from sleap_rt.runtime.outputs.results import Tally
from sleap_rt.runtime.outputs.saving import unfinished_prefix
from sleap_rt.skeleton import Skeleton
from sleap_rt.words import no_text_why

if TYPE_CHECKING:
    import sleap_io as sio

    from sleap_rt.runtime.frames.frame_refs import FrameRef


def try_output(
    path: Path,
    format_name: str,
    skeleton: Skeleton,
    videos: "Sequence[sio.Video]",
    refs: "Sequence[FrameRef]",
) -> None:
    """Write a small result as the real one will be, into the same folder, and delete it.

    It has an empty frame and one with an animal, so the format is tried with both, and the folder
    with the locks and the opening again that the format needs.

    Args:
        path: of the output; its folder is there.
        format_name: one of `FORMATS`.
        skeleton: of the run.
        videos: of the run.
        refs: the frames of the run, at least one.

    Raises:
        DataError: it cannot be written.
    """
    tally, frames = Tally(), []
    n_nodes = len(skeleton.node_names)
    for ref, n_animals in {refs[0]: 0, refs[-1]: 1}.items():
        frame = FrameInstances(
            video_index=ref.video_index,
            frame_index=ref.frame_index,
            points=np.ones((n_animals, n_nodes, 2), np.float32),
            point_scores=np.ones((n_animals, n_nodes), np.float32),
            scores=np.ones(n_animals, np.float32),
            track_ids=np.zeros(n_animals, np.int64),
            tracking_scores=np.ones(n_animals, np.float32),
        )
        tally.add(frame)
        frames.append(frame)
    results = tally.results(frames, skeleton, videos, ["track_0"])
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=unfinished_prefix(path)) as folder:
            write_results(results, Path(folder) / path.name, format_name)
    except Exception as error:  # of whatever library writes the format
        _, _, reason = str(error).rpartition(f"{path.name} cannot be written: ")
        what_to_do = "Choose another folder (-o) or another --output_format."
        if no_text := _name_that_is_no_text(error, path, videos):
            reason, what_to_do = no_text, "Rename it, or choose another --output_format."
        raise DataError(
            f"{path} could not be written after the run, as a trial shows: "
            f"{(reason or str(error)).rstrip('.')}. Nothing was run. {what_to_do}"
        ) from error


def _name_that_is_no_text(
    error: BaseException | None, path: Path, videos: "Sequence[sio.Video]"
) -> str | None:
    """What to say where that is why the format cannot hold it."""
    while error is not None and not isinstance(error, UnicodeEncodeError):
        error = error.__cause__ or error.__context__
    if error is None:
        return None
    names = [path, *(name for video in videos for name in video_files(video))]
    return next(filter(None, (no_text_why(name) for name in names)), None)
