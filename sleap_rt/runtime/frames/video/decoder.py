"""Frames of a video in the order in which they are shown, past what is damaged."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import av
from av.video.frame import PictureType

from sleap_rt.runtime.frames.video.container import Failures, OpenContainer, open_container
from sleap_rt.runtime.frames.video.packets import (
    AviIndex,
    Packet,
    read_packets,
)

_MOST_REORDERED = 4  # packets; the times of frames that close ahead of a gap are guesses


@dataclass(frozen=True)
class Decoded:
    """One frame.

    Attributes:
        frame: of PyAV.
        is_damaged: container or decoder found errors in it or just ahead of it.
        order: frames ahead of it in the file; None where that is not known.
    """

    frame: av.VideoFrame
    is_damaged: bool
    order: int | None = None


class _DamagedError(Exception):
    """Threads that decode ahead met an error."""


class Decoder:
    """Decodes a file from any place to the end.

    Several threads work on the frames to come, so that what they make of damaged ones may depend on
    their number. The first error makes it go back to the key frame and on in one thread.

    Args:
        path: of the file.
        index: of an AVI file.
        has_times: frames carry the time at which they are shown.
    """

    def __init__(self, path: Path, index: AviIndex | None, *, has_times: bool) -> None:
        self._path, self._index, self._has_times = path, index, has_times
        self._opened: OpenContainer | None = None
        self._is_careful = False

    def frames(self, start: int | None) -> Iterator[Decoded]:
        """Frames to the end, without those that cannot be decoded, or that damage leaves no number.

        Args:
            start: from the last key frame at or before this time; None: from the start of the file,
                and only then with `Decoded.order`.

        Raises:
            DataError: the file cannot be opened any more.
        """
        n_given: int = 0
        last: int | None = None
        while True:
            resumed = last if self._has_times else None
            again = _with_later_damage(self._from(start if resumed is None else resumed))
            try:
                for decoded in islice(again, n_given if resumed is None else 0, None):
                    time = decoded.frame.pts
                    if resumed is None or (time is not None and time > resumed):
                        yield decoded
                        n_given, last = n_given + 1, time
                return
            except _DamagedError:
                self._is_careful = True

    def _from(self, time: int | None) -> Iterator[Decoded]:
        opened = self._moved(time)
        context = opened.stream.codec_context
        order = _Order(by_time=self._has_times) if time is None else None
        is_damaged = False
        for packet in self._packets(opened, is_first=time is None):
            if packet is not None and order is not None:
                order.feed(packet)
            is_damaged |= packet is not None and self._is_damaged(packet)
            try:
                frames = context.decode(packet)
            except Failures as error:
                if not self._is_careful:
                    raise _DamagedError from error
                if not self._has_times:
                    return
                is_damaged = True
                continue
            for frame in frames:
                if frame.is_corrupt and not self._is_careful:
                    raise _DamagedError
                if frame.is_corrupt and not self._has_times:
                    return  # its count proves nothing any more
                place = None if order is None else order.of(frame)
                yield Decoded(frame, is_damaged or frame.is_corrupt, place)
                is_damaged = False

    def _is_damaged(self, packet: Packet) -> bool:
        """What the container knows: a decoder may make a wrong image of it without a word."""
        if packet.is_corrupt and not self._is_careful:
            raise _DamagedError
        return packet.is_corrupt

    def _packets(self, opened: OpenContainer, *, is_first: bool) -> "Iterator[Packet | None]":
        """From here on; None at the end makes a decoder give what it holds."""
        packets = read_packets(opened, self._index)
        if self._index is None or not self._index.is_reordered:
            return chain(packets, (None,))
        return _ahead_of_gaps(packets, self._index, 0 if is_first else None)

    def _moved(self, time: int | None) -> OpenContainer:
        """The file at a key frame at or before a time; at its start if None."""
        if time is None or self._opened is None or self._is_careful:
            self.close()
            self._opened = open_container(self._path, 1 if self._is_careful else None)
        if time is None:
            return self._opened
        try:
            self._opened.container.seek(time, stream=self._opened.stream, backward=True)
        except Failures:
            return self._moved(None)  # that is slower, but at or before the time as well
        return self._opened

    def close(self) -> None:
        if self._opened is not None:
            self._opened.container.close()
            self._opened = None


def _ahead_of_gaps(
    packets: Iterator[Packet], index: AviIndex, expected: int | None
) -> Iterator["Packet | None"]:
    """Packets up to a few ahead of the first lost one, or all and None.

    Args:
        packets: of a file whose frames are reordered.
        index: of the file.
        expected: place of the first packet, where that is known.
    """
    waiting: deque[Packet] = deque()
    for packet in packets:
        place = index.place_of(packet)
        if expected is not None and place != expected:
            return
        expected = place + 1
        waiting.append(packet)
        if len(waiting) > _MOST_REORDERED:
            yield waiting.popleft()
    yield from waiting
    yield None


def _with_later_damage(frames: Iterator[Decoded]) -> Iterator[Decoded]:
    """B-frames are damaged where the frame that they build on is, which is shown after them."""
    waiting: list[Decoded] = []
    for decoded in frames:
        waiting.append(decoded)
        if decoded.frame.pict_type != PictureType.B:
            is_damaged = any(one.is_damaged for one in waiting)
            yield from (replace(one, is_damaged=is_damaged) for one in waiting)
            waiting = []
    yield from waiting


class _Order:
    """Counts the frames of a file from its start.

    Args:
        by_time: a frame's place is the number of packets with an earlier time, so that it holds
            also if the decoder leaves out others; else they are counted as they come.
    """

    def __init__(self, *, by_time: bool) -> None:
        self._by_time = by_time
        self._n_before = 0  # of `_waiting`
        self._waiting: list[int] = []  # times of packets whose frames have not come, ascending

    def feed(self, packet: Packet) -> None:
        if self._by_time and packet.pts is not None and not packet.is_discard:
            insort(self._waiting, packet.pts)

    def of(self, frame: av.VideoFrame) -> int:
        """The place of the next frame."""
        if not self._by_time or frame.pts is None:
            self._n_before += 1
            return self._n_before - 1
        place = bisect_left(self._waiting, frame.pts)
        del self._waiting[: place + 1]
        self._n_before += place + 1
        return self._n_before - 1
