"""Rows of their own for instances without a track, in formats that know animals by their tracks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sleap_rt.runtime.outputs.blocks.analysis_h5 import untracked_names

if TYPE_CHECKING:
    import sleap_io as sio


@contextmanager
def rows_for_untracked(labels: "sio.Labels", video: "sio.Video") -> Iterator[None]:
    """While this lasts, instances of a video without a track have one that says so.

    Args:
        labels: changed, and changed back in the end.
        video: of the labels.
    """
    import sleap_io as sio

    frames = [frame for frame in labels.labeled_frames if frame.video is video]
    untracked = [[one for one in frame.instances if one.track is None] for frame in frames]
    used = {id(one.track): one.track for frame in frames for one in frame.instances if one.track}
    most = max(map(len, untracked), default=0)
    rows = [sio.Track(name) for name in untracked_names(most, [t.name for t in used.values()])]
    before = list(labels.tracks)
    try:
        labels.tracks = [*before, *rows]
        for instances in untracked:
            for one, row in zip(instances, rows, strict=False):
                one.track = row
        yield
    finally:
        labels.tracks = before
        for instances in untracked:
            for one in instances:
                one.track = None
