"""A `.slp` file some frames at a time: as labels, a long one takes 4 kB per animal and frame."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from sleap_rt.labels.reading import load_labels
from sleap_rt.labels.same_videos import numbers_of_first

if TYPE_CHECKING:
    import sleap_io as sio

_FRAMES_PER_SLICE = 200
_TABLES = ("frames", "instances", "points", "pred_points")
_TEXTS = ("metadata", "provenance_json", "videos_json", "tracks_json", "suggestions_json")
_POINTS = ("points", "pred_points")  # by type of instance
_Rows = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class SlicedLabels:
    """Labels of a file; iterating over them gives their frames, some at a time.

    Attributes:
        path: of the file.
        frameless: the labels without their frames. All slices share its videos, skeletons and
            tracks.
        passed_on: names of the tracks of predicted instances in frames with user instances.
    """

    path: Path
    frameless: "sio.Labels"
    passed_on: frozenset[str]

    def __iter__(self) -> "Iterator[list[sio.LabeledFrame]]":
        with h5py.File(self.path, "r") as file, TemporaryDirectory() as folder:
            n_frames = len(file["frames"])
            for start in range(0, n_frames, _FRAMES_PER_SLICE):
                path = Path(folder) / f"{start}.slp"
                _copy(file, path, start, min(start + _FRAMES_PER_SLICE, n_frames))
                yield self._attached(load_labels(path))
                path.unlink()

    def _attached(self, labels: "sio.Labels") -> "list[sio.LabeledFrame]":
        """Frames of a slice, which get the videos, the skeleton and the tracks of all slices."""
        whole = self.frameless
        videos = {id(one): whole.videos[i] for i, one in enumerate(labels.videos)}
        tracks = {id(one): whole.tracks[i] for i, one in enumerate(labels.tracks)}
        for frame in labels.labeled_frames:
            frame.video = videos[id(frame.video)]
            for instance in frame.instances:
                instance.skeleton = whole.skeletons[0]
                if instance.track is not None:
                    instance.track = tracks[id(instance.track)]
        return list(labels.labeled_frames)


def open_sliced(path: Path) -> SlicedLabels | None:
    """A file that can be read in slices; None for one that has to be read at once.

    It can if its frames stand in order of video and time, each once, its tables in the order of the
    frames, and it has one skeleton and nothing but videos, tracks, suggestions and instances.

    Raises:
        DataError: as `load_labels`.
    """
    with TemporaryDirectory() as folder:
        frameless = Path(folder) / "frameless.slp"
        try:
            with h5py.File(path, "r") as file:
                if not _is_plain(file):
                    return None
                tracks = _passed_on_tracks(file)
                _copy(file, frameless, 0, 0)
        except Exception:  # of h5py: reading it at once says what is wrong
            return None
        labels = load_labels(frameless)
    labels.provenance["filename"] = str(path)  # as sleap-io notes where it read
    if len(labels.skeletons) != 1 or numbers_of_first(labels.videos) != [
        *range(len(labels.videos))
    ]:
        return None
    return SlicedLabels(path, labels, frozenset(labels.tracks[track].name for track in tracks))


def _is_plain(file: h5py.File) -> bool:
    others = set(file) - {*_TABLES, *_TEXTS}
    if others - {"sessions_json"} or any(len(file[name]) for name in others):
        return False
    frames, instances = file["frames"][()], file["instances"]
    order = frames["video"].astype(np.int64) << 40 | frames["frame_idx"].astype(np.int64)
    starts, ends = frames["instance_id_start"], frames["instance_id_end"]
    ids, origins = instances["instance_id"], instances["from_predicted"]
    frame_of = np.repeat(np.arange(len(frames)), (ends - starts).astype(np.int64))
    made = np.flatnonzero(origins >= 0)
    return bool(
        (np.diff(order) > 0).all()
        and _follow(starts, ends, len(instances))
        and (ids == np.arange(len(instances))).all()
        and (frame_of[made] == frame_of[origins[made]]).all()
        and _points_follow(file)
    )


def _points_follow(file: h5py.File) -> bool:
    instances = file["instances"]
    kinds = instances["instance_type"]
    starts, ends = instances["point_id_start"], instances["point_id_end"]
    return all(
        _follow(starts[kinds == kind], ends[kinds == kind], len(file[name]))
        for kind, name in enumerate(_POINTS)
    )


def _follow(starts: _Rows, ends: _Rows, n: int) -> bool:
    """Whether ranges follow each other from 0 to n."""
    limits = np.array([0, *ends[-1:]] if len(ends) else [0, 0], np.uint64)
    return bool((starts[1:] == ends[:-1]).all() and (starts <= ends).all() and limits[1] == n) and (
        not len(starts) or starts[0] == 0
    )


def _passed_on_tracks(file: h5py.File) -> set[int]:
    frames, instances = file["frames"][()], file["instances"]
    counts = (frames["instance_id_end"] - frames["instance_id_start"]).astype(np.int64)
    kinds = instances["instance_type"]
    frame_of = np.repeat(np.arange(len(frames)), counts)
    with_users = np.zeros(len(frames), bool)
    with_users[frame_of[kinds == 0]] = True
    tracks = instances["track"][(kinds != 0) & with_users[frame_of]]
    return set(tracks[tracks >= 0].tolist())


def _copy(file: h5py.File, path: Path, start: int, end: int) -> None:
    """A file of some of the frames and everything else."""
    frames = file["frames"][start:end]
    first, last = (
        (int(frames["instance_id_start"][0]), int(frames["instance_id_end"][-1]))
        if len(frames)
        else (0, 0)
    )
    instances = file["instances"][first:last]
    frames["instance_id_start"] -= np.uint64(first)
    frames["instance_id_end"] -= np.uint64(first)
    instances["instance_id"] -= first
    instances["from_predicted"][instances["from_predicted"] >= 0] -= first
    with h5py.File(path, "w") as target:
        for name in set(file) - set(_TABLES):
            file.copy(name, target)
        for kind, name in enumerate(_POINTS):
            rows = np.flatnonzero(instances["instance_type"] == kind)
            begin, stop = 0, 0
            if len(rows):
                begin = int(instances["point_id_start"][rows[0]])
                stop = int(instances["point_id_end"][rows[-1]])
            instances["point_id_start"][rows] -= np.uint64(begin)
            instances["point_id_end"][rows] -= np.uint64(begin)
            target.create_dataset(name, data=file[name][begin:stop])
        target.create_dataset("frames", data=frames)
        target.create_dataset("instances", data=instances)
