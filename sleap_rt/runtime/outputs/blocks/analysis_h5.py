"""Analysis HDF5 files block by block.

As with `.slp` files, sleap-io writes the file with one frame, and its matrices are made anew with
room for all frames.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sleap_rt.errors import DataError
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.outputs.blocks.hdf5 import open_to_write, reserve
from sleap_rt.runtime.outputs.labels import to_sleap_io
from sleap_rt.runtime.outputs.results import RunResults
from sleap_rt.runtime.outputs.symmetries import in_order
from sleap_rt.words import counted

if TYPE_CHECKING:
    import h5py

_MB = 1 << 20
_BLOCK_BYTES = 1 << 18  # of one block of positions
_GZIP_LEVEL = 4  # sleap-io's 9 takes forty times as long and saves half a percent
_AXES = ("frame", "track", "node", "xy")


@dataclass
class VideoSurvey:
    """What a video's matrices need to know beforehand.

    Attributes:
        last_frame: index of its last frame with a result.
        most_untracked: instances without a track in one frame.
        tracks: in use.
    """

    last_frame: int = 0
    most_untracked: int = 0
    tracks: set[int] = field(default_factory=set)

    def row_names(self, track_names: Sequence[str]) -> list[str]:
        """Of the rows of the matrices: tracks in use, ascending, then those without a track.

        Args:
            track_names: of the run, by track id.
        """
        names = [track_names[track] for track in sorted(self.tracks)]
        return [*names, *untracked_names(self.most_untracked, names)]


def surveyed(results: RunResults) -> dict[int, VideoSurvey]:
    """Videos with frames, ascending.

    Raises:
        DataError: instances of a frame share a track.
    """
    found: dict[int, VideoSurvey] = {}
    for frame in results:
        video = found.setdefault(frame.video_index, VideoSurvey())
        video.last_frame = max(video.last_frame, frame.frame_index)
        tracked = frame.track_ids[frame.track_ids >= 0].tolist()
        if len(set(tracked)) < len(tracked):
            raise one_each("analysis_h5", frame.frame_index, len(tracked), len(set(tracked)))
        video.most_untracked = max(video.most_untracked, len(frame) - len(tracked))
        video.tracks |= set(tracked)
    return found


def untracked_names(n_rows: int, tracks: Sequence[str]) -> list[str]:
    """Names of the rows for instances without a track: a row is a place, and no identity.

    Args:
        n_rows: how many.
        tracks: names of the rows before them. Without any, a single row is the one animal.
    """
    if n_rows == 1 and not tracks:
        return ["track_0"]
    return [f"untracked_{number}" for number in range(n_rows)]


def one_each(format_name: str, frame_index: int, n_instances: int, n_tracks: int) -> DataError:
    """What to say of a frame whose instances share a track: only one of them could be kept."""
    return DataError(
        f"{format_name} holds one instance per track and frame, but frame {frame_index} has "
        f"{counted(n_instances, 'instance')} and {counted(n_tracks, 'track')}. Track them "
        "(--tracking), or choose another --output_format."
    )


def write_analysis_h5(
    results: RunResults, surveys: dict[int, VideoSurvey], files: Sequence[Path]
) -> None:
    """Write one file per video that has frames.

    Args:
        results: to write.
        surveys: of `results`.
        files: by position of the video.

    Raises:
        OSError: the disk is full, or failed.
    """
    for video, frames in groupby(results, lambda frame: frame.video_index):
        survey, path = surveys[video], files[video]
        n_frames = max(survey.last_frame + 1, len(results.videos[video]))
        reserve(path.parent, _MB)
        _save_example(results, video, survey, n_frames - 1, path)
        with open_to_write(path) as (file, check):
            matrices = _Matrices(file, survey, n_frames)
            for first, block in groupby(frames, matrices.block_of):
                matrices.write(first, block)
                check()


def _save_example(
    results: RunResults, video: int, survey: VideoSurvey, frame_index: int, path: Path
) -> None:
    """A file of the last frame, in which every row has an instance."""
    import sleap_io as sio
    from sleap_io.io.main import save_analysis_h5

    skeleton = to_sleap_io(results.skeleton)
    tracks = [sio.Track(name) for name in survey.row_names(results.track_names)]
    instances = [
        sio.PredictedInstance.from_numpy(
            points_data=np.zeros((len(skeleton.nodes), 2)), skeleton=skeleton, track=track
        )
        for track in tracks
    ]
    labels = sio.Labels(
        [sio.LabeledFrame(results.videos[video], frame_index, instances)],
        videos=list(results.videos),
        skeletons=[skeleton],
        tracks=tracks,
    )
    labels.provenance.update(results.provenance)
    with in_order(labels.skeletons):
        save_analysis_h5(labels, str(path), video=video, all_frames=False)


class _Matrices:
    """The matrices of one video in an open file."""

    def __init__(self, file: "h5py.File", survey: VideoSurvey, n_frames: int) -> None:
        axes = json.loads(file["tracks"].attrs["dims"])
        sizes = dict(zip(axes, file["tracks"].shape, strict=True))
        n_tracks, n_nodes = sizes["track"], sizes["node"]
        bytes_per_frame = 16 * max(n_tracks * n_nodes, 1)
        self._n_frames = n_frames
        self._n_block: int = min(max(_BLOCK_BYTES // bytes_per_frame, 1), n_frames)
        self._rows = {track: row for row, track in enumerate(sorted(survey.tracks))}
        self._shapes: dict[str, tuple[int, ...]] = {
            "tracks": (n_tracks, n_nodes, 2),
            "point_scores": (n_tracks, n_nodes),
            "instance_scores": (n_tracks,),
            "tracking_scores": (n_tracks,),
            "track_occupancy": (n_tracks,),
        }
        self._datasets = {name: self._grown(file, name) for name in self._shapes}

    def block_of(self, frame: FrameInstances) -> int:
        """Index of the first frame of the block that a frame is in."""
        return frame.frame_index - frame.frame_index % self._n_block

    def write(self, first: int, frames: Iterable[FrameInstances]) -> None:
        """Write a whole block; frames without a result are empty."""
        n = min(self._n_block, self._n_frames - first)
        values = {
            name: np.full((n, *shape), self._datasets[name].fillvalue)
            for name, shape in self._shapes.items()
        }
        for frame in frames:
            self._fill(values, frame.frame_index - first, frame)
        for name, array in values.items():
            axes = json.loads(self._datasets[name].attrs["dims"])
            where = tuple(slice(first, first + n) if a == "frame" else slice(None) for a in axes)
            self._datasets[name][where] = array.transpose([_AXES.index(axis) for axis in axes])

    def _fill(self, values: dict[str, Any], at: int, frame: FrameInstances) -> None:
        free = count(len(self._rows))  # rows of those without a track
        rows = [self._rows[t] if t >= 0 else next(free) for t in frame.track_ids.tolist()]
        missing = np.isnan(frame.points[..., :1])
        values["tracks"][at, rows] = np.where(missing, np.nan, frame.points)
        values["point_scores"][at, rows] = frame.point_scores
        values["instance_scores"][at, rows] = frame.scores
        values["tracking_scores"][at, rows] = frame.tracking_scores
        values["track_occupancy"][at, rows] = 1

    def _grown(self, file: "h5py.File", name: str) -> "h5py.Dataset":
        """A matrix of the example made anew, with room for all frames."""
        example = file[name]
        attributes, dtype = dict(example.attrs), example.dtype
        axes = json.loads(attributes["dims"])

        def with_frames(n: int) -> tuple[int, ...]:
            return tuple(
                n if axis == "frame" else size for axis, size in zip(axes, shape, strict=True)
            )

        shape = example.shape
        del file[name]
        chunks = with_frames(self._n_block)
        layout: dict[str, Any] = {}  # a video without animals has no rows to compress
        if all(chunks):
            layout = {"chunks": chunks, "compression": "gzip", "compression_opts": _GZIP_LEVEL}
        new = file.create_dataset(
            name,
            with_frames(self._n_frames),
            dtype,
            **layout,
            fillvalue=np.nan if dtype.kind == "f" else 0,
        )
        new.attrs.update(attributes)
        return new
