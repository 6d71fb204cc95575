"""Matches the instances of two pose tables; the pose metrics are computed from the result."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from sleap_rt.arrays import Doubles
from sleap_rt.errors import DataError, did_you_mean
from sleap_rt.evaluation.options import MatchMethod, PoseOptions
from sleap_rt.evaluation.pairing.candidates import CandidatePairs, candidate_pairs
from sleap_rt.evaluation.pairing.centroids import (
    centroid_distances,
    match_centroids,
    predicted_centroids,
    true_centroids,
)
from sleap_rt.evaluation.pairing.frames import (
    FramePairs,
    pair_frames,
    pair_tables,
    select_ground_truth,
)
from sleap_rt.evaluation.pairing.matching import Matches, match_greedily
from sleap_rt.evaluation.pairing.nodes import align_nodes
from sleap_rt.evaluation.poses.oks import is_flat, oks
from sleap_rt.evaluation.reading.pose_table import PoseTable
from sleap_rt.words import counted, is_or_are


@dataclass(frozen=True, kw_only=True)
class PosePairing:
    """Two files with their instances matched.

    Attributes:
        ground_truth: the instances that count as truth.
        predicted: the predicted instances; in pose mode with the ground truth's nodes.
        options: as asked for, with `match_method` settled to oks or centroid.
        frames: the frames compared.
        candidates: all pairs within a frame.
        values: (n_candidates,) oks, or distance in px in centroid mode.
        matches: the pairs found.
        anchor: index of the anchor node in centroid mode, if there is one.
        notes: what a reader of the numbers needs to know, in words.
    """

    ground_truth: PoseTable
    predicted: PoseTable
    options: PoseOptions
    frames: FramePairs
    candidates: CandidatePairs
    values: Doubles
    matches: Matches
    anchor: int | None
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        n_pairs, n_frames = len(self.matches), len(self.frames)
        return f"<PosePairing {counted(n_pairs, 'matched pair')} in {counted(n_frames, 'frame')}>"

    @property
    def n_flat(self) -> int:
        """Ground-truth instances in compared frames whose box has no area."""
        return int(is_flat(self.ground_truth.points[self.compared_rows]).sum())

    @property
    def compared_rows(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Rows of the ground-truth instances in compared frames."""
        return np.concatenate([self.matches.gt_rows, self.matches.missed_rows])


def pair_poses(
    ground_truth: PoseTable,
    predicted: PoseTable,
    options: PoseOptions,
    *,
    centroid_default_px: float = 0.0,
) -> PosePairing:
    """Select, align, pair videos and frames, and match the animals in each frame.

    Args:
        ground_truth: all labels of the ground-truth file.
        predicted: all labels of the prediction file; instances without a score are left out.
        options: with `match_method` auto, a one-node prediction skeleton means centroid.
        centroid_default_px: used for a `match_threshold` of 0 in centroid mode.

    Raises:
        OptionError: auto means oks here, but an option was given that only centroid mode has.
        DataError: the files have no video, frame or node in common, or there is no ground truth.
    """
    was_auto = options.match_method == "auto"
    _refuse_swapped(ground_truth, predicted)
    options = _settle(options, predicted, centroid_default_px)
    truth = select_ground_truth(ground_truth, user_labels_only=options.user_labels_only)
    if not truth.n_frames:
        raise DataError(_no_truth(ground_truth, options))
    scored = predicted.only_predicted()
    anchor = _anchor(options, truth)
    if options.match_method == "oks":
        scored = align_nodes(scored, truth)
    frames = pair_frames(truth, scored, pair_tables(truth, predicted))
    candidates = candidate_pairs(frames, truth, scored)
    match = _match_by_oks if options.match_method == "oks" else _match_by_centroid
    values, matches = match(candidates, truth, scored, options, anchor)
    return PosePairing(
        ground_truth=truth,
        predicted=scored,
        options=options,
        frames=frames,
        candidates=candidates,
        values=values,
        matches=matches,
        anchor=anchor,
        notes=(
            *truth.notes,
            *scored.notes,
            *(
                _auto_notes(options, predicted)
                if was_auto
                else _one_point_notes(options, predicted)
            ),
            *_replaced_notes(truth),
            *_left_out_notes(predicted, scored),
            *frame_notes(frames, truth, scored),
            *_match_notes(matches, options),
        ),
    )


def _refuse_swapped(ground_truth: PoseTable, predicted: PoseTable) -> None:
    """Refuse predictions as the truth for what a person labelled."""
    if not (predicted.n_instances_in_file and ground_truth.n_instances):
        return
    if ground_truth.is_predicted.all() and not predicted.has_predictions:
        raise DataError(
            "The ground truth holds predictions only, and the predictions only what a person "
            "labelled: they are swapped. Give the labels first, then the predictions."
        )


def settled_method(match_method: MatchMethod, predicted: PoseTable) -> MatchMethod:
    """The method, with auto replaced by its meaning for these predictions."""
    if match_method != "auto":
        return match_method
    return "centroid" if len(predicted.node_names) == 1 else "oks"


