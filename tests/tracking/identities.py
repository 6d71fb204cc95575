"""How well identities are kept: the measure the specification's table uses."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

MAX_DISTANCE_PX = 50.0  # farther apart, a detection is not of that animal


@dataclass(frozen=True)
class Identities:
    switches: int  # times an animal's matched track differs from its previous one
    idf1: float
    n_tracks: int


@dataclass(frozen=True)
class Labeled:
    """Poses of one frame with the names of the animals or tracks they belong to."""

    points: NDArray[np.float64]  # (n, n_nodes, 2) px
    ids: NDArray[np.int64]  # (n,)


def measure(truth: Sequence[Labeled], output: Sequence[Labeled]) -> Identities:
    """Compare tracks with the truth, frame by frame; both have one entry per frame."""
    last_track: dict[int, int] = {}
    together: Counter[tuple[int, int]] = Counter()
    switches = 0
    for true, found in zip(truth, output, strict=True):
        for animal, track in _pairs(true, found):
            together[animal, track] += 1
            switches += last_track.get(animal, track) != track
            last_track[animal] = track
    animals = sorted({animal for animal, _ in together})
    tracks = sorted({track for _, track in together})
    counts = np.array([[together[a, t] for t in tracks] for a in animals])
    n_right = counts[linear_sum_assignment(-counts)].sum() if counts.size else 0
    n_all = sum(len(true.ids) for true in truth) + sum(len(found.ids) for found in output)
    seen = {track for found in output for track in found.ids.tolist()}
    return Identities(switches, float(2 * n_right / max(n_all, 1)), len(seen))


def _pairs(true: Labeled, found: Labeled) -> list[tuple[int, int]]:
    if not (len(true.ids) and len(found.ids)):
        return []
    offsets = np.linalg.norm(true.points[:, None] - found.points[None], axis=-1)
    known = ~np.isnan(offsets)
    n_known = known.sum(axis=-1)
    distances = np.where(known, offsets, 0).sum(axis=-1) / np.maximum(n_known, 1)
    distances[n_known == 0] = 1e6
    rows, columns = linear_sum_assignment(distances)
    return [
        (int(true.ids[row]), int(found.ids[column]))
        for row, column in zip(rows, columns, strict=True)
        if distances[row, column] <= MAX_DISTANCE_PX
    ]
