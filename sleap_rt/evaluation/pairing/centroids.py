"""Centroid mode: each animal is one point, pairs are found by distance in px."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from sleap_rt.arrays import Doubles, Ints
from sleap_rt.evaluation.pairing.candidates import CandidatePairs
from sleap_rt.evaluation.pairing.matching import FramePairing, Matches, collect_matches
from sleap_rt.geometry import visible_nodes


def true_centroids(points: Doubles, anchor: int | None = None) -> Doubles:
    """(n, 2) px: the anchor node where visible, else the mean of the visible nodes; NaN if none.

    Args:
        points: (n, n_nodes, 2) px.
        anchor: index of the anchor node.
    """
    visible = visible_nodes(points)
    some = visible.any(axis=-1)
    centroids = np.full((len(points), 2), np.nan)
    centroids[some] = np.nanmean(points[some], axis=1)
    if anchor is not None:
        there = visible[:, anchor]
        centroids[there] = points[there, anchor]
    return centroids


def predicted_centroids(points: Doubles) -> Doubles:
    """(n, 2) px: the first visible node of each prediction; NaN if none is."""
    first = np.argmax(visible_nodes(points), axis=-1)
    centroids: Doubles = points[np.arange(len(points)), first]
    return centroids


def centroid_distances(candidates: CandidatePairs, true: Doubles, predicted: Doubles) -> Doubles:
    """(n_candidates,) px between true (n_gt, 2) and predicted (n_pr, 2) centroids."""
    apart = true[candidates.gt_rows] - predicted[candidates.pr_rows]
    distances: Doubles = np.sqrt((apart**2).sum(axis=-1))
    return distances


def nearest_pairs(distances: Doubles, threshold: float) -> FramePairing:
    """Pairs of one frame with the least total distance; then those beyond `threshold` are undone.

    Args:
        distances: (n_gt, n_pr) px; a row or column of NaN is an animal without a centroid.
        threshold: px; a pair needs distance <= threshold.
    """
    known = ~np.isnan(distances)
    rows, columns = np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))
    chosen: tuple[Ints, Ints] = linear_sum_assignment(distances[np.ix_(rows, columns)])
    pairs = zip(rows[chosen[0]].tolist(), columns[chosen[1]].tolist(), strict=True)
    return [(row, column) for row, column in pairs if distances[row, column] <= threshold]


def match_centroids(
    candidates: CandidatePairs, distances: Doubles, threshold: float, predicted: Doubles
) -> Matches:
    """Pair the centroids of all frames; a prediction without a centroid is no detection.

    Args:
        candidates: the pairs to choose from.
        distances: (n_candidates,) px.
        threshold: px.
        predicted: (n_pr, 2) centroids of the whole prediction table.
    """
    pairings = [nearest_pairs(matrix, threshold) for matrix in candidates.matrices(distances)]
    matches = collect_matches(candidates, pairings, distances)
    has_point = visible_nodes(predicted[matches.extra_rows])
    return Matches(
        gt_rows=matches.gt_rows,
        pr_rows=matches.pr_rows,
        values=matches.values,
        missed_rows=matches.missed_rows,
        extra_rows=matches.extra_rows[has_point],
    )
