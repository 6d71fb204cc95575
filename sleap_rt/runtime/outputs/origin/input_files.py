"""Tells whether an input is still the same."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sleap_rt.model_files import VIDEO_SUFFIXES

_MOST_LOOKED_INTO = 8  # videos; opening more would be noticed
_END_BYTES = 1 << 16  # at either end of a video: its index is at one of them


def files_fingerprint(files: Sequence[Path]) -> str:
    """The same text for the same files: by their places and sizes, and by the ends of videos."""
    places = [[str(path.resolve()), path.stat().st_size] for path in files]
    videos = [path for path in files if path.suffix.lower() in VIDEO_SUFFIXES]
    return f"{hashed(places)}.{hashed([_ends(path) for path in videos[:_MOST_LOOKED_INTO]])}"


def is_same_video(fingerprint: Any, path: Path) -> bool:
    """Whether a video has the ends that a fingerprint tells, wherever it lies.

    Args:
        fingerprint: as of `files_fingerprint`, or anything else, which tells none.
        path: of the video.
    """
    if not isinstance(fingerprint, str) or path.suffix.lower() not in VIDEO_SUFFIXES:
        return False
    try:
        return fingerprint.partition(".")[2] == hashed([_ends(path)])
    except OSError:
        return False


def hashed(values: Any) -> str:
    """A text that is the same for equal JSON values."""
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _ends(path: Path) -> str:
    with path.open("rb", buffering=0) as file:
        first = file.read(_END_BYTES)
        file.seek(max(path.stat().st_size - _END_BYTES, len(first)))
        return hashlib.sha256(first + file.read(_END_BYTES)).hexdigest()
