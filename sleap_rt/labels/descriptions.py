"""What the texts (JSON) of a `.slp` file say that it has: videos, skeletons, tracks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from sleap_rt.untrusted.budget import Budget
from sleap_rt.untrusted.hdf5 import check_attribute, check_dataset
from sleap_rt.untrusted.json_text import parse_json

_MOST_CHARACTERS = 256 << 20  # a video made of a million images lists them all
_EMBEDDED = re.compile(r"video(\d+)/")


@dataclass(frozen=True)
class Descriptions:
    """What a file has, by its texts.

    Attributes:
        n_nodes: of every skeleton.
        n_tracks: tracks.
        n_videos: videos.
        dataset_ids: of every video, the number in the name of its dataset; None if it has none.
    """

    n_nodes: tuple[int, ...]
    n_tracks: int
    n_videos: int
    dataset_ids: tuple[int | None, ...]

    @property
    def video_ids(self) -> set[int]:
        """Numbers by which tables may name a video: its place, or that of its dataset."""
        return {*range(self.n_videos), *(one for one in self.dataset_ids if one is not None)}


def read_descriptions(file: h5py.File, budget: Budget) -> Descriptions:
    """Read the texts, and check that they can be taken at their word.

    Raises:
        ValueError: words that name the text and its row.
    """
    videos = list(_rows(file, "videos_json", budget))
    told = Descriptions(
        n_nodes=_nodes(file, budget),
        n_tracks=len(list(_rows(file, "tracks_json", budget))),
        n_videos=len(videos),
        dataset_ids=tuple(_dataset_id(video, row) for row, video in enumerate(videos)),
    )
    for row, suggestion in enumerate(_rows(file, "suggestions_json", budget)):
        _check_suggestion(suggestion, row, told.n_videos)
    return told


def _nodes(file: h5py.File, budget: Budget) -> tuple[int, ...]:
    if "metadata" not in file or "json" not in file["metadata"].attrs:
        raise ValueError("it has no metadata")
    attributes = file["metadata"].attrs
    check_attribute(attributes, "json", budget)
    metadata = _parsed(attributes["json"], "metadata")
    try:
        return tuple(len(skeleton["nodes"]) for skeleton in metadata["skeletons"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"metadata: no skeletons as expected: {error}") from error


def _rows(file: h5py.File, name: str, budget: Budget) -> Iterator[Any]:
    """The values of a table of texts; none where it is missing."""
    dataset = file.get(name)
    if not isinstance(dataset, h5py.Dataset):
        return
    check_dataset(dataset, budget)
    for row, text in enumerate(dataset[()] if dataset.ndim else ()):
        yield _parsed(text, f"table {name}, row {row}")


def _parsed(text: Any, where: str) -> Any:
    if isinstance(text, np.ndarray):
        text = text.tobytes()
    try:
        if isinstance(text, bytes):
            text = text.decode()
        return parse_json(str(text), _MOST_CHARACTERS)
    except ValueError as error:
        raise ValueError(f"{where}: no readable JSON: {error}") from error


def _dataset_id(video: Any, row: int) -> int | None:
    backend = video.get("backend") if isinstance(video, dict) else None
    if not isinstance(backend, dict):
        raise ValueError(f"table videos_json, row {row}: it describes no video")
    found = _EMBEDDED.match(str(backend.get("dataset") or ""))
    return int(found[1]) if found else None


def _check_suggestion(suggestion: Any, row: int, n_videos: int) -> None:
    try:
        video, index = int(suggestion["video"]), int(suggestion["frame_idx"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"table suggestions_json, row {row}: it names no frame") from error
    if not 0 <= video < n_videos or index < 0:
        raise ValueError(
            f"table suggestions_json, row {row}: frame {index} of video {video} is not there; the "
            f"file has {n_videos} videos"
        )
