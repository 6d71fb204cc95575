"""Paths of results: default names, and early checks that they can be written."""

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

from sleap_rt.errors import DataError, OptionError
from sleap_rt.options import FrameRange
from sleap_rt.runtime.outputs.formats import FORMATS, format_named
from sleap_rt.runtime.outputs.origin.origin import origin_of

_ROOM = 24  # bytes, for what names of files beside a result have more: `.saving-NAME-12345678`
_USUAL_LONGEST = 255
_SHOWN = 40  # characters of a name that is too long


def settled_format(format_name: str, output_path: Path | None) -> str:
    """The format asked for; `auto` is that of the file's name, and slp without a name.

    Raises:
        OptionError: there is no such format, or no format has such names.
    """
    if format_name != "auto":
        format_named(format_name)
        return format_name
    if output_path is None or not output_path.suffix or output_path.is_dir():
        return "slp"
    names = {form.suffix: name for name, form in FORMATS.items()}
    if output_path.suffix not in names:
        raise OptionError(f"output_path {output_path}: must end in {', '.join(names)}")
    return names[output_path.suffix]


def journal_of(output_path: Path) -> Path:
    """Path of the journal of a run that writes to `output_path`."""
    return output_path.with_name(output_path.name + JOURNAL_SUFFIX)


PART_SUFFIX, JOURNAL_SUFFIX = ".part", ".journal"


def part_of(output_path: Path, frame_range: FrameRange) -> Path:
    """`<output_path without its suffix>.<K>of<N>.part`, for a part of what it would hold."""
    end = f".{frame_range.part}of{frame_range.n_parts}{PART_SUFFIX}"
    return output_path.with_name(output_path.with_suffix("").name + end)


def default_output(
    data_path: Path,
    video_name: str | None = None,
    format_name: str = "slp",
    input_name: str | None = None,
) -> Path:
    """`<data_path without its last suffix>[.<video>]<default suffix of the format>`.

    Where that file is the result of another input (`a.mp4` and `a.avi`), the suffix stays.

    Args:
        data_path: the input.
        video_name: of the one video of a labels file that was chosen.
        format_name: one of `FORMATS`.
        input_name: as `name_of_input` gives it.
    """
    video = "" if video_name is None else f".{video_name}"
    rest = f"{video}{format_named(format_name).default_suffix}"
    path = data_path.with_name(data_path.with_suffix("").name + rest)
    origin = origin_of(path)
    if origin is None or origin.input_name is None or origin.is_of(input_name):
        return path
    return data_path.with_name(data_path.name + rest)


def check_output(path: Path, inputs: Sequence[Path], format_name: str = "slp") -> None:
    """Refuse a path that the result must not or cannot be written to; writes nothing.

    Args:
        path: the file to write.
        inputs: files that must not be replaced.
        format_name: one of `FORMATS`.

    Raises:
        OptionError: the name does not end as the format's names do, or is that of a package.
        DataError: the file is an input or a folder, or no file can be made there.
    """
    if path.name.endswith(".pkg.slp"):
        raise OptionError(
            f"output_path {path}: results hold no images, so they are no package; leave out .pkg "
            "(-o RESULT.slp)"
        )
    suffix = format_named(format_name).suffix
    if path.suffix != suffix and (path.is_dir() or not path.suffix):
        raise OptionError(
            f"output_path {path}: must be the name of a file here, not of a folder; name one that "
            f"ends in {suffix}"
        )
    if path.suffix != suffix:
        raise OptionError(
            f"output_path {path}: must end in {suffix} with output_format {format_name}"
        )
    check_place(path, inputs)


def check_part_output(path: Path, inputs: Sequence[Path]) -> None:
    """The same for a part of a result."""
    if path.suffix != PART_SUFFIX:
        raise OptionError(
            f"output_path {path}: a part (frame_range_of) must end in {PART_SUFFIX}; "
            "`sleap-nn merge` makes the result from all parts"
        )
    check_place(path, inputs)


def check_place(path: Path, inputs: Sequence[Path], given_as: str = "-o") -> None:
    """Refuse a path that no file must or can be written to, whatever its name; writes nothing.

    Args:
        path: the file to write.
        inputs: files that must not be replaced.
        given_as: the option that names it.

    Raises:
        DataError: the file is an input or a folder, or no file can be made there.
    """
    there = next(folder for folder in path.absolute().parents if os.path.exists(folder))
    longest = _longest_name(there) - _ROOM
    if len(os.fsencode(path.name)) > longest:
        raise DataError(
            f"Cannot write {path.name[:_SHOWN]}...: its name has {len(os.fsencode(path.name))} "
            f"bytes, and {longest} are the most, as files beside it have longer names. Choose a "
            f"shorter one ({given_as})."
        )
    try:
        is_input = path.exists() and any(file.exists() and path.samefile(file) for file in inputs)
    except OSError as error:  # of a folder that may not be looked into
        raise DataError(f"{path} cannot be written: {error.strerror}.") from error
    if is_input:
        raise DataError(
            f"{path} is the input itself and is never overwritten; choose another {given_as}."
        )
    if path.is_dir():
        kind = path.suffix and f" `{path.suffix}`"
        raise DataError(f"{path} is a folder; {given_as} takes the name of a{kind} file.")
    is_folder = there.is_dir()
    if not (is_folder and os.access(there, os.W_OK)):
        why = "may not be written to" if is_folder else "is a file"
        raise DataError(
            f"Cannot write into {path.parent}: {there} {why}. Name a file elsewhere ({given_as})."
        )


def _longest_name(folder: Path) -> int:
    """Bytes that a name in this folder may have."""
    has_limits = hasattr(os, "pathconf") and "PC_NAME_MAX" in os.pathconf_names
    return os.pathconf(folder, "PC_NAME_MAX") if has_limits else _USUAL_LONGEST


def make_folder(path: Path) -> None:
    """Create the folder of a result, and check that it can be written to, before hours of work.

    Args:
        path: the file to write.

    Raises:
        DataError: the folder cannot be made or written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-"):
            pass  # under a name of its own: other runs may try the same
    except OSError as error:
        raise DataError(f"Cannot write into {path.parent}: {error.strerror}.") from error