def _settle(options: PoseOptions, predicted: PoseTable, centroid_default_px: float) -> PoseOptions:
    """`options` with auto, and a threshold of 0 px, replaced by their meaning here."""
    options = replace(options, match_method=settled_method(options.match_method, predicted))
    if options.match_method == "centroid" and options.match_threshold == 0:
        return replace(options, match_threshold=centroid_default_px)
    return options


def _auto_notes(options: PoseOptions, predicted: PoseTable) -> list[str]:
    if options.match_method != "centroid":
        return []
    return [
        f"{predicted.name} has one node, so animals are compared by their centroids; oks_stddev, "
        "oks_scale and coco_max_dets have no effect on them. Choose match_method oks to compare "
        "that node as a pose"
    ]


def _one_point_notes(options: PoseOptions, predicted: PoseTable) -> list[str]:
    if options.match_method != "centroid" or len(predicted.node_names) == 1:
        return []
    return [
        f"{predicted.name} has {len(predicted.node_names)} nodes, of which the first visible one "
        "stands for the animal's center, as in predictions of a centroid model: its distance is no "
        "error of the poses. Choose match_method oks to compare them"
    ]


def _no_truth(ground_truth: PoseTable, options: PoseOptions) -> str:
    if options.user_labels_only and ground_truth.n_instances:
        return (
            f"Empty frame pairs: none of the {ground_truth.n_instances} instances of "
            f"{ground_truth.name} was labelled by a person, and user_labels_only is on. "
            "Turn it off to take its predictions as ground truth."
        )
    return f"Empty frame pairs: {ground_truth.name} has no labelled frame to compare with"


def _anchor(options: PoseOptions, truth: PoseTable) -> int | None:
    name = options.anchor_part
    if name is None:
        return None
    if name not in truth.node_names:
        raise DataError(
            f"{truth.name} has no node {name!r} (anchor_part); its nodes are "
            f"{', '.join(truth.node_names)}.{did_you_mean(name, truth.node_names)}"
        )
    return truth.node_names.index(name)


def _match_by_oks(
    candidates: CandidatePairs,
    truth: PoseTable,
    scored: PoseTable,
    options: PoseOptions,
    anchor: int | None,
) -> tuple[Doubles, Matches]:
    measure = partial(oks, stddev=options.oks_stddev, scale=options.oks_scale)
    values = candidates.measure(measure, truth, scored)
    return values, match_greedily(candidates, values, scored.scores, options.match_threshold)


def _match_by_centroid(
    candidates: CandidatePairs,
    truth: PoseTable,
    scored: PoseTable,
    options: PoseOptions,
    anchor: int | None,
) -> tuple[Doubles, Matches]:
    predicted = predicted_centroids(scored.points)
    values = centroid_distances(candidates, true_centroids(truth.points, anchor), predicted)
    return values, match_centroids(candidates, values, options.match_threshold, predicted)


def _replaced_notes(truth: PoseTable) -> list[str]:
    n_replaced = int(truth.is_replaced.sum())
    if not n_replaced:
        return []
    return [
        f"{counted(n_replaced, 'prediction')} of {truth.name} corrected by a person, and still "
        "beside the correction: both count as animals, so one of the two is missed. Delete them "
        "from the file; where a person labelled every animal, user_labels_only leaves them out too"
    ]


def _left_out_notes(predicted: PoseTable, scored: PoseTable) -> list[str]:
    notes = []
    n_user = predicted.n_instances_in_file - scored.n_instances_in_file
    if n_user:
        notes.append(
            f"left out of {predicted.name}, since without a score they are no predictions: "
            f"{counted(n_user, 'user label')}"
        )
    if not scored.n_instances_in_file:
        notes.append(
            f"{predicted.name} has no predicted instances: there is nothing to score, so every "
            "average is undefined"
        )
    return notes


def _match_notes(matches: Matches, options: PoseOptions) -> list[str]:
    if len(matches) or not len(matches.extra_rows):
        return []
    needed = "a distance up to" if options.match_method == "centroid" else "an oks above"
    return [
        f"no prediction was matched with an animal ({needed} {options.match_threshold} is needed), "
        "so every average over matched pairs is undefined"
    ]


def frame_notes(frames: FramePairs, truth: PoseTable, predicted: PoseTable) -> list[str]:
    """What was not compared, in words."""
    notes = []
    lonely = [str(v) for i, v in enumerate(truth.videos) if i not in frames.video_pairs]
    if lonely and predicted.n_instances_in_file:
        notes.append(f"videos that {predicted.name} does not have: {', '.join(lonely)}")
    paired = set(frames.video_pairs.values())
    unknown = [str(video) for i, video in enumerate(predicted.videos) if i not in paired]
    if unknown and predicted.n_instances_in_file:
        notes.append(f"predicted videos without ground truth, left out: {', '.join(unknown)}")
    n_frames = frames.n_gt_frames_skipped
    if n_frames:
        notes.append(
            f"{counted(n_frames, 'ground-truth frame')} with "
            f"{counted(frames.n_gt_instances_skipped, 'instance')} {is_or_are(n_frames)} absent "
            f"from {predicted.name} and left out of poses' metrics, which does not lower recall"
        )
    return notes
