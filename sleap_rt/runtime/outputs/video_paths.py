"""Videos under absolute paths, so that a result finds them from any folder."""

from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.runtime.frames.sleap_video import names_in_metadata

if TYPE_CHECKING:
    import sleap_io as sio


def with_absolute_paths(videos: "Sequence[sio.Video]") -> "list[sio.Video]":
    """The videos; copies of those that are named by a path from the current folder."""
    new = []
    for video in videos:
        if _absolute(video.filename) != video.filename:
            video, backend = copy(video), copy(video.backend)
            if backend is not None:
                backend._open_reader = None  # the file that is open belongs to the other one
            video.backend, video.backend_metadata = backend, dict(video.backend_metadata)
            name_absolutely(video)
        new.append(video)
    return new


def name_absolutely(video: "sio.Video") -> None:
    """Change the path of a video in place; that of a missing file stays: it may be no file's."""
    video.filename = _absolute(video.filename)
    if video.backend is not None:
        video.backend.filename = video.filename
    if "filename" in video.backend_metadata:
        video.backend_metadata.update(names_in_metadata(video.filename))


def _absolute(name: str | list[str]) -> str | list[str]:
    if isinstance(name, list):
        return [_absolute_path(one) for one in name]
    return _absolute_path(name)


def _absolute_path(name: str) -> str:
    path = Path(name)
    return name if path.is_absolute() or not path.exists() else path.absolute().as_posix()
