"""Splits the loss between tracker (wrong identity) and detector (missing, extra, misplaced).

Two thought experiments do it. *Perfect association*: each detection takes the identity of the
animal it lies on; the loss that remains is the detector's, the rest is the tracker's. *Association
alone*: only detections that lie on an animal count, as if the detector had missed, added and
misplaced nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from sleap_rt.arrays import Doubles, Ints
from sleap_rt.evaluation.identity.hota import (
    best_pairs,
    hota_counts,
    hota_values,
    sum_hota,
)
from sleap_rt.evaluation.identity.idf1 import id_counts, id_values, sum_ids
from sleap_rt.evaluation.identity.sequences import TrackSequence
from sleap_rt.evaluation.identity.switches import Switch


def association_shares(
    sequences: Sequence[TrackSequence],
    threshold: float,
    switches: Sequence[Switch],
    *,
    is_followed: bool,
) -> dict[str, Any]:
    """How HOTA and IDF1 are lost, over all videos.

    Args:
        sequences: of the videos.
        threshold: least similarity of a match.
        switches: of all videos.
        is_followed: whether there is any match; without one, no switch can be seen.

    Returns:
        For HOTA and IDF1: `<name>`, `<name>_perfect_association`, `<name>_lost_by_detector`,
        `<name>_lost_by_association` (`<name>` and both losses add up to 1) and
        `<name>_association_alone`; and the switches with and without a preceding loss. Perfect
        association uses similarity alone, so a loss by association can be slightly below 0.
    """
    pairs = [_pairs_blind_to_identity(sequence) for sequence in sequences]
    actual = _scores(sequences, threshold)
    both = list(zip(sequences, pairs, strict=True))
    perfect = _scores([with_perfect_association(s, p) for s, p in both], threshold)
    alone = _association_alone([_meetings(s, p, threshold) for s, p in both])
    shares: dict[str, Any] = {}
    for name in ("HOTA", "IDF1"):
        shares |= {
            name: actual[name],
            f"{name}_perfect_association": perfect[name],
            f"{name}_lost_by_detector": 1.0 - perfect[name],
            f"{name}_lost_by_association": perfect[name] - actual[name],
            f"{name}_association_alone": alone[name],
        }
    after_loss = sum(switch.frames_lost > 0 for switch in switches)
    return {
        **shares,
        "switches_by_association": len(switches) - after_loss if is_followed else np.nan,
        "switches_after_loss": after_loss if is_followed else np.nan,
    }


def _scores(sequences: Sequence[TrackSequence], threshold: float) -> dict[str, float]:
    hota = hota_values(sum_hota([hota_counts(s) for s in sequences]))
    ids = id_values(sum_ids([id_counts(s, threshold) for s in sequences]))
    return {"HOTA": hota["HOTA"], "IDF1": ids["IDF1"]}


@dataclass(frozen=True)
class _BlindPairs:
    """Pairs of greatest total similarity in each frame, whatever their identities; (n,) each."""

    places: Ints  # of the frame
    rows: Ints
    columns: Ints
    similarity: Doubles


def _pairs_blind_to_identity(sequence: TrackSequence) -> _BlindPairs:
    places, rows, columns = ([np.zeros(0, np.int64)] for _ in range(3))
    values = [np.zeros(0)]
    for group in sequence.groups:
        frames, r, c = best_pairs(group.similarity)
        similarity = group.similarity[frames, r, c]
        some = similarity > 0
        places.append(group.places[frames[some]])
        rows.append(r[some])
        columns.append(c[some])
        values.append(similarity[some])
    return _BlindPairs(
        places=np.concatenate(places),
        rows=np.concatenate(rows),
        columns=np.concatenate(columns),
        similarity=np.concatenate(values),
    )


def with_perfect_association(sequence: TrackSequence, pairs: _BlindPairs) -> TrackSequence:
    """The sequence with paired detections named after their animal, and new names for others."""
    pr_ids = [np.full(len(ids), -1) for ids in sequence.pr_ids]
    for place, row, column in zip(pairs.places, pairs.rows, pairs.columns, strict=True):
        pr_ids[place][column] = sequence.gt_ids[place][row]
    n_ids = n_gt = len(sequence.gt_names)
    for ids in pr_ids:
        other = np.flatnonzero(ids < 0)
        ids[other] = n_ids + np.arange(len(other))
        n_ids += len(other)
    names = (*sequence.gt_names, *(f"unpaired {i + 1}" for i in range(n_ids - n_gt)))
    return replace(sequence, pr_ids=pr_ids, pr_names=names)


def _meetings(sequence: TrackSequence, pairs: _BlindPairs, threshold: float) -> Ints:
    """(n_gt_ids, n_pr_ids) frames in which a track lies on an animal, each pair counted alone."""
    meetings = np.zeros((len(sequence.gt_names), len(sequence.pr_names)), np.int64)
    found = pairs.similarity >= threshold
    cells = zip(pairs.places[found], pairs.rows[found], pairs.columns[found], strict=True)
    for place, row, column in cells:
        meetings[sequence.gt_ids[place][row], sequence.pr_ids[place][column]] += 1
    return meetings


def _association_alone(meetings: Sequence[Ints]) -> dict[str, float]:
    """HOTA and IDF1 when only paired detections exist; then DetA is 1, and HOTA is √AssA."""
    n_pairs = sum(int(n.sum()) for n in meetings)
    if not n_pairs:
        return {"HOTA": 0.0, "IDF1": 0.0}
    association, agreeing = 0.0, 0
    for n in meetings:
        either = n.sum(axis=1)[:, None] + n.sum(axis=0)[None, :] - n
        association += float((n * (n / np.maximum(1, either))).sum())
        agreeing += int(n[linear_sum_assignment(n, maximize=True)].sum())
    return {"HOTA": float(np.sqrt(association / n_pairs)), "IDF1": agreeing / n_pairs}
