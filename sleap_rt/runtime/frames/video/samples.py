"""Frames from all over a video: they show its size, and whether it has colours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import av

from sleap_rt.errors import DataError
from sleap_rt.runtime.frames.video.container import Failures, OpenContainer, open_container
from sleap_rt.runtime.frames.video.numbering import Numbering
from sleap_rt.runtime.frames.video.packets import read_packets
from sleap_rt.runtime.frames.video.pixels import Colors, check_depth, has_color

_N_PLACES = 16
_MOST_PACKETS = 64  # read at a place until a frame comes


@dataclass(frozen=True)
class Samples:
    """What the frames have in common.

    Attributes:
        size: (height, width), upright.
        is_gray: none has colours.
    """

    size: tuple[int, int]
    is_gray: bool


def spread_samples(path: Path, numbering: Numbering, colors: Colors) -> Samples:
    """Look at the first frame, and at key frames all over the video until one has colours.

    Raises:
        DataError: none can be decoded, or they are of a kind that models cannot take.
    """
    opened = open_container(path, n_threads=1)
    size, is_gray = None, True
    try:
        for frame in _frames(opened, numbering):
            if size is None:
                check_depth(frame, str(path))
                is_turned = round(frame.rotation / 90) % 2
                size = (frame.width, frame.height) if is_turned else (frame.height, frame.width)
            is_gray = not has_color(frame, colors)
            if not is_gray:
                break
    finally:
        opened.container.close()
    if size is None:
        raise DataError(f"{path}: none of its frames can be decoded; the file is damaged.")
    return Samples(size, is_gray)


def _frames(opened: OpenContainer, numbering: Numbering) -> Iterator[av.VideoFrame]:
    if numbering.times is None and opened.stream.duration is None:
        yield from islice(_decoded(opened, None, set()), _MOST_PACKETS)
        return
    begun: set[int] = set()
    for time in (None, *_spread_times(opened, numbering)):
        yield from islice(_decoded(opened, time, begun), 1)


def _spread_times(opened: OpenContainer, numbering: Numbering) -> Sequence[int]:
    times = numbering.times
    if times is None:
        start, duration = opened.stream.start_time or 0, opened.stream.duration or 0
        times = range(start, start + duration + 1)
    if not times:
        return []
    return [times[(len(times) - 1) * place // _N_PLACES] for place in range(1, _N_PLACES + 1)]


def _decoded(opened: OpenContainer, time: int | None, begun: set[int]) -> Iterator[av.VideoFrame]:
    """Frames from the key frame at or before a time; those with errors left out.

    Args:
        opened: the file.
        time: in units of the stream; None: from where the file is.
        begun: places in the file where this began before, to which it adds. Key frames may be
            further apart than times: none is looked at twice.
    """
    try:
        if time is not None:
            opened.container.seek(time, stream=opened.stream, backward=True)
    except Failures:
        return
    packets = islice(read_packets(opened), _MOST_PACKETS)
    first = next(packets, None)
    if first is not None and first.pos is not None:
        if first.pos in begun:
            return
        begun.add(first.pos)
    for packet in chain(() if first is None else (first,), packets, (None,)):
        try:
            yield from (
                frame
                for frame in opened.stream.codec_context.decode(packet)
                if not frame.is_corrupt
            )
        except Failures:
            continue
