"""Association by motion: compares detections with the predicted pose of every track.

Made for animals that hide behind each other, are missed for a while, or get each other's nodes.
Each node counts by itself, with Student's t, so that one wrong node decides nothing. Tracks move on
while unseen, with growing uncertainty. A node attached to the wrong animal still corrects the track
of the right one.
"""

from dataclasses import dataclass

import numpy as np

from sleap_rt.arrays import AnyFloats, AnyImage, AnyInts, Bools
from sleap_rt.geometry import squared_distances
from sleap_rt.tracking.features import centroids
from sleap_rt.tracking.ids import TrackIds
from sleap_rt.tracking.matching import match
from sleap_rt.tracking.motion.body_size import BodySize, diagonals
from sleap_rt.tracking.motion.kalman import KalmanBank
from sleap_rt.tracking.motion.relocation import Relocations
from sleap_rt.tracking.options import TrackerOptions
from sleap_rt.tracking.reductions import mean

# Lengths are shares of the body size, so that the model is the same at any magnification.
_NOISE = 0.1  # of a node's position as detected
_ACCELERATION = 0.05  # per frame²
_START_SPEED = 0.1  # per frame, of an animal seen for the first time
_LONGEST = 1.5  # a longer pose mixes several animals
_SLOWING = 0.1  # of the velocity lost per frame unseen: no animal runs straight for ever
_GATE = 16.0  # squared standard deviations; a node farther off is no observation of the track
_CLAIM_GATE = 9.0  # gate for a node found in another animal's pose
_TAIL = 4.0  # degrees of freedom of Student's t
_UNSEEN_COST = 12.0  # of leaving a track unseen: that of nodes five standard deviations off
_HIDDEN_NOISE = 4.0  # variance of a node placed by the rest of the body, in noise variances
_LEAST_SHARE = 0.5  # of a pair's nodes within the gate
_N_HITS = 3  # frames after which a track is more than a false alarm
_FAR_PX = 1e9  # ranks new places of a lost track behind the place where it was found before
_MAX_GAP_YOUNG = 2  # frames unseen, before that
_MAX_GAP = 30  # frames unseen, after; only where the number of animals is not known


@dataclass(frozen=True)
class _Comparison:
    """All detections against all predicted poses. Most pairs are far apart: few need a cost.

    Nodes come first: numpy is slow along a last axis that is short.
    """

    squares: AnyFloats  # (n_nodes, n, n_tracks) squared standard deviations, NaN if not in both
    doubts: AnyFloats  # (n_tracks, n_nodes), else a lost track could be anyone
    likely: Bools  # (n, n_tracks)
    is_whole: bool  # every node is in every pair

    def costs(self, rows: AnyInts, tracks: AnyInts) -> AnyFloats:
        """(...) of pairs of detections and tracks, NaN where no node is in both."""
        squares = self._squares(rows, tracks)
        terms = (_TAIL + 2) * np.log1p(squares / _TAIL) + self.doubts[tracks]
        return mean(terms, is_whole=self.is_whole)

    def scores(self, rows: AnyInts, tracks: AnyInts) -> AnyFloats:
        """(...) in (0, 1], for the user: 1 is a pose exactly as predicted."""
        squares = np.minimum(self._squares(rows, tracks), _GATE)
        return np.exp(-mean(squares, is_whole=self.is_whole) / 2)

    def inlying(self, rows: AnyInts, tracks: AnyInts) -> Bools:
        """(..., n_nodes) nodes that observe their track."""
        near: Bools = self._squares(rows, tracks) < _GATE
        return near

    def _squares(self, rows: AnyInts, tracks: AnyInts) -> AnyFloats:
        """(..., n_nodes)"""
        return np.ascontiguousarray(np.moveaxis(self.squares[:, rows, tracks], 0, -1))


