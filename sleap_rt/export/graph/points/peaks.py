"""Peaks of confidence maps: one per map, or all local maxima.

The rules are those of `sleap_rt.models.reference.plain_peaks`.
"""

from typing import NamedTuple

import numpy as np

from sleap_rt.export.graph.part import FLOAT, NONE, Op, Value, constant
from sleap_rt.export.graph.points.candidates import best_candidates, raster_order
from sleap_rt.export.graph.points.maps import (
    Maps,
    as_points,
    flat_to_cells,
    integral_offsets,
    maps_of,
    patches,
    refined,
)

_SEEN = 5  # side of the patch in which a plateau shows: the neighbours of all neighbours


class GlobalPeaks(NamedTuple):
    """Attributes:
    cells: (batch, n_nodes, 2) float32, (x, y) in cells, NaN below the threshold.
    vals: (batch, n_nodes) float32; below the threshold 0, for legacy models the value itself.
    """

    cells: Value
    vals: Value


class LocalPeaks(NamedTuple):
    """Attributes:
    cells: (batch, n_nodes, k, 2) float32, (x, y) in cells, in raster order, then NaN.
    vals: (batch, n_nodes, k) float32, NaN where there is no peak.
    n_candidates: (batch, n_nodes) int64; if more than k, peaks may be missing and the graph has
        to be run again with more slots.
    """

    cells: Value
    vals: Value
    n_candidates: Value


def global_peaks(
    op: Op, confmaps: Value, threshold: Value, refine: Value, *, patch_size: int
) -> GlobalPeaks:
    """The largest cell of each map, first in raster order; a value equal to the threshold counts.

    Args:
        op: operators.
        confmaps: (batch, n_nodes, height, width).
        threshold: () float32.
        refine: () float32, 1 for integral refinement, 0 for none.
        patch_size: cells on a side of the refinement patch.
    """
    maps = maps_of(op, confmaps)
    # The first of the rows that hold the maximum, then the first cell in it: a tenth of the time
    # that an ArgMax over all cells takes.
    _, row = op.TopK(op.ReduceMax(confmaps, [3], keepdims=0), [1], axis=2, _outputs=2)
    cells_of_row = op.GatherND(confmaps, op.Unsqueeze(row, [3]), batch_dims=2)
    vals, column = op.TopK(cells_of_row, [1], axis=3, _outputs=2)  # (batch, n_nodes, 1, 1)
    vals, column = op.Squeeze(vals, [3]), op.Squeeze(column, [3])
    cells = refined(op, maps, as_points(op, column, row), refine, patch_size)
    below = op.Less(vals, threshold)
    cells = op.Where(op.Unsqueeze(below, [3]), NONE, cells)
    vals = op.Where(below, 0.0, vals)
    return GlobalPeaks(op.Squeeze(cells, [2]), op.Squeeze(vals, [2]))


def local_peaks(
    op: Op,
    confmaps: Value,
    threshold: Value,
    refine: Value,
    n_slots: Value,
    *,
    patch_size: int,
) -> LocalPeaks:
    """All local maxima above the threshold, a plateau within 2x2 cells counting once.

    Args:
        op: operators.
        confmaps: (batch, n_nodes, height, width).
        threshold: () float32.
        refine: () float32, 1 for integral refinement, 0 for none.
        n_slots: (1,) int64, k, the most peaks that can be returned per map.
        patch_size: cells on a side of the refinement patch.
    """
    maps = maps_of(op, confmaps)
    best = best_candidates(op, confmaps, maps, threshold, n_slots)
    cells = flat_to_cells(op, best.flat, maps.width)
    plateau = _plateau(op, maps, cells, best.vals)
    found = op.And(best.found, plateau.is_peak)
    ordered = raster_order(op, maps, best, found, cells + plateau.shift, n_slots)
    base = op.Floor(ordered.cells)
    moved = base + integral_offsets(op, maps, base, patch_size)
    cells = op.Where(op.Greater(refine, 0.0), moved, ordered.cells)
    return LocalPeaks(cells, ordered.vals, best.n_candidates)


class _Plateau(NamedTuple):
    is_peak: Value  # (batch, n_nodes, k) bool
    shift: Value  # (batch, n_nodes, k, 2) float32, from the cell to the plateau's mean


def _plateau(op: Op, maps: Maps, cells: Value, vals: Value) -> _Plateau:
    """Whether a cell is the raster-first of a plateau (of one to four cells) that is a maximum.

    A plateau fits a 2x2 block exactly if all its cells see each other; so every cell that ties
    with this one must have the same number of cells at least as high around it.
    """
    patch = patches(op, maps, cells - 2.0, _SEEN, outside=-np.inf)
    level = op.Unsqueeze(vals, [3, 4])
    as_high = op.Cast(op.GreaterOrEqual(patch, level), to=FLOAT)
    around = _sums_of_three(op, _sums_of_three(op, as_high, 3), 4)  # (batch, n_nodes, k, 3, 3)
    ties = op.Equal(op.Slice(patch, [1, 1], [4, 4], [3, 4]), level)
    tied = op.Cast(ties, to=FLOAT)
    counts = op.ReduceSum(op.Unsqueeze(tied, [3]) * constant(op, _TIE_WEIGHTS), [4, 5], keepdims=0)
    shift, n_ties, place = op.Split(counts, [2, 1, 1], axis=3, _outputs=3)
    n_around = tied * around  # 0 at a cell that does not tie
    alike = op.Equal(n_around, op.Unsqueeze(n_ties, [4]))
    n_alike = op.ReduceSum(op.Cast(alike, to=FLOAT), [3, 4], keepdims=0)
    closed = op.Equal(op.Unsqueeze(n_alike, [3]), n_ties)
    is_peak = op.And(closed, op.LessOrEqual(place, _WIDEST))
    return _Plateau(op.Squeeze(is_peak, [3]), shift / n_ties)


# What ties among the 3x3 cells around one add up to: x, y, their number, and a sum that is above
# `_WIDEST` if one of them comes earlier, or if they reach from the left to the right column.
_TIE_WEIGHTS = np.array(
    [
        [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
        [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
        [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
        [[99, 99, 99], [99, 0, 1], [10, 0, 1]],
    ],
    np.float32,
)
_WIDEST = 10.0


def _sums_of_three(op: Op, x: Value, axis: int) -> Value:
    first, second, third = (op.Slice(x, [i], [i + 3], [axis]) for i in range(3))
    return first + second + third
