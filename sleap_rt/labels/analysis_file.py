"""Analysis files (HDF5), which programs write for people to plot: poses as one array, no labels."""

from pathlib import Path
from typing import Any

_DATASETS = {"tracks", "track_occupancy", "node_names"}  # whichever program wrote it
IN_WORDS = "an analysis file, which holds poses for plotting"


def is_analysis_file(file: Any) -> bool:
    """Whether an open HDF5 file is one.

    Args:
        file: `h5py.File`.
    """
    return set(file) >= _DATASETS


def what_it_is(path: Path) -> str | None:
    """`IN_WORDS` if a file is one; None of any other, and of one that cannot be read."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return IN_WORDS if is_analysis_file(file) else None
    except (OSError, RuntimeError):
        return None
