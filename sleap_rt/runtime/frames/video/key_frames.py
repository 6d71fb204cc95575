"""Where decoding of a video can begin."""

from collections.abc import Sequence
from pathlib import Path

from sleap_rt.errors import DataError
from sleap_rt.runtime.frames.video.container import Failures, open_container
from sleap_rt.runtime.frames.video.packets import read_packets


def key_frames(path: Path, n_frames: int) -> Sequence[int]:
    """Numbers of the key frames, ascending; by the file's index, else by reading its packets.

    Frames are counted in the order in which they are stored, so that a number may be a few frames
    below the true one where frames are reordered: good enough to begin at, not to identify a frame.

    Args:
        path: of the video.
        n_frames: that it has.

    Raises:
        DataError: the file cannot be read.
    """
    opened = open_container(path, 1)
    try:
        entries = [entry for entry in opened.stream.index_entries if not entry.is_discard]
        if len(entries) >= n_frames:
            return [place for place, entry in enumerate(entries) if entry.is_keyframe]
        packets = (one for one in read_packets(opened) if not one.is_discard)
        return [place for place, packet in enumerate(packets) if packet.is_keyframe]
    except Failures as error:
        raise DataError(f"{path}: its index cannot be read: {error}") from error
    finally:
        opened.container.close()
