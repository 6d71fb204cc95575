"""The Python entry point: two sets of labels in, the metrics dictionary out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sleap_rt.arrays import Doubles, Ints
from sleap_rt.errors import OptionError, log_of
from sleap_rt.evaluation.metrics import (
    Metrics,
    distance_group,
    matched_distances,
    matched_points,
    mean_oks,
    pose_metrics,
    voc_group,
)
from sleap_rt.evaluation.options import (
    CENTROID_THRESHOLD_PX,
    MatchMethod,
    PoseOptions,
    no_effect_on_oks,
)
from sleap_rt.evaluation.pairing.pose_pairs import PosePairing, pair_poses, settled_method
from sleap_rt.evaluation.poses.distances import distance_summary
from sleap_rt.evaluation.poses.pck import PCK_THRESHOLDS_PX, pck_metrics
from sleap_rt.evaluation.poses.visibility import visibility_metrics
from sleap_rt.evaluation.poses.voc import MATCH_SCORE_THRESHOLDS, RECALL_THRESHOLDS
from sleap_rt.evaluation.reading.labels import (
    instances_in_order,
    table_from_labels,
    video_places,
)
from sleap_rt.evaluation.reading.pose_table import PoseTable
from sleap_rt.evaluation.results import compared_with_itself
from sleap_rt.geometry import visible_nodes
from sleap_rt.options.value_types import check_value, typed
from sleap_rt.words import counted

if TYPE_CHECKING:
    import sleap_io as sio

_log = log_of(__name__)


@dataclass(frozen=True)
class LocatedInstance:
    """An instance of the labels given, with its frame and video."""

    instance: Any  # sleap_io.Instance or PredictedInstance
    frame_idx: int
    video_path: str


class Evaluator:
    """Compares predictions with ground truth. Matching happens on construction.

    What a reader of the numbers needs to know (nothing was predicted, frames are left out, ...) is
    logged as warnings, and in `pairing.notes`.

    Args:
        ground_truth_instances: labels that are the truth; not modified.
        predicted_instances: labels with predicted instances; not modified.
        oks_stddev: spread of a node's error, as a fraction of the animal's size.
        oks_scale: px²; replaces the area of every instance's box.
        match_threshold: a pair needs oks > this; centroid mode: distance <= this, px (0 pairs only
            points that coincide).
        user_labels_only: only what a person labelled is ground truth.
        match_method: oks, centroid, or auto (centroid if predictions have one node).
        anchor_ind: centroid mode: index of the ground-truth node that is the centroid.

    Attributes:
        pairing: the matching as arrays, with notes on what was left out.

    Raises:
        OptionError: an option has a value that cannot be honoured.
        DataError: the labels have no video, frame or node in common.

    Examples:
        >>> import sleap_io as sio
        >>> truth, predicted = sio.load_slp("labels.slp"), sio.load_slp("predictions.slp")
        >>> evaluator = Evaluator(truth, predicted, oks_stddev=0.05)
        >>> round(evaluator.mOKS()["mOKS"], 4)
        0.6763
        >>> round(float(evaluator.voc_metrics("oks")["oks_voc.mAP"]), 4)
        0.252
        >>> truth_side, prediction, oks = evaluator.positive_pairs[1]
        >>> truth_side.frame_idx, prediction.video_path, round(oks, 4)
        (1, 'clips/mice.mp4', 0.9592)
        >>> len(evaluator.frame_pairs), [missed.frame_idx for missed in evaluator.false_negatives]
        (6, [4])
        >>> sorted(evaluator.evaluate())  # doctest: +NORMALIZE_WHITESPACE
        ['coco_metrics', 'detection_metrics', 'distance_metrics', 'mOKS', 'node_metrics', 'options',
         'pck_curve', 'pck_metrics', 'selection', 'visibility_metrics', 'voc_metrics']
    """

    @typed
    def __init__(
        self,
        ground_truth_instances: "sio.Labels",
        predicted_instances: "sio.Labels",
        oks_stddev: float = PoseOptions.oks_stddev,
        oks_scale: float | None = PoseOptions.oks_scale,
        match_threshold: float = PoseOptions.match_threshold,
        user_labels_only: bool = PoseOptions.user_labels_only,
        match_method: MatchMethod = PoseOptions.match_method,
        anchor_ind: int | None = None,
    ) -> None:
        ground_truth = table_from_labels(ground_truth_instances, "ground_truth_instances")
        predicted = table_from_labels(predicted_instances, "predicted_instances")
        if anchor_ind is not None and settled_method(match_method, predicted) == "oks":
            raise OptionError(no_effect_on_oks(f"anchor_ind {anchor_ind}"))
        options = PoseOptions(
            oks_stddev=oks_stddev,
            oks_scale=oks_scale,
            match_threshold=match_threshold,
            user_labels_only=user_labels_only,
            match_method=match_method,
            anchor_part=_node_name(ground_truth, anchor_ind),
        )
        self._labels = (ground_truth_instances, predicted_instances)
        self.pairing: PosePairing = pair_poses(ground_truth, predicted, options)
        if ground_truth_instances is predicted_instances:
            _log.warning(compared_with_itself("predicted_instances"))
        for note in self.pairing.notes:
            _log.warning(note)
        if self.pairing.options.match_method == "centroid" and match_threshold == 0:
            _log.warning(
                "match_threshold 0 px pairs only points that coincide; match_threshold=%g is what "
                "the command takes",
                CENTROID_THRESHOLD_PX,
            )

    def __repr__(self) -> str:
        n_pairs, n_frames = len(self.pairing.matches), len(self.pairing.frames)
        return f"<Evaluator {counted(n_pairs, 'matched pair')} in {counted(n_frames, 'frame')}>"

    def evaluate(self) -> Metrics:
        """All metrics, in nested dictionaries of plain NumPy and built-in values."""
        return pose_metrics(self.pairing)

    def voc_metrics(
        self,
        match_score_by: str = "oks",
        match_score_thresholds: Doubles = MATCH_SCORE_THRESHOLDS,
        recall_thresholds: Doubles = RECALL_THRESHOLDS,
    ) -> Metrics:
        """VOC-style AP and AR.

        Raises:
            OptionError: `match_score_by` is neither oks nor pck, there are no thresholds, or one is
                no number of 0 or more.
        """
        return voc_group(
            self.pairing,
            match_score_by,
            match_score_thresholds=_numbers("match_score_thresholds", match_score_thresholds),
            recall_thresholds=_numbers("recall_thresholds", recall_thresholds),
        )

    def mOKS(self) -> Metrics:  # noqa: N802 - the field's own spelling
        """Mean OKS over matched pairs."""
        return mean_oks(self.pairing)

    def distance_metrics(self) -> Metrics:
        """Distances of matched pairs, and their mean and percentiles."""
        return {**self.dists_dict, **distance_summary(self.dists_dict["dists"])}

    def pck_metrics(self, thresholds: Doubles = PCK_THRESHOLDS_PX) -> Metrics:
        """PCK at `thresholds` (n,) px.

        Raises:
            OptionError: there are none, or one is no number of 0 or more.
        """
        limits = _numbers("thresholds", thresholds)
        return pck_metrics(matched_distances(self.pairing), limits)

    def visibility_metrics(self) -> Metrics:
        """Precision and recall of node visibility."""
        gt_points, pr_points = matched_points(self.pairing)
        return visibility_metrics(visible_nodes(gt_points), visible_nodes(pr_points))

    @cached_property
    def dists_dict(self) -> Metrics:
        """`frame_idxs`, `video_paths` and `dists` of the matched pairs."""
        group = distance_group(self.pairing)
        return {key: group[key] for key in ("frame_idxs", "video_paths", "dists")}

    @cached_property
    def frame_pairs(self) -> list[tuple[Any, Any]]:
        """The labelled frames that were compared, (ground truth, prediction)."""
        frames = self.pairing.frames
        sides = (self.pairing.ground_truth, self.pairing.predicted)
        both = []
        for labels, table, rows in zip(
            self._labels, sides, (frames.gt_frames, frames.pr_frames), strict=True
        ):
            place_of = video_places(labels)
            by_place = {
                (place_of[id(frame.video)], int(frame.frame_idx)): frame
                for frame in reversed(labels.labeled_frames)
            }
            videos, idxs = table.frame_videos[rows].tolist(), table.frame_idxs[rows].tolist()
            both.append([by_place[place] for place in zip(videos, idxs, strict=True)])
        return list(zip(*both, strict=True))

    @cached_property
    def positive_pairs(self) -> list[tuple[LocatedInstance, LocatedInstance, float]]:
        """Matched (ground truth, prediction, oks), or (..., px) in centroid mode."""
        matches = self.pairing.matches
        truths = self._located(0, self.pairing.ground_truth, matches.gt_rows)
        predictions = self._located(1, self.pairing.predicted, matches.pr_rows)
        return list(zip(truths, predictions, matches.values.tolist(), strict=True))

    @cached_property
    def false_negatives(self) -> list[LocatedInstance]:
        """Ground truth in compared frames that no prediction was matched with."""
        return self._located(0, self.pairing.ground_truth, self.pairing.matches.missed_rows)

    def _located(self, side: int, table: PoseTable, rows: Ints) -> list[LocatedInstance]:
        instances = instances_in_order(self._labels[side])
        frames = table.instance_frames[rows]
        return [
            LocatedInstance(
                instance=instances[table.rows_in_file[row]],
                frame_idx=int(table.frame_idxs[frame]),
                video_path=table.videos[table.frame_videos[frame]].files[0].paths[0],
            )
            for row, frame in zip(rows, frames, strict=True)
        ]


def _numbers(name: str, given: Any) -> Doubles:
    check_value(name, given.tolist() if isinstance(given, np.ndarray) else given, Sequence[float])
    numbers = np.array(list(given), np.float64)
    if not numbers.size or not (numbers >= 0).all():  # NaN is not
        raise OptionError(f"{name} must be numbers of 0 or more, at least one; got {given!r}")
    return numbers


def _node_name(ground_truth: PoseTable, index: int | None) -> str | None:
    if index is None:
        return None
    if not 0 <= index < len(ground_truth.node_names):
        raise OptionError(
            f"anchor_ind must be a node of the ground truth, 0 to "
            f"{len(ground_truth.node_names) - 1}, got {index}"
        )
    return ground_truth.node_names[index]
