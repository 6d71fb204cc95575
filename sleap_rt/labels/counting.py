"""Counts the frames of a labels file without reading its labels."""

from pathlib import Path


def n_labelled_frames(path: Path) -> int:
    """Frames that a `.slp` file has labels for.

    Args:
        path: of the file.

    Raises:
        ValueError: it is no labels file, or damaged.
    """
    from sleap_rt.untrusted.hdf5 import open_checked

    try:
        with open_checked(path, most_searched=0) as (file, _):
            (count,) = file["frames"].shape
            return int(count)
    except (OSError, KeyError, RuntimeError, AttributeError, TypeError) as error:
        raise ValueError(f"it is no labels file, or damaged ({type(error).__name__})") from error
