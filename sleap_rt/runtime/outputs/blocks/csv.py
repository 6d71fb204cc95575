"""CSV tables row by row: the values and names of sleap-io's `save_csv`, and what it leaves out.

The header is there without rows as well, nodes stand in the order of the skeleton, and a column
tells the video where there are several.
"""

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.outputs.blocks.track_names import distinct_names
from sleap_rt.runtime.outputs.results import RunResults

if TYPE_CHECKING:
    import sleap_io as sio

_Row = tuple[int, str, int, list[float]]  # video, track, frame, instance score and nodes' values


def write_csv(results: RunResults, path: Path) -> None:
    """One row per instance: video if there are several, track, frame, score, and the nodes.

    Raises:
        OSError: the disk is full, or failed.
    """
    rows = (row for frame in results for row in _rows(frame, results.track_names))
    _write(path, results.skeleton.node_names, results.videos, rows)


def write_labels_csv(labels: "sio.Labels", path: Path) -> None:
    """The same of labels, a person's instances first; tracks of one name are numbered."""
    names = distinct_names(labels.tracks)
    numbers = {id(video): number for number, video in enumerate(labels.videos)}
    rows = (
        (
            numbers[id(frame.video)],
            "" if one.track is None else names[id(one.track)],
            frame.frame_idx,
            _values(one),
        )
        for frame in labels.labeled_frames
        for one in [*frame.user_instances, *frame.predicted_instances]
    )
    _write(path, [node.name for node in labels.skeleton.nodes], labels.videos, rows)


def _write(
    path: Path, nodes: Sequence[str], videos: "Sequence[sio.Video]", rows: Iterable[_Row]
) -> None:
    names = [_name(video) for video in videos] if len(videos) > 1 else []
    columns = [f"{node}.{part}" for node in nodes for part in ("x", "y", "score")]
    with path.open("w", newline="", encoding="utf8") as file:
        table = csv.writer(file, lineterminator=os.linesep)
        first = ["video_path"] if names else []
        table.writerow([*first, "track", "frame_idx", "instance.score", *columns])
        for video, track, frame, values in rows:
            first = [names[video]] if names else []
            table.writerow([*first, track, frame, *("" if v != v else v for v in values)])


def _values(instance: "sio.Instance") -> list[float]:
    points = instance.numpy()  # (n_nodes, 2)
    scores = np.full(len(points), np.nan)
    if "score" in (instance.points.dtype.names or ()):
        scores = instance.points["score"]
    values: list[float] = np.column_stack([points, scores]).astype(np.float64).ravel().tolist()
    return [float(getattr(instance, "score", np.nan)), *values]


def _name(video: "sio.Video") -> str:
    name = video.filename
    return str(name[0] if isinstance(name, list) else name)


def _rows(frame: FrameInstances, track_names: Any) -> Iterator[_Row]:
    values = np.dstack([frame.points, frame.point_scores]).astype(np.float64)
    values = values.reshape(len(frame), 3 * frame.points.shape[1])
    for track, score, row in zip(
        frame.track_ids.tolist(), frame.scores.tolist(), values.tolist(), strict=True
    ):
        name = "" if track < 0 else track_names[track]
        yield frame.video_index, name, frame.frame_index, [score, *row]
