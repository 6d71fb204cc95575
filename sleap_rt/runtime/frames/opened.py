"""An open input: pixels, the frames chosen from them, and the labels it came with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.errors import DataError
from sleap_rt.runtime.frames.input_labels import NO_LABELS, InputLabels
from sleap_rt.runtime.frames.selection import Selection
from sleap_rt.runtime.frames.source import Source

if TYPE_CHECKING:
    import sleap_io as sio


@dataclass(frozen=True)
class OpenInput:
    """What a run reads. A context manager that closes the videos.

    Attributes:
        source: the pixels.
        selection: the frames to process.
        videos: makes the videos that `FrameRef.video_index` counts, for the result.
        labels: that the input came with; None where it has none.
        files: paths of the frames and labels, which no output may replace.
        video_name: name of the one video chosen from a labels file, unique in it; None otherwise.
        notes: what a person should know about the input, in words.
        given: the path or the paths that it was opened by; None for data in memory.
    """

    source: Source
    selection: Selection
    videos: "Callable[[], Sequence[sio.Video]]"
    labels: InputLabels | None = None
    files: tuple[Path, ...] = ()
    video_name: str | None = None
    notes: tuple[str, ...] = ()
    given: Path | tuple[Path, ...] | None = None

    def labeled(self) -> "OpenInput":
        """The same input with only those frames in which a person labelled an animal.

        Raises:
            DataError: there is none.
        """
        labels = self.labels
        refs = [] if labels is None else [ref for ref in self.selection.refs if ref in labels]
        if not refs:
            raise DataError(NO_LABELS)
        return replace(self, selection=replace(self.selection, refs=refs))

    def close(self) -> None:
        self.source.close()

    def __enter__(self) -> "OpenInput":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
