"""A `.slp` file some frames at a time: as labels, a long one takes 4 kB per animal and frame."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from sleap_rt.arrays import Bools, Ints
from sleap_rt.errors import DataError
from sleap_rt.labels.reading import check_datasets, load_labels
from sleap_rt.labels.same_videos import numbers_of_first

if TYPE_CHECKING:
    import sleap_io as sio

_MOST_FRAMES = 1000  # of a slice
_MOST_INSTANCES = 3000  # of a slice, on average
_TABLES = ("frames", "instances", "points", "pred_points")
_TEXTS = ("metadata", "provenance_json", "videos_json", "tracks_json", "suggestions_json")
_POINTS = ("points", "pred_points")  # by type of instance
_USER, _PREDICTED = 0, 1
_Rows = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Slice:
    """Some frames of a file that follow each other, by its tables alone.

    Attributes:
        first: number of the first among all frames of the file.
        frames: rows of the table of frames.
        instances: rows of the table of instances, those of these frames.
    """

    file: h5py.File = field(repr=False)
    first: int
    frames: _Rows
    instances: _Rows

    @property
    def counts(self) -> Ints:
        """(n_frames,) instances of each frame."""
        return _whole(self.frames["instance_id_end"]) - _whole(self.frames["instance_id_start"])

    @property
    def frame_of(self) -> Ints:
        """(n_instances,) place in `frames` of each instance's frame."""
        return np.repeat(np.arange(len(self.frames)), self.counts)

    @property
    def videos(self) -> Ints:
        """(n_frames,) numbers by which the file names the videos."""
        return _whole(self.frames["video"])

    @property
    def frame_idxs(self) -> Ints:
        """(n_frames,) position of each frame in its video."""
        return _whole(self.frames["frame_idx"])

    @property
    def track_ids(self) -> Ints:
        """(n_instances,) number of each instance's track; -1 without one."""
        return _whole(self.instances["track"])

    @property
    def is_predicted(self) -> Bools:
        """(n_instances,)"""
        return np.asarray(self.instances["instance_type"] == _PREDICTED)


