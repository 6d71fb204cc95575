"""Opened input of a run: frames of one or more videos, and the labels they came with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError
from sleap_rt.instances import KnownInstances
from sleap_rt.runtime.frames.frame_refs import NO_LABELS, FrameRef
from sleap_rt.runtime.frames.selection import Selection

if TYPE_CHECKING:
    import sleap_io as sio


class Reader(Protocol):
    """One video, open."""

    def read(self, index: int) -> Image: ...
    def close(self) -> None: ...


class Source:
    """Opened input: its frames, and what a labels file of predictions needs to know of it.

    Attributes:
        selection: the frames to process.
        labels: of the input, where it has any.
        labels_path: of the labels file, where there is one.
        files: paths that hold the frames or labels; no output may replace them.
        decoder: what turns files into pixels.
        video_name: file name of the one video that was chosen out of labels; else None.
    """

    def __init__(
        self,
        readers: Mapping[int, Reader],
        selection: Selection,
        *,
        decoder: str,
        videos: "Callable[[], Sequence[sio.Video]]",
        labels: "sio.Labels | None" = None,
        labels_path: Path | None = None,
        files: Sequence[Path] = (),
        video_name: str | None = None,
    ) -> None:
        self._readers = dict(readers)
        self.selection = selection
        self.labels = labels
        self.labels_path = labels_path
        self.files = tuple(files)
        self.decoder = decoder
        self.video_name = video_name
        self._videos = videos

    def read(self, ref: FrameRef) -> Image:
        return self._readers[ref.video_index].read(ref.frame_index)

    def known(self, ref: FrameRef, node_names: Sequence[str]) -> KnownInstances:
        """The animals that a person labelled in a frame; nodes in the order of `node_names`."""
        raise DataError(NO_LABELS)

    def has_known(self, ref: FrameRef) -> bool:
        """Whether a person labelled an animal in a frame."""
        return False

    def labeled_only(self) -> Selection:
        """The selected frames in which a person labelled an animal.

        Raises:
            DataError: there is none.
        """
        refs = [ref for ref in self.selection.refs if self.has_known(ref)]
        if not refs:
            raise DataError(NO_LABELS)
        return replace(self.selection, refs=refs)

    def videos(self) -> "list[sio.Video]":
        """The videos that `FrameRef.video_index` counts, for the result."""
        return list(self._videos())

    def close(self) -> None:
        for reader in self._readers.values():
            reader.close()

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
