"""Tells whether a file may be replaced: only a result of the same input, as this program wrote it.

A result that is an HDF5 file carries a mark: its input, and the shapes of its datasets. Whoever
saves the file again, as a person does after proofreading, leaves the mark out or other shapes in.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleap_rt.errors import DataError
from sleap_rt.runtime.outputs.blocks.hdf5 import open_to_write
from sleap_rt.version import __version__
from sleap_rt.words import counted

if TYPE_CHECKING:
    from sleap_rt.runtime.frames.opened import OpenInput

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


def add_mark(path: Path, input_name: str | None) -> None:
    """Mark a file as a result of this program; files other than HDF5 stay as they are.

    Args:
        path: of the result.
        input_name: as `name_of_input` gives it.
    """
    import h5py

    if not h5py.is_hdf5(path):
        return
    with open_to_write(path) as (file, _):
        mark = {"sleap_rt": __version__, "input": input_name, "shapes": _shapes(file)}
        file.attrs[_MARK] = json.dumps(mark)


def marked_input(path: Path) -> str | None:
    """The input that an unchanged result was made from; None if the file does not tell."""
    mark = _unchanged_mark(path)
    return None if mark is None or mark["input"] is None else str(mark["input"])


def _unchanged_mark(path: Path) -> Any:
    """The mark of a file that is as it was written; else None."""
    from sleap_rt.untrusted.hdf5 import open_checked

    try:
        with open_checked(path, most_searched=0) as (file, _):
            mark = json.loads(file.attrs[_MARK])
            return mark if mark["shapes"] == _shapes(file) and "input" in mark else None
    except _UNREADABLE:
        return None


def check_replaceable(
    path: Path, input_name: str | None, *, overwrite: bool, n_frames: int | None = None
) -> None:
    """Refuse to replace a file that is not the unchanged result of this input, or a longer one.

    Args:
        path: the file to write; nothing is said if it does not exist.
        input_name: as `name_of_input` gives it.
        overwrite: replace whatever is there.
        n_frames: of the new result; None where that is not known.

    Raises:
        DataError: as the summary says.
    """
    if overwrite or not path.exists():
        return
    there = marked_input(path)
    if there is not None and there == input_name:
        _check_length(path, n_frames)
        return
    raise DataError(
        f"{path} exists and {_what_it_is(path, there)}. It is not replaced: choose another -o, "
        "or pass --overwrite."
    )


def _check_length(path: Path, n_frames: int | None) -> None:
    there = _n_frames(path)
    if n_frames is None or there <= n_frames:
        return
    raise DataError(
        f"{path} holds {counted(there, 'frame')} of this input, and this run has {n_frames}. It is "
        "not replaced: choose another -o, or pass --overwrite."
    )


def _n_frames(path: Path) -> int:
    """In an unchanged `.slp` result; 0 where the format does not tell."""
    from sleap_rt.untrusted.hdf5 import open_checked

    try:
        with open_checked(path, most_searched=0) as (file, _):
            return len(file["frames"]) if path.suffix == ".slp" else 0
    except _UNREADABLE:
        return 0


def _what_it_is(path: Path, input_name: str | None) -> str:
    if input_name is not None:
        return f"is the result of {input_name}, not of this input"
    n_labelled = _n_user_instances(path)
    if n_labelled:
        return f"holds {counted(n_labelled, 'instance')} that a person labelled"
    if path.suffix in WITHOUT_MARK:
        return f"a `{path.suffix}` file does not tell what it was made from"
    if _unchanged_mark(path) is not None:
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
