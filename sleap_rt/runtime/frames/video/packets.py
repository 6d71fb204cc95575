"""The packets of a video, each with its true time stamp, also behind damage."""

import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import av
from av import logging as av_logging

from sleap_rt.runtime.frames.video.container import Failures, OpenContainer

_MOST_FAILURES = 1000  # in a row, without a packet in between: the rest is not readable
_CHUNK_HEADER = 8  # bytes; an AVI index points to the header of a chunk, a packet to its content
_LONGEST_HEADER = 64  # bytes
_LONGEST_AVI_HEADER = 2**20  # bytes
_scanning = threading.Lock()

Packet: TypeAlias = "av.Packet[Any]"


@dataclass(frozen=True)
class AviIndex:
    """Where an AVI file's index says that its frames are.

    AVI packets carry no time: FFmpeg counts them, and a lost one shifts all behind it. Their place
    in the file shows which frame they are.

    Attributes:
        positions: of the chunks in the file, ascending.
        times: of the chunks; the file's count of frames.
        is_reordered: frames are shown in another order. The file does not say in which, so that
            nothing proves the place of frames behind a lost one.
    """

    positions: Sequence[int]
    times: Sequence[int]
    is_reordered: bool = False

    def place_of(self, packet: "Packet") -> int:
        """Of a retimed packet among all."""
        return bisect_left(self.times, packet.dts or 0)

    def retimed(self, packet: "Packet") -> "Packet | None":
        """The packet with its true time; None if the index knows no frame there."""
        if packet.pos is None:
            return None
        position = packet.pos - _CHUNK_HEADER
        found = bisect_left(self.positions, position)
        if found == len(self.positions) or self.positions[found] != position:
            return None
        time = self.times[found]
        delay = 0 if packet.pts is None or packet.dts is None else packet.pts - packet.dts
        packet.pts, packet.dts = time + delay, time
        return packet


def read_packets(
    opened: OpenContainer, index: AviIndex | None = None, *, of_all: bool = False
) -> Iterator[Packet]:
    """The packets of the chosen stream from here to the end, past damaged places.

    Args:
        opened: the file, at any place.
        index: of an AVI file, where it has one.
        of_all: those of all other streams as well.
    """
    streams = tuple(opened.container.streams) if of_all else (opened.stream,)
    n_failures = 0
    while n_failures < _MOST_FAILURES:
        try:
            for packet in opened.container.demux(streams):
                n_failures = 0
                if not packet.size:
                    continue  # PyAV's mark of the end, or a frame that a camera left out
                known = packet if index is None else index.retimed(packet)
                if known is not None:
                    yield known
            return
        except Failures:
            n_failures += 1


@dataclass(frozen=True)
class Scan:
    """What reading all packets of a file showed.

    Attributes:
        times: of the frames that are shown, in the order of the file; None where one has none.
        decoding_times: of the same.
        damaged_at: positions in `times` ahead of which the file is damaged.
    """

    times: Sequence[int | None]
    decoding_times: Sequence[int | None]
    damaged_at: Sequence[int]


def scan(opened: OpenContainer) -> Scan:
    """Read all packets of a file that was just opened, without decoding them."""
    times: list[int | None] = []
    decoding_times: list[int | None] = []
    damaged_at = []
    is_avi = opened.kind == "avi"
    end = _first_chunk(opened) if is_avi else None
    with _complaints(opened.kind) as complaints:
        for packet in read_packets(opened, of_all=is_avi):
            if (
                complaints.any_new()
                or packet.is_corrupt
                or (is_avi and _is_behind_hole(packet, end))
            ):
                damaged_at.append(len(times))
            end = None if packet.pos is None else packet.pos + packet.size
            if packet.stream_index == opened.stream.index and not packet.is_discard:
                times.append(packet.pts)
                decoding_times.append(packet.dts)
        if complaints.any_new():
            damaged_at.append(len(times))
    return Scan(times, decoding_times, sorted({*damaged_at, *_steps_back(decoding_times)}))


def _steps_back(times: Sequence[int | None]) -> Iterator[int]:
    """Where time runs backwards, which it does not in the order of decoding."""
    known = [(place, time) for place, time in enumerate(times) if time is not None]
    return (place for (_, before), (place, time) in pairwise(known) if time < before)


def _first_chunk(opened: OpenContainer) -> int:
    """Where the frames of an AVI file begin, bytes; 0 if that is not near its start."""
    with Path(opened.container.name.removeprefix("file:")).open("rb") as file:
        return file.read(_LONGEST_AVI_HEADER).find(b"movi") + 4


def _is_behind_hole(packet: Packet, end: int | None) -> bool:
    """Whether bytes of an AVI file between two packets are neither of them nor a header."""
    return None not in (packet.pos, end) and packet.pos - end > _LONGEST_HEADER  # type: ignore[operator]


@contextmanager
def _complaints(kind: str) -> Iterator["_Complaints"]:
    """Collects the errors that the reader of a container logs; PyAV has no other sign of them."""
    with _scanning:
        before = av_logging.get_level(), av_logging.get_skip_repeated()
        av_logging.set_level(av_logging.ERROR)
        av_logging.set_skip_repeated(False)
        try:
            with av_logging.Capture(local=True) as lines:
                yield _Complaints(lines, kind)
        finally:
            av_logging.set_level(before[0])
            av_logging.set_skip_repeated(before[1])


class _Complaints:
    """Those lines of a log that the container's reader wrote."""

    def __init__(self, lines: list[tuple[int, str, str]], kind: str) -> None:
        self._lines, self._kind = lines, kind
        self._n_seen = 0

    def any_new(self) -> bool:
        """Whether there are some since the last call."""
        new = self._lines[self._n_seen :]
        self._n_seen += len(new)
        return any(source == self._kind for _, source, _ in new)
