"""Analysis files (HDF5), which programs write for people to plot: poses as one array, no labels."""

from typing import Any

_DATASETS = {"tracks", "track_occupancy", "node_names"}  # whichever program wrote it
IN_WORDS = "an analysis file, which holds poses for plotting"


def is_analysis_file(file: Any) -> bool:
    """Whether an open HDF5 file is one.

    Args:
        file: `h5py.File`.
    """
    return set(file) >= _DATASETS