@dataclass(frozen=True)
class SlicedLabels:
    """Labels of a file; iterating over them gives their frames, some at a time.

    Attributes:
        path: of the file.
        frameless: the labels without their frames. All slices share its videos, skeletons and
            tracks.
        passed_on: names of the tracks of predicted instances in frames with user instances; not of
            those that a user instance was made from.
    """

    path: Path
    frameless: "sio.Labels"
    passed_on: frozenset[str]

    def __iter__(self) -> "Iterator[list[sio.LabeledFrame]]":
        for part in self.slices():
            yield self.labeled(part, np.ones(len(part.frames), np.bool_))

    def slices(self) -> Iterator[Slice]:
        """The tables of the file; one slice after the other."""
        with h5py.File(self.path, "r") as file:
            yield from _slices(file)

    def labeled(self, part: Slice, wanted: Bools) -> "list[sio.LabeledFrame]":
        """Frames of the slice at hand, with the videos, the skeleton and the tracks of all slices.

        Args:
            part: the slice that `slices` gave last.
            wanted: (n_frames,) which of them.

        Raises:
            DataError: the file is damaged there.
        """
        if not wanted.any():
            return []
        with TemporaryDirectory() as folder:
            path = Path(folder) / "slice.slp"
            try:
                tracks = _copy(part, wanted, path)
                labels = load_labels(path)
            except Exception as error:  # references that lead nowhere
                load_labels(self.path)  # says which
                raise DataError(
                    f"{self.path} cannot be read by way of the temporary folder {folder}: "
                    f"{' '.join(str(error).split())}"
                ) from error
        return self._attached(labels, tracks)

    def _attached(self, labels: "sio.Labels", used: Ints) -> "list[sio.LabeledFrame]":
        whole = self.frameless
        videos = {id(one): whole.videos[i] for i, one in enumerate(labels.videos)}
        tracks = {id(one): whole.tracks[i] for one, i in zip(labels.tracks, used, strict=True)}
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

    A damaged file is one of the latter, so that it is read at once, which says what is wrong.
    """
    with TemporaryDirectory() as folder:
        frameless = Path(folder) / "frameless.slp"
        try:
            check_datasets(path)
            with h5py.File(path, "r") as file:
                if not _is_plain(file):
                    return None
                tracks = _passed_on_tracks(file)
                _copy_texts(file, frameless)
            labels = load_labels(frameless)
        except Exception:  # of h5py and sleap-io
            return None
    labels.provenance["filename"] = str(path)  # as sleap-io notes where it read
    if len(labels.skeletons) != 1 or numbers_of_first(labels.videos) != [
        *range(len(labels.videos))
    ]:
        return None
    return SlicedLabels(path, labels, frozenset(labels.tracks[track].name for track in tracks))


def _slices(file: h5py.File) -> Iterator[Slice]:
    """Raises:
    ValueError: the instances of a slice do not follow those of the one before.
    """
    n_frames, n_instances = len(file["frames"]), 0
    n_each = min(_MOST_FRAMES, _MOST_INSTANCES * n_frames // max(1, len(file["instances"])))
    for first in range(0, n_frames, max(1, n_each)):
        frames = file["frames"][first : first + max(1, n_each)]
        starts, ends = frames["instance_id_start"], frames["instance_id_end"]
        if not _follow(starts, ends, n_instances):
            raise ValueError("frames out of order")
        begin, n_instances = n_instances, int(ends[-1])
        yield Slice(file, first, frames, file["instances"][begin:n_instances])
    if n_instances != len(file["instances"]):
        raise ValueError("instances without a frame")


def _is_plain(file: h5py.File) -> bool:
    others = set(file) - {*_TABLES, *_TEXTS}
    if others - {"sessions_json"} or any(len(file[name]) for name in others):
        return False
    last, n_instances, n_points = -1, 0, [0, 0]
    for part in _slices(file):
        order = part.videos << 40 | part.frame_idxs
        ids = np.arange(n_instances, n_instances + len(part.instances))
        is_in_order = (np.diff(order, prepend=last) > 0).all()
        if not (is_in_order and (part.instances["instance_id"] == ids).all()):
            return False
        if not (_stays_in_frames(part, n_instances) and _points_follow(part.instances, n_points)):
            return False
        last, n_instances = int(order[-1]), n_instances + len(ids)
    return n_points == [len(file[name]) for name in _POINTS]


def _stays_in_frames(part: Slice, begin: int) -> bool:
    """Whether what was made from a prediction was made from one of its frame."""
    made = np.flatnonzero(part.instances["from_predicted"] >= 0)
    origins = part.instances["from_predicted"][made] - begin
    if (origins < 0).any() or (origins >= len(part.instances)).any():
        return False
    return bool((part.frame_of[made] == part.frame_of[origins]).all())


def _points_follow(instances: _Rows, n_points: list[int]) -> bool:
    """Whether points follow those of the slice before; counts them on."""
    kinds = instances["instance_type"]
    starts, ends = instances["point_id_start"], instances["point_id_end"]
    for kind, begin in enumerate(n_points):
        of_kind = kinds == kind
        if of_kind.any():
            if not _follow(starts[of_kind], ends[of_kind], begin):
                return False
            n_points[kind] = int(ends[of_kind][-1])
    return True


def _follow(starts: _Rows, ends: _Rows, begin: int) -> bool:
    """Whether ranges follow each other, from a place on."""
    return bool(starts[0] == begin and (starts[1:] == ends[:-1]).all() and (starts <= ends).all())


def _whole(numbers: _Rows) -> Ints:
    return numbers.astype(np.int64)


def _passed_on_tracks(file: h5py.File) -> set[int]:
    found: set[int] = set()
    for part in _slices(file):
        with_users = np.zeros(len(part.frames), bool)
        with_users[part.frame_of[~part.is_predicted]] = True
        is_left = part.is_predicted & with_users[part.frame_of]
        begin = int(part.frames["instance_id_start"][0]) if len(part.frames) else 0
        origins = part.instances["from_predicted"][~part.is_predicted]
        is_left[origins[origins >= 0] - begin] = False
        tracks = part.track_ids[is_left]
        found.update(tracks[tracks >= 0].tolist())
    return found


def _copy_texts(file: h5py.File, path: Path) -> None:
    """A file of everything but the frames."""
    with h5py.File(path, "w") as target:
        for name in set(file) - set(_TABLES):
            file.copy(name, target)
        for name in _TABLES:
            target.create_dataset(name, data=file[name][:0])


def _copy(part: Slice, wanted: Bools, path: Path) -> Ints:
    """A file of some of the frames, and what they need; numbers of its tracks in the whole file."""
    frames, rows = part.frames[wanted], np.flatnonzero(wanted[part.frame_of])
    ends = np.cumsum(part.counts[wanted])
    frames["instance_id_end"], frames["instance_id_start"] = ends, ends - part.counts[wanted]
    instances, begin = part.instances[rows], int(part.frames["instance_id_start"][0])
    instances["instance_id"] = np.arange(len(rows))
    made = instances["from_predicted"] >= 0
    instances["from_predicted"][made] = np.searchsorted(
        rows, instances["from_predicted"][made] - begin
    )
    tracks = np.unique(instances["track"][instances["track"] >= 0])
    has_track = instances["track"] >= 0
    instances["track"][has_track] = np.searchsorted(tracks, instances["track"][has_track])
    with h5py.File(path, "w") as target:
        for name in set(part.file) - {*_TABLES, "tracks_json", "suggestions_json"}:
            part.file.copy(name, target)
        names = part.file["tracks_json"]
        target.create_dataset("tracks_json", data=names[tracks] if len(tracks) else names[:0])
        for kind, name in enumerate(_POINTS):
            points = _points_of(part.file[name], instances, kind)
            target.create_dataset(name, data=points)
        target.create_dataset("frames", data=frames)
        target.create_dataset("instances", data=instances)
    return tracks.astype(np.int64)


def _points_of(table: h5py.Dataset, instances: _Rows, kind: int) -> _Rows:
    """The points of the instances of a kind, which then refer to their places among these."""
    of_kind = np.flatnonzero(instances["instance_type"] == kind)
    starts, ends = (_whole(instances[name][of_kind]) for name in ("point_id_start", "point_id_end"))
    if not len(of_kind):
        return np.asarray(table[:0])
    lengths = ends - starts
    instances["point_id_end"][of_kind] = np.cumsum(lengths)
    instances["point_id_start"][of_kind] = np.cumsum(lengths) - lengths
    rows = np.asarray(table[starts[0] : ends[-1]])
    kept = np.zeros(len(rows) + 1, np.int64)
    np.add.at(kept, starts - starts[0], 1)
    np.add.at(kept, ends - starts[0], -1)
    return rows[np.cumsum(kept[:-1]) > 0]