class MotionAssociator:
    """The tracks of one video, by a constant-velocity Kalman filter and robust association.

    With `max_tracks` or `tracking_target_instance_count` the number of animals is fixed: no track
    is forgotten, and once so many exist, none is added. A detection left over may then be a lost
    track, if that can have got there.

    Args:
        options: the counts and `min_new_track_points` are used here.
        track_ids: source of new ids.
        n_nodes: of the skeleton.
    """

    def __init__(self, options: TrackerOptions, track_ids: TrackIds, n_nodes: int) -> None:
        self._population = options.target_count
        self._min_points = max(1, options.min_new_track_points)
        self._track_ids = track_ids
        self._n_started = 0
        self._ids: AnyInts = np.empty(0, np.int64)
        self._gaps: AnyInts = np.empty(0, np.int64)  # frames since last seen
        self._hits: AnyInts = np.empty(0, np.int64)  # frames seen
        self._bank = KalmanBank(n_nodes)
        self._relocations = Relocations()
        self._body_size = BodySize()
        self._size = 1.0  # px

    def associate(
        self, points: AnyFloats, image: AnyImage | None = None
    ) -> tuple[AnyInts, AnyFloats]:
        """Take the next frame; as `SimilarityAssociator.associate`, no image is used."""
        self._size = self._body_size.update(points)
        acceleration = _ACCELERATION * self._size
        self._bank.predict(
            acceleration_var=acceleration**2, drag=np.where(self._gaps > 0, 1.0 - _SLOWING, 1.0)
        )
        self._gaps += 1
        ids = np.full(len(points), -1, np.int64)
        scores = np.full(len(points), np.nan)
        if len(points) and len(self._ids):
            self._continue_tracks(points, ids, scores)
        self._start_tracks(points, ids, scores)
        self._forget_tracks()
        return ids, scores

    @property
    def _noise_var(self) -> float:
        return (_NOISE * self._size) ** 2

    @property
    def _start_vars(self) -> dict[str, float]:
        return {
            "position_var": self._noise_var,
            "velocity_var": (_START_SPEED * self._size) ** 2,
        }

    @property
    def n_followed(self) -> int:
        """Tracks that detections are compared with."""
        return len(self._ids)

    @property
    def room(self) -> int | None:
        """How many tracks may still be started; None: any number."""
        return None if self._population is None else self._population - self._n_started

    def _continue_tracks(self, points: AnyFloats, ids: AnyInts, scores: AnyFloats) -> None:
        """Pair detections with tracks, filling in `ids` and `scores`, and correct the filters."""
        found = self._compare(points)
        # With an unknown number of animals, an unpaired detection adds one: prefer likely pairs.
        unseen = np.inf if self._population is None else _UNSEEN_COST
        costs = np.full(found.likely.shape, unseen)
        near = np.nonzero(found.likely)
        costs[near] = np.fmin(found.costs(*near), unseen)
        rows, tracks = match(-costs, method="hungarian")
        likely = found.likely[rows, tracks]
        rows, tracks = rows[likely], tracks[likely]
        ids[rows] = self._ids[tracks]
        scores[rows] = found.scores(rows, tracks)
        self._correct(points, found, rows, tracks)
        if self.room == 0:
            self._relocate(points, found, ids, scores)

    def _compare(self, points: AnyFloats) -> _Comparison:
        variances = self._bank.variances + self._noise_var  # (n_tracks, n_nodes)
        here, there = (np.moveaxis(poses, 1, 0).copy() for poses in (points, self._bank.positions))
        squares = squared_distances(here[:, :, None], there[:, None])  # (n_nodes, n, n_tracks)
        squares /= variances.T[:, None]
        doubts = 2 * np.log(variances / self._noise_var)
        within = np.count_nonzero(squares < _GATE, axis=0)
        known = ~np.isnan(squares)
        joint = np.count_nonzero(known, axis=0)
        likely = (joint > 0) & (within >= _LEAST_SHARE * joint)
        return _Comparison(squares, doubts, likely, bool(known.all()))

    def _correct(
        self, points: AnyFloats, found: _Comparison, rows: AnyInts, tracks: AnyInts
    ) -> None:
        """Correct tracks by nodes in others' poses, then paired tracks by their own nodes."""
        inlying = found.inlying(rows, tracks)  # (n_pairs, n_nodes)
        observed = np.where(inlying[..., None], points[rows], np.nan)
        observed = self._with_rigid_rest(tracks, observed, points[rows])
        noise_var = np.where(inlying, self._noise_var, self._noise_var * _HIDDEN_NOISE)
        self._claim(points, found, rows, tracks, inlying)
        self._bank.correct(tracks, observed, noise_var)
        self._gaps[tracks] = 0
        self._hits[tracks] += 1
        self._relocations.clear(tracks)

    def _with_rigid_rest(
        self, tracks: AnyInts, observed: AnyFloats, otherwise: AnyFloats
    ) -> AnyFloats:
        """Fill the NaN of `observed` with predictions, moved as the observed nodes have moved.

        A node without a prediction is taken from `otherwise`.
        """
        predicted = self._bank.positions[tracks]
        known = ~np.isnan(observed[..., 0])
        innovations = np.where(known[..., None], observed - predicted, 0.0)
        shift = innovations.sum(axis=1) / np.maximum(known.sum(axis=1), 1)[:, None]
        rest = predicted + shift[:, None]
        rest = np.where(np.isnan(rest), otherwise, rest)
        return np.where(known[..., None], observed, rest)

    def _claim(
        self,
        points: AnyFloats,
        found: _Comparison,
        rows: AnyInts,
        tracks: AnyInts,
        inlying: Bools,
    ) -> None:
        """Correct tracks by nodes found in others' poses.

        If a detection mixes two animals, the misplaced node does not fit the track that got the
        detection, but often fits the other one, which may have no other node.
        """
        near = found.squares < _CLAIM_GATE  # (n_nodes, n, n_tracks)
        near[:, rows] &= ~inlying.T[..., None]
        near[:, :, tracks] &= ~inlying.T[:, None]
        claiming = np.flatnonzero(near.any(axis=(0, 1)))
        if not len(claiming):
            return
        squares = np.where(near, found.squares, np.inf)[..., claiming]
        best = squares.argmin(axis=1).T  # (n_claiming, n_nodes)
        claimed = np.logical_or.reduce(near[..., claiming], axis=1).T  # (n_claiming, n_nodes)
        nodes = np.arange(points.shape[1])
        observed = np.where(claimed[..., None], points[best, nodes], np.nan)
        filled = self._with_rigid_rest(claiming, observed, np.full(observed.shape, np.nan))
        alone = ~np.isin(claiming, tracks)  # the pose of a paired track gives its other nodes
        observed = np.where(alone[:, None, None], filled, observed)
        noise_var = np.where(~claimed, self._noise_var * _HIDDEN_NOISE, self._noise_var)
        self._bank.correct(claiming, observed, noise_var)

    def _relocate(
        self, points: AnyFloats, found: _Comparison, ids: AnyInts, scores: AnyFloats
    ) -> None:
        """Give lost tracks the detections left over, and restart tracks that stay at a new place.

        Until a track is restarted, the pair is a guess. It enters `ids` only if no other lost track
        can be there: a false detection with an animal's id costs more than one left out.
        """
        rows, tracks = np.flatnonzero(ids < 0), np.flatnonzero(self._gaps > 0)
        if not (len(rows) and len(tracks)):
            return
        centers = centroids(points[rows])
        costs = self._search_costs(tracks, centers, found.costs(*np.ix_(rows, tracks)))
        chosen, columns = match(-costs, method="hungarian")
        only_one = np.count_nonzero(~np.isnan(costs), axis=1) == 1  # can have got there
        reached = ~np.isnan(costs[chosen, columns])
        chosen, columns = chosen[reached], columns[reached]
        rows, centers, tracks = rows[chosen], centers[chosen], tracks[columns]
        poses, free = points[rows], self._unoccupied(centers)
        there = self._relocations.confirmed(
            tracks, centers, free & self._whole(poses), reach_px=self._size
        )
        told = there | (only_one[chosen] & free)
        ids[rows[told]] = self._ids[tracks[told]]
        scores[rows[told]] = 0.0
        self._bank.restart(tracks[there], poses[there], **self._start_vars)
        self._gaps[tracks[there]] = 0

    def _search_costs(self, tracks: AnyInts, centers: AnyFloats, costs: AnyFloats) -> AnyFloats:
        """Costs (n, n_tracks) of giving lost tracks detections at `centers`, (n, 2) px.

        Least at the place where the track last got a detection; then at any place that it can have
        reached while unseen; NaN beyond.
        """
        apart = self._relocations.distances(tracks, centers)
        predicted = centroids(self._bank.positions[tracks])
        away = np.linalg.norm(centers[:, None] - predicted[None], axis=-1)
        reach = self._size * (1 + self._gaps[tracks])  # at most its own length per frame
        reachable = np.where(away <= reach, _FAR_PX + costs, np.nan)
        return np.where(apart < self._size, apart, reachable)

    def _whole(self, poses: AnyFloats) -> Bools:
        """Whether poses (n, n_nodes, 2) px show most of one animal, and no more than one."""
        n_visible = np.count_nonzero(~np.isnan(poses[..., 0]), axis=1)
        most_seen = n_visible * 2 > poses.shape[1]
        whole: Bools = most_seen & (diagonals(poses) <= _LONGEST * self._size)
        return whole

    def _unoccupied(self, centers: AnyFloats) -> Bools:
        """Whether no animal that was just seen is within a body's size of (n, 2) px."""
        seen = centroids(self._bank.positions[self._gaps == 0])
        apart = np.linalg.norm(centers[:, None] - seen[None], axis=-1)
        free: Bools = np.all(apart > self._size, axis=1)
        return free

    def _start_tracks(self, points: AnyFloats, ids: AnyInts, scores: AnyFloats) -> None:
        n_visible = np.count_nonzero(~np.isnan(points[..., 0]), axis=1)
        fresh = np.flatnonzero((ids < 0) & (n_visible >= self._min_points))[: self.room]
        if not len(fresh):
            return
        ids[fresh] = self._track_ids.issue(len(fresh))
        scores[fresh] = 1.0
        self._n_started += len(fresh)
        self._bank.add(points[fresh], **self._start_vars)
        self._relocations.add(len(fresh))
        self._ids = np.concatenate((self._ids, ids[fresh]))
        self._gaps = np.concatenate((self._gaps, np.zeros(len(fresh), np.int64)))
        self._hits = np.concatenate((self._hits, np.ones(len(fresh), np.int64)))

    def _forget_tracks(self) -> None:
        if self._population is not None:
            return
        live = self._gaps <= np.where(self._hits >= _N_HITS, _MAX_GAP, _MAX_GAP_YOUNG)
        if live.all():
            return
        self._ids, self._gaps, self._hits = self._ids[live], self._gaps[live], self._hits[live]
        self._bank.keep(live)
        self._relocations.keep(live)
