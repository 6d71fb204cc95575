"""Reads labels files, without opening their videos unless asked for."""

from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.errors import DataError

if TYPE_CHECKING:
    import sleap_io as sio


def load_labels(path: str | Path, *, open_videos: bool = False) -> "sio.Labels":
    """Read a `.slp` file.

    Args:
        path: of the file.
        open_videos: whether frames of its videos will be read.

    Raises:
        DataError: there is no such file, or it is not a labels file.
    """
    import sleap_io as sio  # takes a second to import

    if Path(path).is_dir():
        raise DataError(f"{path} is a folder; name a .slp labels file")
    if not Path(path).is_file():
        raise DataError(f"there is no labels file {path}")
    try:
        return sio.load_slp(str(path), open_videos=open_videos)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise DataError(f"{path} cannot be read as a `.slp` file: {error}") from error
