"""Matching: pairs of detections and tracks, at most one each."""

import numpy as np

from sleap_rt.arrays import AnyFloats, AnyInts
from sleap_rt.libraries.assignment import least_cost_pairs


def match(scores: AnyFloats, *, method: str) -> tuple[AnyInts, AnyInts]:
    """Pair rows and columns, each at most once; always gives min(n, n_tracks) pairs.

    Args:
        scores: (n, n_tracks), higher is better; NaN where a pair cannot be judged.
        method: `hungarian` (best total) or `greedy` (best pair first).

    Returns:
        (rows, columns), ascending in rows. A pair has a NaN score only if nothing better was left.
    """
    if not scores.size:
        nothing = np.empty(0, np.intp)
        return nothing, nothing
    return _hungarian(scores) if method == "hungarian" else _greedy(scores)


def _hungarian(scores: AnyFloats) -> tuple[AnyInts, AnyInts]:
    finite = np.isfinite(scores)
    if not finite.all():
        worst = 10 * np.abs(scores[finite]).max() + 1 if finite.any() else 1e6
        scores = np.where(finite, scores, -worst)
    return least_cost_pairs(-scores)


def _greedy(scores: AnyFloats) -> tuple[AnyInts, AnyInts]:
    costs = np.where(np.isfinite(scores), -scores, np.inf)
    n_rows, n_columns = costs.shape
    column_of_row: dict[int, int] = {}
    taken: set[int] = set()
    for flat in np.argsort(costs, axis=None, kind="stable").tolist():  # ties: row, then column
        row, column = divmod(flat, n_columns)
        if row not in column_of_row and column not in taken:
            column_of_row[row] = column
            taken.add(column)
            if len(taken) == min(n_rows, n_columns):
                break
    rows = np.array(sorted(column_of_row), np.intp)
    return rows, np.array([column_of_row[row] for row in rows.tolist()], np.intp)
