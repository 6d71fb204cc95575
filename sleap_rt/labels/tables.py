"""Checks the tables of a `.slp` file once, before sleap-io follows their references.

sleap-io trusts them: a number out of range is a traceback in one place, and in another the wrong
animal, or none.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from sleap_rt.arrays import AnyInts, Bools
from sleap_rt.labels.descriptions import Descriptions
from sleap_rt.untrusted.budget import Budget
from sleap_rt.untrusted.hdf5 import check_dataset

_USER, _PREDICTED = 0, 1
_POINTS = {_USER: "points", _PREDICTED: "pred_points"}
_FRAMES = ("frame_id", "video", "frame_idx", "instance_id_start", "instance_id_end")
_INSTANCES = (
    *("instance_id", "instance_type", "frame_id", "skeleton", "track", "from_predicted"),
    *("score", "point_id_start", "point_id_end"),
)


@dataclass(frozen=True)
class _Table:
    """Columns of whole numbers by name, (n_rows,) each, and how long the table is."""

    name: str
    columns: dict[str, AnyInts]
    n_rows: int

    def __getitem__(self, column: str) -> AnyInts:
        return self.columns[column]

    def refuse(self, bad: Bools, words: Callable[[int], str]) -> None:
        """Refuse the table because of the first bad row."""
        rows = np.flatnonzero(bad)
        if len(rows):
            more = f" ({len(rows) - 1} more rows like it)" if len(rows) > 1 else ""
            raise ValueError(f"table {self.name}, row {rows[0]}: {words(int(rows[0]))}{more}")


def check_tables(file: h5py.File, told: Descriptions, budget: Budget) -> None:
    """Refuse references to what is not there, in the tables that give frames their instances.

    Args:
        file: open.
        told: what the file's texts say it has.
        budget: what the tables may unpack to.

    Raises:
        ValueError: words that name table and row.
    """
    frames = _read(file, "frames", _FRAMES, budget)
    instances = _read(file, "instances", _INSTANCES, budget)
    _check_frames(frames, instances.n_rows, told.video_ids)
    _check_instances(instances, told)
    n_points = {kind: _length(file, name, budget) for kind, name in _POINTS.items()}
    _check_points(instances, told, n_points)
    if "negative_frames" in file:
        negative = _read(file, "negative_frames", ("video_id", "frame_idx"), budget)
        _check_videos(negative, "video_id", told.video_ids)


def frame_video_ids(file: h5py.File) -> set[int]:
    """The videos that frames name."""
    return set(_read(file, "frames", _FRAMES)["video"].tolist())


def _read(
    file: h5py.File, name: str, columns: tuple[str, ...], budget: Budget | None = None
) -> _Table:
    """The columns of a table, which may also be a plain matrix in the same order."""
    dataset = _dataset(file, name, budget)
    fields = dataset.dtype.names
    width = len(fields) if fields else dataset.shape[1] if dataset.ndim == 2 else 0
    if width < len(columns) and dataset.size:
        raise ValueError(f"table {name} has {width} columns; {len(columns)} or more were expected")
    found: dict[str, AnyInts] = {}
    rows = dataset[()]
    for place, column in enumerate(columns):
        if not dataset.size:
            values = np.zeros(0, np.int64)
        else:
            values = rows[fields[place]] if fields else rows[:, place]
        if column != "score":
            found[column] = _whole(values, name, column)
    return _Table(name, found, len(dataset))


def _whole(values: Any, name: str, column: str) -> AnyInts:
    """Numbers of rows and the like as int64, whatever they are stored as."""
    numbers = np.asarray(values)
    if numbers.dtype.kind not in "biuf":
        raise ValueError(f"table {name}: column {column} holds no numbers")
    with np.errstate(invalid="ignore"):
        whole: AnyInts = numbers.astype(np.int64)
    changed = np.flatnonzero(whole != numbers)
    if len(changed):
        row = int(changed[0])
        raise ValueError(f"table {name}, row {row}: {column} is {numbers[row]}, no row number")
    return whole


def _dataset(file: h5py.File, name: str, budget: Budget | None) -> h5py.Dataset:
    dataset = file.get(name)
    if not isinstance(dataset, h5py.Dataset) or not dataset.ndim:
        raise ValueError(f"it has no table {name}")
    if budget is not None:
        check_dataset(dataset, budget)
    return dataset


def _length(file: h5py.File, name: str, budget: Budget) -> int:
    if name not in file:
        return 0
    return len(_dataset(file, name, budget))


def _check_videos(table: _Table, column: str, video_ids: Collection[int]) -> None:
    known = np.array(sorted(video_ids), np.int64)
    table.refuse(
        ~np.isin(table[column], known),
        lambda row: f"video {table[column][row]} is not there; {_in_words('video', video_ids)}",
    )


def _in_words(thing: str, numbers: Collection[int]) -> str:
    if not numbers:
        return f"the file has no {thing}"
    return (
        f"the file has {thing} {min(numbers)} to {max(numbers)}"
        if len(numbers) > 1
        else (f"the file has {thing} {min(numbers)} only")
    )


def _check_frames(frames: _Table, n_instances: int, video_ids: Collection[int]) -> None:
    _check_videos(frames, "video", video_ids)
    index = frames["frame_idx"]
    frames.refuse(index < 0, lambda row: f"frame number {index[row]} is negative")
    start, end = frames["instance_id_start"], frames["instance_id_end"]
    filled = start != end
    frames.refuse(
        filled & ((start < 0) | (end < start) | (end > n_instances)),
        lambda row: (
            f"instances {start[row]} to {end[row]} are not there; the table instances has "
            f"{n_instances} rows"
        ),
    )


def _check_instances(instances: _Table, told: Descriptions) -> None:
    kind, ids = instances["instance_type"], instances["instance_id"]
    instances.refuse(
        ~np.isin(kind, [_USER, _PREDICTED]),
        lambda row: f"type {kind[row]}; expected 0 (a person's) or 1 (predicted)",
    )
    repeated = np.ones(len(ids), bool)
    repeated[np.unique(ids, return_index=True)[1]] = False
    instances.refuse(repeated, lambda row: f"instance_id {ids[row]} is that of an earlier row, too")
    for column, thing, n_there, least in (
        ("skeleton", "skeleton", len(told.n_nodes), 0),
        ("track", "track", told.n_tracks, -1),
    ):
        values = instances[column]
        instances.refuse(
            (values < least) | (values >= n_there),
            lambda row, thing=thing, values=values, n_there=n_there: (  # type: ignore[misc]
                f"{thing} {values[row]} is not there; {_in_words(thing, range(n_there))}"
            ),
        )
    origin = instances["from_predicted"]
    instances.refuse(
        (origin >= 0) & ~np.isin(origin, ids),
        lambda row: f"instance {origin[row]}, which it was made from, is not there",
    )


def _check_points(instances: _Table, told: Descriptions, n_points: dict[int, int]) -> None:
    start, end = instances["point_id_start"], instances["point_id_end"]
    n_nodes = np.array([*told.n_nodes, 0], np.int64)[instances["skeleton"]]
    instances.refuse(
        end - start != n_nodes,
        lambda row: f"points {start[row]} to {end[row]} for a skeleton of {n_nodes[row]} nodes",
    )
    kind = instances["instance_type"]
    for one, name in _POINTS.items():
        instances.refuse(
            (kind == one) & ((start < 0) | (end > n_points[one])),
            lambda row, name=name, one=one: (  # type: ignore[misc]
                f"points {start[row]} to {end[row]} are not there; the table {name} has "
                f"{n_points[one]} rows"
            ),
        )
