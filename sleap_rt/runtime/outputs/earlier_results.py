"""Tells whether a file may be replaced: only a result of the same input, as this program wrote it.

A result that is an HDF5 file carries a mark: its input, what was asked for, how many frames were
gone through, and the shapes of its datasets. Whoever saves the file again, as a person does after
proofreading, leaves the mark out or other shapes in.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleap_rt.errors import DataError
from sleap_rt.options.frames import parse_frames
from sleap_rt.runtime.frames.images.previews import is_preview
from sleap_rt.runtime.outputs.blocks.hdf5 import open_to_write
from sleap_rt.version import __version__
from sleap_rt.words import counted

if TYPE_CHECKING:
    from sleap_rt.runtime.frames.opened import OpenInput


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a result was made from, as its mark tells.

    Attributes:
        input_name: as `name_of_input` gives it; None for frames that came from no file.
        n_frames: that were gone through, whatever was found there; None where that is not known.
        asked: what was asked of the run, as JSON values by name; empty where that is not known.
    """

    input_name: str | None = None
    n_frames: int | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)


NOT_TOLD = Origin()
FRAMES_IN_SHORT = re.compile(r"\d+ frames? from (\d+) to (\d+): ")
"""How `Origin.asked` tells the frames of a selection where a list of them would be long."""
_MARK = "sleap_rt_result"
WITHOUT_MARK = (".csv", ".json")  # formats that have no place for it
_UNREADABLE = (OSError, RuntimeError, ValueError, KeyError, TypeError, RecursionError)


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


def add_mark(path: Path, origin: Origin) -> None:
    """Mark a file as a result of this program; files other than HDF5 stay as they are."""
    import h5py

    if not h5py.is_hdf5(path):
        return
    with open_to_write(path) as (file, _):
        mark = {
            "sleap_rt": __version__,
            "input": origin.input_name,
            "n_frames": origin.n_frames,
            "asked": dict(origin.asked),
            "shapes": _shapes(file),
        }
        file.attrs[_MARK] = json.dumps(mark)


def marked_input(path: Path) -> str | None:
    """The input that an unchanged result was made from; None if the file does not tell."""
    origin = origin_of(path)
    return None if origin is None else origin.input_name


def origin_of(path: Path) -> Origin | None:
    """What the mark of a file tells that is as it was written; else None."""
    from sleap_rt.untrusted.hdf5 import open_checked

    try:
        with open_checked(path, most_searched=0) as (file, _):
            mark = json.loads(file.attrs[_MARK])
            name, n_frames, asked = mark["input"], mark.get("n_frames"), mark.get("asked")
            if mark["shapes"] != _shapes(file):
                return None
            return Origin(
                input_name=None if name is None else str(name),
                n_frames=n_frames if isinstance(n_frames, int) else _n_stored(path, file),
                asked=asked if isinstance(asked, dict) else {},
            )
    except _UNREADABLE:
        return None


def _n_stored(path: Path, file: Any) -> int | None:
    return len(file["frames"]) if path.suffix == ".slp" else None


def check_replaceable(
    path: Path,
    input_name: str | None,
    *,
    overwrite: bool,
    n_frames: int | None = None,
    frames: Sequence[int] | None = None,
) -> None:
    """Refuse to replace a file that is no unchanged result of this input, or one of more frames.

    Args:
        path: the file to write; nothing is said if it does not exist.
        input_name: as `name_of_input` gives it.
        overwrite: replace whatever is there.
        n_frames: that the new result goes through; None where that is not known.
        frames: numbers that were asked for; None: all.

    Raises:
        DataError: as the summary says.
    """
    if overwrite or not path.exists():
        return
    origin = origin_of(path)
    if origin is not None and origin.input_name is not None and origin.input_name == input_name:
        _check_length(path, origin, n_frames)
        if frames is not None:
            _check_frames(path, origin, frozenset(frames))
        return
    raise DataError(
        f"{path} exists and {_what_it_is(path, origin)}. It is not replaced: choose another -o, "
        "or pass --overwrite."
    )


def preview_of(result: Path) -> Path:
    """Where the preview of a result lies."""
    return result.with_suffix(".preview.png")


def check_preview_replaceable(result: Path, *, overwrite: bool) -> None:
    """Refuse to replace a picture that is no preview as this program draws it.

    Args:
        result: whose preview is to be drawn.
        overwrite: replace whatever is there.

    Raises:
        DataError: as the summary says.
    """
    path = preview_of(result)
    if path.exists() and not overwrite and not is_preview(path):
        raise DataError(
            f"{path} exists and is no preview that sleap-rt drew. It is not replaced: choose "
            "another -o, or pass --overwrite."
        )


def _check_length(path: Path, origin: Origin, n_frames: int | None) -> None:
    there = origin.n_frames or 0
    if n_frames is None or there <= n_frames:
        return
    raise DataError(
        f"{path} holds {counted(there, 'frame')} of this input, and this run has {n_frames}. It is "
        "not replaced: choose another -o, or pass --overwrite."
    )


def _check_frames(path: Path, origin: Origin, frames: frozenset[int]) -> None:
    selection = origin.asked.get("selection")
    asked = selection.get("frames") if isinstance(selection, Mapping) else None
    if not isinstance(asked, str):
        return
    ends = FRAMES_IN_SHORT.match(asked)
    try:
        there = {int(ends[1]), int(ends[2])} if ends else set(parse_frames(asked))
    except ValueError:
        return
    # Some may have been asked for that the input does not have.
    if there <= frames or len(there & frames) >= (origin.n_frames or 0) > 0:
        return
    words = f"{ends[1]} to {ends[2]}" if ends else asked
    raise DataError(
        f"{path} holds frames {words} of this input, which the new result would not all have. It "
        "is not replaced: choose another -o, or pass --overwrite."
    )


def _what_it_is(path: Path, origin: Origin | None) -> str:
    if origin is not None and origin.input_name is not None:
        return f"is the result of {origin.input_name}, not of this input"
    n_labelled = _n_user_instances(path)
    if n_labelled:
        return f"holds {counted(n_labelled, 'instance')} that a person labelled"
    if path.suffix in WITHOUT_MARK:
        return f"a `{path.suffix}` file does not tell what it was made from"
    if origin is not None:
        return "is a recording, or a result of frames that came from no file"
    return "is not a result as sleap-rt left it"


def _n_user_instances(path: Path) -> int:
    from sleap_rt.untrusted.hdf5 import open_checked

    try:
        with open_checked(path, most_searched=0) as (file, _):
            return int((file["instances"]["instance_type"] == 0).sum())
    except _UNREADABLE:
        return 0


def _shapes(file: Any) -> dict[str, list[int]]:
    """Shapes of all datasets, by name."""
    import h5py

    shapes: dict[str, list[int]] = {}

    def note(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            shapes[name] = list(item.shape or ())

    file.visititems(note)
    return shapes
