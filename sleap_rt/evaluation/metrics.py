"""All pose metrics of one comparison: the groups of sleap-nn's layout, and more of our own."""

from typing import Any

import numpy as np

from sleap_rt.arrays import Doubles
from sleap_rt.errors import OptionError
from sleap_rt.evaluation.pairing.pose_pairs import PosePairing
from sleap_rt.evaluation.poses.coco import coco_metrics
from sleap_rt.evaluation.poses.detection import detection_metrics
from sleap_rt.evaluation.poses.distances import distance_summary, node_distances, per_node_summary
from sleap_rt.evaluation.poses.pck import pair_pck, pck_curve, pck_metrics
from sleap_rt.evaluation.poses.visibility import visibility_metrics
from sleap_rt.evaluation.poses.voc import voc_metrics
from sleap_rt.geometry import visible_nodes
from sleap_rt.version import __version__

Metrics = dict[str, Any]
MATCH_SCORES = ("oks", "pck")


def pose_metrics(pairing: PosePairing) -> Metrics:
    """All metrics of the poses; in centroid mode, of the centroids.

    The groups `voc_metrics`, `mOKS`, `distance_metrics`, `pck_metrics` and `visibility_metrics`
    hold exactly what existing readers of such files expect. The others are additions.
    """
    common = {"selection": selection_group(pairing), "options": options_group(pairing)}
    if pairing.options.match_method == "centroid":
        return {**_centroid_groups(pairing), **common}
    coco = coco_group(pairing)
    common["selection"]["notes"] += _coco_notes(coco)
    distances = matched_distances(pairing)
    gt_points, pr_points = matched_points(pairing)
    labelled = visible_nodes(gt_points)
    return {
        "voc_metrics": {**voc_group(pairing, "oks"), **voc_group(pairing, "pck")},
        "mOKS": mean_oks(pairing),
        "distance_metrics": distance_group(pairing),
        "pck_metrics": pck_metrics(distances),
        "visibility_metrics": visibility_metrics(labelled, visible_nodes(pr_points)),
        "detection_metrics": detection_group(pairing),
        "pck_curve": pck_curve(distances, labelled),
        "node_metrics": per_node_summary(distances, pairing.ground_truth.node_names),
        "coco_metrics": coco,
        **common,
    }


def matched_points(pairing: PosePairing) -> tuple[Doubles, Doubles]:
    """(n_matches, n_nodes, 2) of both sides, px."""
    matches = pairing.matches
    return (
        pairing.ground_truth.points[matches.gt_rows],
        pairing.predicted.points[matches.pr_rows],
    )


def matched_distances(pairing: PosePairing) -> Doubles:
    """(n_matches, n_nodes) px; (n_matches,) in centroid mode."""
    if pairing.options.match_method == "centroid":
        return pairing.matches.values
    return node_distances(*matched_points(pairing))


def mean_oks(pairing: PosePairing) -> Metrics:
    """Mean OKS over matched pairs; NaN without one. Animals that were missed do not lower it."""
    values = pairing.matches.values
    return {"mOKS": float(values.mean()) if values.size else float("nan")}


def voc_group(pairing: PosePairing, match_score_by: str, **thresholds: Doubles) -> Metrics:
    """VOC values with the pair's oks or its mean PCK as match score.

    Raises:
        OptionError: `match_score_by` is neither oks nor pck.
    """
    if match_score_by not in MATCH_SCORES:
        raise OptionError(
            f"match_score_by must be one of {', '.join(MATCH_SCORES)}, got {match_score_by!r}"
        )
    matches = pairing.matches
    match_scores = matches.values
    if match_score_by == "pck":
        match_scores = pair_pck(matched_distances(pairing))
    values = voc_metrics(
        match_scores,
        pairing.predicted.scores[matches.pr_rows],
        len(matches.missed_rows),
        **thresholds,
    )
    return {f"{match_score_by}_voc.{key}": value for key, value in values.items()}


def distance_group(pairing: PosePairing) -> Metrics:
    """Distances of all matched pairs, where they are, and their summary."""
    truth = pairing.ground_truth
    frames = truth.instance_frames[pairing.matches.gt_rows]
    distances = matched_distances(pairing)
    return {
        "frame_idxs": truth.frame_idxs[frames].tolist(),
        "video_paths": [truth.videos[v].files[0].paths[0] for v in truth.frame_videos[frames]],
        "dists": distances,
        **distance_summary(distances),
    }


def detection_group(pairing: PosePairing) -> Metrics:
    """Counts of animals found and missed, and of predictions that are no animal."""
    matches = pairing.matches
    return dict(detection_metrics(len(matches), len(matches.extra_rows), len(matches.missed_rows)))


def coco_group(pairing: PosePairing) -> Metrics:
    """COCO style AP and AR over the compared frames."""
    candidates, scores = pairing.candidates, pairing.predicted.scores
    starts = candidates.pr_starts.tolist()
    frames = (
        (matrix, scores[start : start + matrix.shape[1]])
        for matrix, start in zip(candidates.matrices(pairing.values), starts, strict=True)
    )
    return coco_metrics(frames, max_dets=pairing.options.coco_max_dets)


def _coco_notes(coco: Metrics) -> list[str]:
    n_left_out = coco["n_predictions_left_out"]
    if not n_left_out:
        return []
    return [
        f"COCO AP and AR look at the best {coco['max_dets']} predictions of a frame; "
        f"{n_left_out} more were left out of them (coco_max_dets)"
    ]


def _centroid_groups(pairing: PosePairing) -> Metrics:
    summary = distance_summary(pairing.matches.values)
    return {
        "detection_metrics": {**detection_group(pairing), **summary},
        "distance_metrics": distance_group(pairing),
    }


def selection_group(pairing: PosePairing) -> Metrics:
    """Counts of what was compared and what was left out."""
    frames = pairing.frames
    return {
        "n_gt_videos": len(pairing.ground_truth.videos),
        "n_videos_paired": len(frames.video_pairs),
        "n_frame_pairs": len(frames),
        "n_matched": len(pairing.matches),
        "n_unmatched_gt": len(pairing.matches.missed_rows),
        "n_gt_frames_skipped": frames.n_gt_frames_skipped,
        "n_gt_instances_skipped": frames.n_gt_instances_skipped,
        "n_pr_frames_ignored": frames.n_pr_frames_ignored,
        "n_flat_gt": pairing.n_flat if pairing.options.match_method == "oks" else 0,
        "notes": list(pairing.notes),
    }


def options_group(pairing: PosePairing) -> Metrics:
    """The options behind the numbers."""
    options = pairing.options
    return {
        "ground_truth": pairing.ground_truth.name,
        "predictions": pairing.predicted.name,
        "match_method": options.match_method,
        "oks_stddev": options.oks_stddev,
        "oks_scale": options.oks_scale,
        "match_threshold": options.match_threshold,
        "user_labels_only": options.user_labels_only,
        "anchor_part": options.anchor_part,
        "coco_max_dets": options.coco_max_dets,
        "sleap_rt_version": __version__,
        "numpy_version": np.__version__,
    }
