"""Tells whether a file may be replaced: only an unchanged result of the same input."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sleap_rt.errors import DataError
from sleap_rt.options.frames import parse_frames
from sleap_rt.runtime.frames.images.previews import is_preview
from sleap_rt.runtime.outputs.origin.marks import UNREADABLE, WITHOUT_MARK
from sleap_rt.runtime.outputs.origin.origin import Origin, origin_of
from sleap_rt.words import counted


def check_result_file(
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
    origin = origin_of(path, reads_values=True)
    why = why_kept(path, origin, input_name)
    if origin is None or why is not None:
        raise DataError(
            f"{path} exists and {why}. It is not replaced: choose another -o, or pass --overwrite."
        )
    check_length(path, origin, n_frames)
    if frames is not None:
        _check_frames(path, origin, frozenset(frames))


def why_kept(path: Path, origin: Origin | None, input_name: str | None) -> str | None:
    """What a file is that is no result of this input; None if it is one.

    Args:
        path: of a file that is there.
        origin: that it tells.
        input_name: as `name_of_input` gives it.
    """
    return None if origin is not None and origin.is_of(input_name) else _what_it_is(path, origin)


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


def check_length(path: Path, origin: Origin, n_frames: int | None) -> None:
    """Refuse to replace a result by one of fewer frames.

    Args:
        path: of the result that is there.
        origin: that it tells.
        n_frames: that the new one goes through at most; None where that is not known.

    Raises:
        DataError: as the summary says.
    """
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
    try:
        there, told = set(parse_frames(asked)), f"frames {asked}"
        # Some may have been asked for that the input does not have.
        are_all = there <= frames or len(there & frames) >= (origin.n_frames or 0) > 0
    except ValueError:  # they are too many to be listed
        ends, told = origin.frames, asked.partition(":")[0]
        are_all = ends is not None and ends.may_be_in(frames)
    if not are_all:
        raise DataError(
            f"{path} holds {told} of this input, which the new result would not all have. It is "
            "not replaced: choose another -o, or pass --overwrite."
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
    except UNREADABLE:
        return 0
