"""Tells whether an input is still the same."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sleap_rt.model_files import VIDEO_SUFFIXES

_MOST_LOOKED_INTO = 8  # videos; opening more would be noticed
_END_BYTES = 1 << 16  # at either end of a video: its index is at one of them


def files_fingerprint(files: Sequence[Path], earlier_place: object = None) -> str:
    """The same text for the same files: by their places and sizes, and by the ends of videos.

    Args:
        files: of an input.
        earlier_place: of the first one in an earlier run, if that tells. A video that may have been
            moved from there counts as lying there: size and ends say whether it is the same.
    """
    is_moved = len(files) == 1 and may_be_moved(earlier_place, files[0])
    names = [str(earlier_place)] if is_moved else [place_of(path) for path in files]
    places = [[name, path.stat().st_size] for name, path in zip(names, files, strict=True)]
    videos = [path for path in files if path.suffix.lower() in VIDEO_SUFFIXES]
    return f"{hashed(places)}.{hashed([_ends(path) for path in videos[:_MOST_LOOKED_INTO]])}"


def place_of(path: Path) -> str:
    """The name of a file by which it is known again."""
    return str(path.resolve())


def may_be_moved(earlier_place: object, path: Path) -> bool:
    """Whether a video has the name of one that is no longer where it was in an earlier run."""
    if not isinstance(earlier_place, str) or path.suffix.lower() not in VIDEO_SUFFIXES:
        return False
    has_name = Path(earlier_place).name == path.resolve().name
    return has_name and not os.path.exists(earlier_place)


def hashed(values: Any) -> str:
    """A text that is the same for equal JSON values."""
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _ends(path: Path) -> str:
    with path.open("rb", buffering=0) as file:
        first = file.read(_END_BYTES)
        file.seek(max(path.stat().st_size - _END_BYTES, len(first)))
        return hashlib.sha256(first + file.read(_END_BYTES)).hexdigest()
