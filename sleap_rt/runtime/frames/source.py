"""Opened input of a run: frames of one or more videos, and the labels they came with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError
from sleap_rt.runtime.frames.selection import Selection
from sleap_rt.runtime.outputs.names import default_output
from sleap_rt.runtime.pipeline.batches import NO_LABELS, FrameRef
from sleap_rt.runtime.predictors import KnownInstances

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
        self._video_name = video_name  # of the one that was chosen out of labels
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

    def default_output(self, data_path: Path, format_name: str = "slp") -> Path:
        """Where predictions on `data_path`, which this was opened from, go unless told."""
        return default_output(data_path, self._video_name, format_name)

    def close(self) -> None:
        for reader in self._readers.values():
            reader.close()

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
