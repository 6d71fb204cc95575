"""Pixels by frame number: the open videos of a run."""

from collections.abc import Mapping
from typing import Protocol

from sleap_rt.arrays import Image
from sleap_rt.runtime.frames.frame_refs import FrameRef


class Reader(Protocol):
    """One open video."""

    def read(self, index: int) -> Image: ...
    def close(self) -> None: ...


class Source:
    """The open videos of a run. Read from one thread at a time.

    Args:
        readers: by position of the video in the run.
        decoder: what turns the files into pixels.
    """

    def __init__(self, readers: Mapping[int, Reader], decoder: str) -> None:
        self._readers = dict(readers)
        self.decoder = decoder

    def read(self, ref: FrameRef) -> Image:
        """(height, width, channels) uint8, RGB or gray.

        Raises:
            DataError: the frame cannot be read.
        """
        return self._readers[ref.video_index].read(ref.frame_index)

    def close(self) -> None:
        for reader in self._readers.values():
            reader.close()
