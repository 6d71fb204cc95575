"""What a result was made from, which its mark tells whoever finds it."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleap_rt.runtime.outputs.origin.input_files import files_fingerprint, may_be_moved
from sleap_rt.runtime.outputs.origin.marks import add_mark, has_same_values, mark_of
from sleap_rt.version import __version__

if TYPE_CHECKING:
    from sleap_rt.runtime.frames.opened import OpenInput


@dataclass(frozen=True)
class AskedFrames:
    """Frames of a video that were asked for, whether or not it has them.

    Attributes:
        first: number of the first one.
        last: of the last one.
        n: how many.
    """

    first: int
    last: int
    n: int

    @classmethod
    def of(cls, frames: Sequence[int] | None) -> "AskedFrames | None":
        """What these come to; None of all frames, and of none."""
        return cls(frames[0], frames[-1], len(frames)) if frames else None

    def may_be_in(self, frames: Collection[int]) -> bool:
        """Whether they are not more than those of `frames` from their first to their last."""
        n_between = sum(self.first <= one <= self.last for one in frames)
        return self.first in frames and self.last in frames and n_between >= self.n


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a result was made from.

    Attributes:
        input_name: as `name_of_input` gives it; None for frames that came from no file.
        n_frames: that were gone through, whatever was found there; None where that is not known.
        n_wanted: that were to be gone through: more, where a run ended early.
        frames: that were asked for; None: all, or not known.
        asked: what was asked of the run, as JSON values by name; empty where that is not known.
        files: names of all files of the result, where it has several.
    """

    input_name: str | None = None
    n_frames: int | None = None
    n_wanted: int | None = None
    frames: AskedFrames | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    @property
    def is_partial(self) -> bool:
        """Whether the run ended ahead of its last frame."""
        return (self.n_frames or 0) < (self.n_wanted or 0)

    def lacks_files(self, folder: Path) -> bool:
        """Whether files of the result are no longer there."""
        return not all(os.path.exists(folder / name) for name in self.files)

    def is_of(self, input_name: str | None) -> bool:
        """Whether the input is this one, or a video that has been moved to this place."""
        if self.input_name is None or input_name is None:
            return False
        return self.input_name == input_name or self._is_moved_to(Path(input_name))

    def _is_moved_to(self, path: Path) -> bool:
        """Whether the input was a video that lies here now, and no longer where it was."""
        if not may_be_moved(self.place, path):
            return False
        try:
            return self.asked.get("input") == files_fingerprint([path], self.place)
        except OSError:
            return False

    @property
    def place(self) -> str | None:
        """Where the input was, as `place_of` gives it; of no use for a video of a labels file."""
        return None if self.input_name is None else str(Path(self.input_name))


NOT_TOLD = Origin()


def name_of_input(opened: "OpenInput") -> str | None:
    """The labels file or the first file that is read, and the video chosen; None without files."""
    labels = opened.labels
    path = labels.path if labels is not None and labels.path is not None else None
    if path is None and not opened.files:
        return None
    return name_of_file(path or opened.files[0], opened.video_name)


def name_of_file(path: Path, video_name: str | None = None) -> str:
    """The same of one file.

    Args:
        path: of the input.
        video_name: of the one video of a labels file that was chosen.
    """
    video = "" if video_name is None else f"video {video_name} of "
    return video + path.resolve().as_posix()


def add_origin(path: Path, origin: Origin) -> None:
    """Mark a file as a result that was made so, if its format has a place for that.

    Raises:
        OSError: the disk is full, or failed.
    """
    told = asdict(origin)
    add_mark(path, {"sleap_rt": __version__, "input": told.pop("input_name"), **told})


def origin_of(path: Path, *, reads_values: bool = False) -> Origin | None:
    """What the mark of a file tells that is as it was written; else None.

    Args:
        path: of the file.
        reads_values: one in which values were changed in place is another one, too.
    """
    mark = mark_of(path)
    if mark is None or "input" not in mark or (reads_values and not has_same_values(path, mark)):
        return None
    name, asked, files = mark["input"], mark.get("asked"), mark.get("files")
    return Origin(
        input_name=None if name is None else str(name),
        n_frames=_number(mark.get("n_frames", _n_stored(path, mark))),
        n_wanted=_number(mark.get("n_wanted")),
        frames=_asked_frames(mark.get("frames")),
        asked=asked if isinstance(asked, dict) else {},
        files=tuple(map(str, files)) if isinstance(files, list) else (),
    )


def _n_stored(path: Path, mark: Mapping[str, Any]) -> Any:
    """Frames of a result whose mark tells no number: the rows of its table, if it has one."""
    shapes = mark.get("shapes")
    rows = shapes.get("frames") if path.suffix == ".slp" and isinstance(shapes, dict) else None
    return rows[0] if rows else None


def _asked_frames(told: Any) -> AskedFrames | None:
    if not isinstance(told, dict):
        return None
    first, last, n = (_number(told.get(name)) for name in ("first", "last", "n"))
    if first is None or last is None or n is None:
        return None
    return AskedFrames(first, last, n)


def _number(told: Any) -> int | None:
    return told if isinstance(told, int) else None
