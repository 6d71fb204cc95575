"""Presentation times of the frames of a video: seeking needs a frame's time, not its index."""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

FrameTimes = Sequence[int]  # presentation times in units of the stream, ascending


def stored_frame_count(stream: av.VideoStream) -> int:
    """Number of frames that are shown, from the file's header; 0 where it does not say.

    An MP4 clip that was cut without re-encoding has frames that are decoded but not shown. Only
    MP4 files are checked for these, since their index is always complete.
    """
    entries = stream.index_entries
    if "mp4" not in stream.container.format.name or not stream.frames or not len(entries):
        return int(stream.frames)
    is_cut = len(entries) != stream.frames or entries[0].is_discard or entries[-1].is_discard
    if not is_cut:
        return int(stream.frames)
    return sum(not entry.is_discard for entry in entries)


def read_frame_times(path: Path, stream: av.VideoStream, first: int | None) -> FrameTimes:
    """Presentation times of all frames.

    If the header lists every frame, at even steps, that is enough. Otherwise the whole file is read
    once, without decoding it.

    Args:
        path: of the video.
        stream: of the video, open.
        first: time of the first frame shown, where known.
    """
    entries = stream.index_entries
    if first is not None and len(entries) == stream.frames > 1:
        steps = np.diff([entry.timestamp for entry in entries])
        if (steps == steps[0]).all() and not any(entry.is_discard for entry in entries):
            step = int(steps[0])
            return range(first, first + step * stream.frames, step)
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.video[0])
        return sorted(p.pts for p in packets if p.pts is not None and not p.is_discard)
