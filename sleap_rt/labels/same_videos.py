"""Which videos of a project are the same file."""

import os
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sleap_io as sio


def numbers_of_first(videos: "Sequence[sio.Video]") -> list[int]:
    """For every video, the number of the first one that is the same: its own, if that is new.

    Videos are the same if their frames lie in the same file (or the same list of images), in the
    same dataset, cut to the same part. Names that only look alike prove nothing.
    """
    first: dict[Hashable, int] = {}
    return [first.setdefault(_key(video), number) for number, video in enumerate(videos)]


def _key(video: "sio.Video") -> Hashable:
    paths = video.filename if isinstance(video.filename, list) else [video.filename]
    crop = video.backend_metadata.get("crop")
    names = tuple(os.path.basename(path) for path in paths)
    return (
        file_identity(str(paths[0])) if paths else id(video),
        names if len(paths) > 1 else (),
        dataset_of(video),
        None if crop is None else tuple(crop),
    )


def file_identity(path: str) -> Hashable:
    """Equal for two names of one file; where there is no file, for two spellings of one path."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return os.path.normpath(path)
    return found.st_dev, found.st_ino


def dataset_of(video: "sio.Video") -> str:
    """The dataset of an HDF5 file that has the frames; empty for other files."""
    name = getattr(video.backend, "dataset", None) or video.backend_metadata.get("dataset")
    return str(name or "")
