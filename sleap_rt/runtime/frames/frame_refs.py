"""References to frames, and the protocol of what reads them."""

from collections.abc import Set
from typing import NamedTuple, Protocol

from sleap_rt.arrays import Image


class FrameRef(NamedTuple):
    """Where a frame is: position of its video in the run, position in that video."""

    video_index: int
    frame_index: int


class FrameSource(Protocol):
    """Frames of one or more videos. Read from one thread at a time."""

    def read(self, ref: FrameRef) -> Image:
        """(height, width, channels) uint8, RGB or gray."""
        ...

    @property
    def concealed(self) -> Set[FrameRef]:
        """Frames read so far whose decoder made up a part of the image."""
        ...
