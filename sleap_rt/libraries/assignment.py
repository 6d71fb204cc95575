"""One-to-one pairs of least cost: SciPy's, which is loaded where there is a choice to make.

Loading it takes a fifth of a second, as long as all else of a short run.
"""

from importlib import import_module
from typing import Any

import numpy as np

from sleap_rt.arrays import AnyFloats, Rows

_MOST_AT_A_GLANCE = 64  # pairs; of more, SciPy finds the best ones sooner than a look at each row


def load_solver() -> None:
    """Load what `least_cost_pairs` may need, where it must not have to later: in closed loops."""
    import_module("scipy.optimize")


def least_cost_pairs(costs: AnyFloats) -> tuple[Rows, Rows]:
    """The pairs that `scipy.optimize.linear_sum_assignment` gives, ties and all.

    Args:
        costs: (n, m), finite.

    Returns:
        (rows, columns), min(n, m) of each, ascending in rows.
    """
    n_rows, n_columns = costs.shape
    if costs.size <= _MOST_AT_A_GLANCE:
        if n_rows <= n_columns and (columns := _own_places(costs.tolist())) is not None:
            return np.arange(n_rows), np.array(columns, np.intp)
        if n_rows > n_columns and (rows := _own_places(costs.T.tolist())) is not None:
            order = np.argsort(rows)
            return np.array(rows, np.intp)[order], order
    from scipy.optimize import linear_sum_assignment

    found: tuple[Rows, Rows] = linear_sum_assignment(costs)
    return found


def _own_places(costs: list[list[Any]]) -> list[int] | None:
    """Where each row is least, if that is one place in each, and no two rows have the same.

    Any other choice costs a row more and saves none anything: there is nothing to solve.
    """
    places: list[int] = []
    for row in costs:
        least = min(row)
        place = row.index(least)
        if row.count(least) > 1 or place in places:
            return None
        places.append(place)
    return places
