"""`.slp` files block by block.

sleap-io writes the file with one example of everything; its tables are then made anew with room for
all rows, which are copies of the example's row but for the values that differ. So the layout is
sleap-io's own, whatever its version.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.outputs.blocks.hdf5 import open_to_write, reserve
from sleap_rt.runtime.outputs.labels import to_sleap_io
from sleap_rt.runtime.outputs.results import RunResults
from sleap_rt.runtime.outputs.symmetries import in_order

if TYPE_CHECKING:
    import h5py
    import sleap_io as sio

_MB = 1 << 20
_BYTES_PER_IMAGE = 1 << 10  # of a video that is a list of images: its path, twice
_Table = np.ndarray[Any, np.dtype[Any]]


def write_slp(results: RunResults, path: Path) -> None:
    """Write results to a new file.

    Args:
        results: to write.
        path: of the file.

    Raises:
        OSError: the disk is full, or failed.
    """
    names = [video.filename for video in results.videos]
    n_images = sum(len(name) for name in names if isinstance(name, list))
    reserve(path.parent, _MB + n_images * _BYTES_PER_IMAGE)
    example = example_of(results)
    with in_order(example.skeletons):
        example.save(str(path), embed=False, restore_original_videos=False, verbose=False)
    with open_to_write(path) as (file, check):
        writer = _Writer(file, results)
        for block in results.blocks():
            writer.write(block)
            check()


def example_of(results: RunResults) -> "sio.Labels":
    """Labels with one instance in the first frame of every video."""
    import sleap_io as sio

    skeleton = to_sleap_io(results.skeleton)
    n_nodes = len(results.skeleton.node_names)
    labels = sio.Labels(
        labeled_frames=[
            sio.LabeledFrame(
                video=video,
                frame_idx=0,
                instances=[
                    sio.PredictedInstance.from_numpy(
                        points_data=np.zeros((n_nodes, 2)),
                        point_scores=np.zeros(n_nodes),
                        skeleton=skeleton,
                        tracking_score=0.0,
                    )
                ],
            )
            for video in results.videos
        ],
        videos=list(results.videos),
        skeletons=[skeleton],
        tracks=[sio.Track(name) for name in results.track_names],
    )
    labels.provenance.update(results.provenance)
    return labels


@dataclass
class _Growing:
    """A table that is written from its start on."""

    dataset: "h5py.Dataset"
    example: _Table  # one row
    n_rows: int = 0

    def rows(self, n: int) -> _Table:
        return np.repeat(self.example, n)

    def append(self, rows: _Table) -> None:
        if len(rows):
            self.dataset[self.n_rows : self.n_rows + len(rows)] = rows
            self.n_rows += len(rows)


class _Writer:
    """Writes blocks of frames into the tables of an open file."""

    def __init__(self, file: "h5py.File", results: RunResults) -> None:
        n_nodes = len(results.skeleton.node_names)
        self._video_ids = file["frames"]["video"]  # of embedded videos, others than 0, 1, 2 ...
        self._frames = _grown(file, "frames", results.n_frames)
        self._instances = _grown(file, "instances", results.n_instances)
        self._points = _grown(file, "pred_points", results.n_instances * n_nodes)

    def write(self, block: Sequence[FrameInstances]) -> None:
        counts = np.array([len(frame) for frame in block])
        first_frame, first_instance = self._frames.n_rows, self._instances.n_rows
        ends = first_instance + np.cumsum(counts)
        frames = self._frames.rows(len(block))
        frames["frame_id"] = first_frame + np.arange(len(block))
        frames["video"] = self._video_ids[[frame.video_index for frame in block]]
        frames["frame_idx"] = [frame.frame_index for frame in block]
        frames["instance_id_start"], frames["instance_id_end"] = ends - counts, ends

        joined = _joined(block)
        points = joined("points")  # (n_instances, n_nodes, 2)
        n_instances, n_nodes = points.shape[:2]
        instances = self._instances.rows(n_instances)
        instances["instance_id"] = first_instance + np.arange(n_instances)
        instances["frame_id"] = np.repeat(frames["frame_id"], counts)
        instances["track"] = joined("track_ids")
        instances["score"], instances["tracking_score"] = (
            joined("scores"),
            joined("tracking_scores"),
        )
        starts = self._points.n_rows + n_nodes * np.arange(n_instances)
        instances["point_id_start"], instances["point_id_end"] = starts, starts + n_nodes

        rows = self._points.rows(n_instances * n_nodes)
        rows["x"], rows["y"] = points[..., 0].ravel(), points[..., 1].ravel()
        rows["complete"] = False
        rows["visible"] = ~np.isnan(rows["x"])
        rows["score"] = joined("point_scores").ravel()

        self._frames.append(frames)
        self._instances.append(instances)
        self._points.append(rows)


def _joined(block: Sequence[FrameInstances]) -> Callable[[str], _Table]:
    return lambda name: np.concatenate([getattr(frame, name) for frame in block])


def _grown(file: "h5py.File", name: str, n_rows: int) -> _Growing:
    """A table of the example made anew, with room for all rows."""
    example = file[name][:1]
    del file[name]
    return _Growing(file.create_dataset(name, (n_rows,), example.dtype), example)
