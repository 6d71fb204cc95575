"""Labelled frames, put down some at a time, and at the end one `.slp` file of them all."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from sleap_rt.runtime.outputs.blocks.hdf5 import open_to_write, reserve
from sleap_rt.runtime.outputs.symmetries import in_order

if TYPE_CHECKING:
    import sleap_io as sio

_TABLES = ("frames", "instances", "points", "pred_points")
_RESERVE = 8 << 20
_ROWS_PER_BLOCK = 20_000
_Rows = np.ndarray[Any, np.dtype[Any]]


class LabelTables:
    """Tables of a `.slp` file on disk, in files without names. A context manager that closes them.

    sleap-io writes every part, so any kind of instance can be in it.

    Args:
        frameless: labels with everything but frames and tracks; the frames share its videos and
            skeletons.
        folder: on a disk with room for the tables.

    Attributes:
        tracks: in use, in order of first use.
        n_rows: of every table.
    """

    def __init__(self, frameless: "sio.Labels", folder: Path) -> None:
        self._frameless = frameless
        self.tracks: dict[int, sio.Track] = {}
        self.n_rows = dict.fromkeys(_TABLES, 0)
        self._types: dict[str, np.dtype[Any]] = {}
        with ExitStack() as stack:
            self._files = {
                name: stack.enter_context(tempfile.TemporaryFile(dir=folder, prefix=".results-"))
                for name in _TABLES
            }
            self._parts = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            reserve(self._parts, _RESERVE)
            self._stack = stack.pop_all()

    def append(self, frames: "Sequence[sio.LabeledFrame]") -> None:
        """Raises:
        OSError: the disk is full, or failed.
        """
        import sleap_io as sio

        for frame in frames:
            for instance in frame.instances:
                if instance.track is not None:
                    self.tracks.setdefault(id(instance.track), instance.track)
        labels = sio.Labels(
            list(frames),
            videos=self._frameless.videos,
            skeletons=self._frameless.skeletons,
            tracks=list(self.tracks.values()),
        )
        path = self._parts / "part.slp"
        labels.save(str(path), embed=False, restore_original_videos=False, verbose=False)
        with h5py.File(path, "r") as file:
            parts = {name: file[name][()] for name in _TABLES}
        self._shift(parts)
        for name, rows in parts.items():
            self._types[name] = rows.dtype
            self._files[name].write(rows.tobytes())
            self.n_rows[name] += len(rows)

    def _shift(self, parts: dict[str, _Rows]) -> None:
        """Turn references into the part into references into the whole."""
        frames, instances, n = parts["frames"], parts["instances"], self.n_rows
        frames["frame_id"] += np.uint64(n["frames"])
        for column in ("instance_id_start", "instance_id_end"):
            frames[column] += np.uint64(n["instances"])
        instances["instance_id"] += n["instances"]
        instances["frame_id"] += np.uint64(n["frames"])
        instances["from_predicted"][instances["from_predicted"] >= 0] += n["instances"]
        behind = np.array([n["points"], n["pred_points"]], np.uint64)[instances["instance_type"]]
        for column in ("point_id_start", "point_id_end"):
            instances[column] += behind

    def write(self, path: Path) -> None:
        """Write the file.

        Raises:
            OSError: the disk is full, or failed.
        """
        self._frameless.tracks = list(self.tracks.values())
        reserve(path.parent, _RESERVE)
        with in_order(self._frameless.skeletons):
            self._frameless.save(
                str(path), embed=False, restore_original_videos=False, verbose=False
            )
        with open_to_write(path) as (file, check):
            for name, dtype in self._types.items():
                del file[name]
                table = file.create_dataset(name, (self.n_rows[name],), dtype)
                self._files[name].seek(0)
                for start in range(0, len(table), _ROWS_PER_BLOCK):
                    block = self._files[name].read(_ROWS_PER_BLOCK * dtype.itemsize)
                    rows = np.frombuffer(block, dtype)
                    table[start : start + len(rows)] = rows
                    check()

    def __enter__(self) -> "LabelTables":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
