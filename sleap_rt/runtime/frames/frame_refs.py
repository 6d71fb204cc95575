"""References to frames, and the protocols of what reads them."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sleap_rt.arrays import Image
from sleap_rt.instances import KnownInstances

NO_LABELS = (
    "this model alone works on labelled animals, and the input has none: give a `.slp` file with "
    "labelled frames, or the other model of the pair as well"
)


class FrameRef(NamedTuple):
    """Where a frame is: position of its video in the run, position in that video."""

    video_index: int
    frame_index: int


class FrameReader(Protocol):
    """One video, read frame by frame."""

    def read(self, index: int) -> Image: ...


class FrameSource(Protocol):
    """Frames of one or more videos. Read from one thread at a time."""

    def read(self, ref: FrameRef) -> Image:
        """(height, width, channels) uint8, RGB or gray."""
        ...

    def known(self, ref: FrameRef, node_names: Sequence[str]) -> KnownInstances:
        """The labelled animals of a frame."""
        ...
