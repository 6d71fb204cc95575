"""Pixels by frame number: the open videos of a run."""

import threading
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError, FrameError
from sleap_rt.runtime.frames.frame_refs import FrameRef

_PATIENCE_SECONDS = 1.0


class Reader(Protocol):
    """One video. `close` lets go of its files; a later `read` opens them again."""

    def read(self, index: int) -> Image: ...
    def close(self) -> None: ...


@runtime_checkable
class Decoding(Protocol):
    """A reader that knows what became of its file.

    Attributes:
        is_concealed: whether the decoder made up a part of the frame read last.
        notes: what a user should know about the file.
    """

    is_concealed: bool
    notes: tuple[str, ...]


@runtime_checkable
class Compressed(Protocol):
    """A reader whose frames build on each other: decoding begins at key frames."""

    def key_frames(self) -> Sequence[int]: ...


class LostVideo:
    """A video that cannot be read, in place of its reader: others of the run may be.

    Args:
        error: says why.
    """

    is_concealed = False

    def __init__(self, error: DataError) -> None:
        self._error = error
        self.notes: tuple[str, ...] = (str(error),)

    def read(self, index: int) -> Image:
        raise FrameError(f"Frame {index} cannot be read: {self._error}")

    def close(self) -> None:
        pass


class Source:
    """The videos of a run, opened when their turn comes. Read from one thread at a time.

    Args:
        readers: by position of the video in the run.
        decoder: what turns the files into pixels.
    """

    def __init__(self, readers: Mapping[int, Reader], decoder: str) -> None:
        self._readers = dict(readers)
        self.decoder = decoder
        self._reading = threading.Lock()
        self._current: int | None = None  # the video that is open
        self.concealed: set[FrameRef] = set()  # frames read so far, whose image is in part made up

    def read(self, ref: FrameRef) -> Image:
        """(height, width, channels) uint8, RGB or gray.

        Raises:
            FrameError: this frame cannot be read.
            DataError: no frame can.
        """
        reader = self._readers[ref.video_index]
        with self._reading:
            if self._current is not None and self._current != ref.video_index:
                self._readers[self._current].close()
            self._current = ref.video_index
            image = reader.read(ref.frame_index)
        if isinstance(reader, Decoding) and reader.is_concealed:
            self.concealed.add(ref)
        return image

    def key_frames(self, video_index: int) -> Sequence[int] | None:
        """Numbers of a video's frames at which decoding can begin; None: at each of them.

        Raises:
            DataError: the video cannot be read.
        """
        reader = self._readers[video_index]
        return reader.key_frames() if isinstance(reader, Compressed) else None

    @property
    def notes(self) -> list[str]:
        """What a user should know about the files."""
        readers = [reader for reader in self._readers.values() if isinstance(reader, Decoding)]
        return [note for reader in readers for note in reader.notes]

    def close(self) -> None:
        """Close the videos; not while a read hangs, which closing a file beneath it would crash."""
        if self._reading.acquire(timeout=_PATIENCE_SECONDS):
            for reader in self._readers.values():
                reader.close()
            self._reading.release()
