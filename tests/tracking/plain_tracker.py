"""The whole tracker as plain loops, with the reference's treatment of missing nodes to choose.

Shares the score definitions of `oracles`, and no code with the package.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from scipy.optimize import linear_sum_assignment

from tracking import oracles


def is_visible(pose):
    return any(oracles.is_known(point) for point in pose)


def distance_ruined_by_a_missing_node(detection, candidate):
    """As the reference has it: one missing node in either pose, and there is no distance."""
    if not all(oracles.is_known(point) for pose in (detection, candidate) for point in pose):
        return math.nan
    return oracles.keypoint_distance(detection, candidate)


def centroid_distance(detection, candidate):
    return -math.dist(oracles.centroid(detection), oracles.centroid(candidate))


def box_overlap(detection, candidate):
    return oracles.iou(oracles.bbox(detection), oracles.bbox(candidate))


def oks(detection, candidate):
    return oracles.oks(detection, candidate, 0.025)


@dataclass
class PlainTracker:
    """One video, mean of scores, hungarian; `track` takes the poses of one frame after another."""

    score: Callable[..., float]  # of (detection, candidate)
    candidates_method: str = "fixed_window"
    max_tracks: float = math.inf
    keeps_pairs_without_score: bool = False  # as reference 0.3.3: they take what track is left
    window: int = 5
    n_tracks: int = 0
    records: list = field(default_factory=list)  # of the last frames: {track: pose}
    queues: dict = field(default_factory=dict)  # of every track: its last poses

    def track(self, poses):
        """The track of each pose, None without one."""
        candidates = self._candidates()
        columns = sorted(candidates)
        table = [[self._mean(pose, candidates[track]) for track in columns] for pose in poses]
        pairs = dict(self._pairs(table))
        tracks = [columns[pairs[row]] if row in pairs else None for row in range(len(poses))]
        room = self.max_tracks - self.n_tracks
        room -= sum(
            track is None and is_visible(pose) for track, pose in zip(tracks, poses, strict=True)
        )
        for row, column in sorted(pairs.items()):
            judged = self.keeps_pairs_without_score or not math.isnan(table[row][column])
            if not judged and is_visible(poses[row]) and room > 0:
                tracks[row] = None
                room -= 1
        for row, pose in enumerate(poses):
            if tracks[row] is None and is_visible(pose) and self.n_tracks < self.max_tracks:
                tracks[row] = self.n_tracks
                self.n_tracks += 1
        self._remember({t: pose for t, pose in zip(tracks, poses, strict=True) if t is not None})
        return tracks

    def _candidates(self):
        if self.candidates_method == "local_queues":
            return self.queues
        tracks = {track for record in self.records for track in record}
        return {t: [record[t] for record in self.records if t in record] for t in tracks}

    def _mean(self, pose, candidates):
        return oracles.reduce(
            [self.score(pose, past) for past in candidates if is_visible(past)], "mean", 1
        )

    def _pairs(self, table):
        if not (table and table[0]):
            return []
        known = [abs(value) for row in table for value in row if not math.isnan(value)]
        worst = 10 * max(known) + 1 if known else 1e6
        costs = [[worst if math.isnan(value) else -value for value in row] for row in table]
        rows, columns = linear_sum_assignment(costs)
        return zip(rows.tolist(), columns.tolist(), strict=True)

    def _remember(self, record):
        for track, pose in record.items():
            self.queues[track] = [*self.queues.get(track, []), pose][-self.window :]
        if record or self.records:
            self.records = [*self.records, record][-self.window :]
