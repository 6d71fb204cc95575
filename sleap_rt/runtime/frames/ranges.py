"""Cuts the frames of a run into ranges that are predicted apart, with the same results."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from sleap_rt.runtime.frames.frame_refs import FrameRef

KeyFrames = Callable[[int], Sequence[int] | None]
"""Position of a video -> numbers of its key frames; None where every frame stands for itself."""

_MOST_PIECES = 4  # of frames without a key frame: each decodes all those ahead of it
_SHORTEST_PIECE = 32  # frames


@dataclass(frozen=True)
class Cuts:
    """Positions at which the frames of a run can be cut: whole batches lie on either side.

    Attributes:
        n_frames: of the run.
        free: positions at key frames, ascending, the first is 0; less than a batch of frames is
            decoded on either side of one.
        costly: positions far from a key frame.
    """

    n_frames: int
    free: Sequence[int]
    costly: Sequence[int] = ()

    def near(self, wanted: float, span: float) -> int:
        """A free cut within `span` of the one wanted, or else the nearest of all; an end is one."""
        cuts = [_nearest(self.free, wanted), self.n_frames]
        best = min(cuts, key=lambda cut: abs(cut - wanted))
        if abs(best - wanted) <= span or not self.costly:
            return best
        return min((best, _nearest(self.costly, wanted)), key=lambda cut: abs(cut - wanted))

    def range_of(self, part: int, n_parts: int) -> range:
        """The positions of one of so many parts, 1 the first; parts may be empty."""
        size = self.n_frames / n_parts
        start, stop = (
            self.n_frames if number == n_parts else number and self.near(number * size, size / 2)
            for number in (part - 1, part)
        )
        return range(start, stop)

    def range_from(self, start: int, size: int) -> range:
        """The positions of a range that begins at a cut and has about so many frames."""
        stop = self.near(start + size, size / 2)
        if stop <= start:
            later = [cut for cut in (self.free, self.costly) if cut and cut[-1] > start]
            stop = min((cut[bisect_left(cut, start + 1)] for cut in later), default=self.n_frames)
        return range(start, stop)


def cuts_of(refs: Sequence[FrameRef], key_frames: KeyFrames, batch_size: int) -> Cuts:
    """Where the frames of a run can be cut.

    Args:
        refs: of all frames, in order.
        key_frames: of each video.
        batch_size: frames per batch; a cut falls on a multiple of it, the first behind a key frame.
    """
    free: list[int] = []
    costly: list[int] = []
    start = 0
    for video, stop in _videos(refs):
        keys = key_frames(video)
        if keys is None or len(keys) >= stop - start:
            free += range(_up(start, batch_size), stop, batch_size)
        else:
            places = [bisect_left(refs, FrameRef(video, key), start, stop) for key in keys]
            places = sorted({start, *(place for place in places if place < stop)})
            free += [cut for place in places if (cut := _up(place, batch_size)) < stop]
            for first, behind in pairwise((*places, stop)):
                costly += _within(first, behind, batch_size)
        start = stop
    return Cuts(len(refs), sorted({0, *free}), costly)


def _videos(refs: Sequence[FrameRef]) -> list[tuple[int, int]]:
    """Each video with the position behind its last frame."""
    if refs[0].video_index == refs[-1].video_index:
        return [(refs[0].video_index, len(refs))]
    ends, n_frames = [], 0
    for video, frames in groupby(refs, key=lambda ref: ref.video_index):
        n_frames += sum(1 for _ in frames)
        ends.append((video, n_frames))
    return ends


def _within(first: int, behind: int, batch_size: int) -> list[int]:
    """Cuts of a long stretch without key frames."""
    length = behind - first
    piece = max(_SHORTEST_PIECE, -(-length // _MOST_PIECES))
    cuts = [_up(first + number * piece, batch_size) for number in range(1, _MOST_PIECES)]
    return [cut for cut in cuts if cut < behind - _SHORTEST_PIECE // 2]


def _up(position: int, batch_size: int) -> int:
    return -(-position // batch_size) * batch_size


def _nearest(ascending: Sequence[int], wanted: float) -> int:
    place = bisect_left(ascending, wanted)
    return min(ascending[max(place - 1, 0) : place + 1], key=lambda cut: abs(cut - wanted))
