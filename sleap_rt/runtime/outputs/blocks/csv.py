"""CSV tables row by row, as sleap-io's `save_csv` writes them."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.outputs.results import RunResults


def write_csv(results: RunResults, path: Path) -> None:
    """One row per instance: track, frame, score, and the nodes' columns by name.

    Raises:
        OSError: the disk is full, or failed.
    """
    names = results.skeleton.node_names
    columns = [f"{name}.{part}" for name in names for part in ("x", "y", "score")]
    order = sorted(range(len(columns)), key=columns.__getitem__)
    with path.open("w", newline="", encoding="utf8") as file:
        table = csv.writer(file, lineterminator=os.linesep)
        table.writerow(
            ["track", "frame_idx", "instance.score", *(columns[column] for column in order)]
        )
        for frame in results:
            table.writerows(_rows(frame, results.track_names, order))


def _rows(frame: FrameInstances, track_names: Any, order: list[int]) -> Iterator[list[Any]]:
    n = len(frame)
    values = np.dstack([frame.points, frame.point_scores]).astype(np.float64)
    rows = values.reshape(n, len(order))[:, order].tolist()
    for track, score, row in zip(
        frame.track_ids.tolist(), frame.scores.tolist(), rows, strict=True
    ):
        name = "" if track < 0 else track_names[track]
        yield [name, frame.frame_index, *("" if v != v else v for v in (score, *row))]
