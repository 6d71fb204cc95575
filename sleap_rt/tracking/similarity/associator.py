"""Association by similarity: detections are compared to the recent instances of every track."""

from collections.abc import Callable
from functools import partial

import numpy as np

from sleap_rt.arrays import AnyFloats, AnyImage, AnyInts, Bools, Image
from sleap_rt.errors import DataError
from sleap_rt.geometry import oks_matrix, pose_boxes
from sleap_rt.tracking.features import FEATURES
from sleap_rt.tracking.ids import TrackIds
from sleap_rt.tracking.matching import match
from sleap_rt.tracking.options import TrackerOptions
from sleap_rt.tracking.reductions import open_reduction
from sleap_rt.tracking.similarity.appearance import appearances
from sleap_rt.tracking.similarity.flow import FlowShifter, gray_image
from sleap_rt.tracking.similarity.history import FixedWindow, LocalQueues
from sleap_rt.tracking.similarity.scores import cosine_sim, euclidean_dist, iou

NEW_TRACK_SCORE = 1.0
FORCED_SCORE = 0.0


class SimilarityAssociator:
    """The tracks of one video.

    There is no gate: detections join tracks however little alike they are, so a fixed number of
    animals keeps its ids.

    Args:
        options: resolved for the skeleton.
        track_ids: source of new ids.
    """

    def __init__(self, options: TrackerOptions, track_ids: TrackIds) -> None:
        self._options = options
        self._track_ids = track_ids
        self._n_started = 0
        self._n_frames = 0
        history = FixedWindow if options.candidates_method == "fixed_window" else LocalQueues
        self._history = history(options.tracking_window_size)
        self._score = _open_score(options)
        self._reduce = open_reduction(
            options.scoring_reduction, quantile=options.robust_best_instance
        )
        self._flow = (
            FlowShifter(
                scale=options.of_img_scale,
                window_size=options.of_window_size,
                max_levels=options.of_max_levels,
            )
            if options.use_flow
            else None
        )

    @property
    def n_followed(self) -> int:
        """Tracks that detections are compared with."""
        return len(self._history.ids)

    def associate(
        self, points: AnyFloats, image: AnyImage | None = None
    ) -> tuple[AnyInts, AnyFloats]:
        """Take the next frame.

        Args:
            points: (n, n_nodes, 2) float64 px, NaN where a node is missing.
            image: of this frame, where the options need one.

        Returns:
            Track ids (n,), -1 without a track, and tracking scores (n,), NaN without a track.
        """
        gray = None
        if self._options.needs_images and image is not None:
            gray = gray_image(image)
            _refuse_other_image(gray, points)
        prepared = None if self._flow is None or gray is None else self._flow.prepare(gray)
        features = self._features(points, gray)
        n_visible = np.count_nonzero(~np.isnan(points[:, :, 0]), axis=1)
        ids, scores = self._assign(self._track_scores(features, prepared), n_visible)
        tracked = ids >= 0
        self._history.record(
            self._n_frames,
            ids[tracked],
            features[tracked],
            n_visible[tracked] >= max(1, self._options.min_match_points),
            None if self._flow is None else points[tracked],
        )
        if self._flow is not None and prepared is not None:
            self._flow.remember(self._n_frames, prepared, self._history.frame_numbers)
        self._n_frames += 1
        return ids, scores

    def _features(self, points: AnyFloats, gray: Image | None) -> AnyFloats:
        if self._options.features == "image" and gray is not None:
            return appearances(points, gray)
        return FEATURES[self._options.features](points)

    def _track_scores(self, features: AnyFloats, prepared: Image | None) -> AnyFloats:
        """(n, n_tracks), higher is better; NaN where a track has no candidate to judge by."""
        history = self._history
        n_tracks, window = history.frame_numbers.shape
        if not (n_tracks and len(features)):
            return np.empty((len(features), n_tracks))
        candidates = history.features
        if self._flow is not None and prepared is not None:
            moved = self._flow.shift(history.points, history.frame_numbers, prepared)
            moved = moved.reshape(n_tracks * window, *moved.shape[2:])
            candidates = self._features(moved, None)
        flat = candidates.reshape(n_tracks * window, *features.shape[1:])
        scores = self._score(features, flat).reshape(len(features), n_tracks, window)
        if not history.eligible.all():
            scores[:, ~history.eligible] = np.nan
        return self._reduce(scores)

    def _assign(self, scores: AnyFloats, n_visible: AnyInts) -> tuple[AnyInts, AnyFloats]:
        ids = np.full(len(scores), -1, np.int64)
        tracking_scores = np.full(len(scores), np.nan)
        can_start = n_visible >= max(1, self._options.min_new_track_points)
        rows, columns = match(scores, method=self._options.track_matching_method)
        pair_scores = scores[rows, columns]
        ids[rows] = self._history.ids[columns]
        forced = np.isnan(pair_scores)
        if forced.any():
            pair_scores[forced] = FORCED_SCORE
            ids[self._better_started(rows[forced], ids < 0, can_start)] = -1
        tracking_scores[rows] = pair_scores
        fresh = np.flatnonzero((ids < 0) & can_start)[: self.room]
        tracking_scores[ids < 0] = np.nan
        ids[fresh] = self._track_ids.issue(len(fresh))
        tracking_scores[fresh] = NEW_TRACK_SCORE
        self._n_started += len(fresh)
        return ids, tracking_scores

    def _better_started(self, forced: AnyInts, unpaired: Bools, can_start: Bools) -> AnyInts:
        """Of the rows paired without a score, those that start a track instead.

        If `max_tracks` leaves little room, rows without a pair come first.
        """
        startable = forced[can_start[forced]]
        room = self.room
        if room is None:
            return startable
        return startable[: max(0, room - np.count_nonzero(unpaired & can_start))]

    @property
    def room(self) -> int | None:
        """How many tracks may still be started; None: any number."""
        limit = self._options.max_tracks
        return None if limit is None else limit - self._n_started


def _refuse_other_image(gray: Image, points: AnyFloats) -> None:
    """Refuse an image that cannot be the one in which these poses were found.

    Poses may stick out, and a false one lie in the padding beside the frame, but none is farther
    away than the image is large.
    """
    height, width = gray.shape
    boxes = pose_boxes(points)
    away = (boxes[:, :2] > (2 * width, 2 * height)) | (boxes[:, 2:] < (-width, -height))
    if away.any():
        x, y = boxes[away.any(axis=1)][0, :2]
        raise DataError(
            f"The image to track by has {width} x {height} px, and a pose begins at ({x:g}, {y:g}) "
            "px. Hand over the image in which the poses were found, in its own size."
        )


def _open_score(options: TrackerOptions) -> Callable[[AnyFloats, AnyFloats], AnyFloats]:
    if options.scoring_method == "oks":
        return partial(oks_matrix, stddev=options.oks_stddev)
    return {"euclidean_dist": euclidean_dist, "cosine_sim": cosine_sim, "iou": iou}[
        options.scoring_method
    ]
