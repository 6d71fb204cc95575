"""Peaks of confidence maps as the original SLEAP finds them.

Differences from native models: a plateau is no peak; row and column of the highest cell of a map
are found separately; a value below the threshold is kept; and a network may refine positions
itself.
"""

import numpy as np

from sleap_rt.export.graph.part import FLOAT, NONE, Op, Value
from sleap_rt.export.graph.points.candidates import best_candidates, raster_order
from sleap_rt.export.graph.points.maps import (
    Maps,
    as_points,
    flat_to_cells,
    maps_of,
    patches,
    refined,
)
from sleap_rt.export.graph.points.peaks import GlobalPeaks, LocalPeaks


def global_peaks(
    op: Op,
    confmaps: Value,
    offsets: Value | None,
    threshold: Value,
    refine: Value,
    *,
    patch_size: int,
) -> GlobalPeaks:
    """The first row and the first column that hold each map's maximum.

    Args:
        op: operators.
        confmaps: (batch, n_nodes, height, width).
        offsets: (batch, 2 * n_nodes, height, width), (x, y) in cells, where the network gives them.
        threshold: () float32; points below it are NaN, but keep their value.
        refine: () float32, 1 for integral refinement, 0 for none; without effect on `offsets`.
        patch_size: cells on a side of the patch of integral refinement.
    """
    maps = maps_of(op, confmaps)
    row, column = (op.ArgMax(op.ReduceMax(confmaps, [axis], keepdims=0), axis=2) for axis in (3, 2))
    index = row * maps.width + column  # (batch, n_nodes, 1)
    vals = op.GatherElements(maps.flat, index, axis=2)
    cells = as_points(op, column, row)
    if offsets is None:
        cells = refined(op, maps, cells, refine, patch_size)
    else:
        cells = cells + _read_offsets(op, offsets, maps, index)
    cells = op.Where(op.Unsqueeze(op.Less(vals, threshold), [3]), NONE, cells)
    return GlobalPeaks(op.Squeeze(cells, [2]), op.Squeeze(vals, [2]))


def local_peaks(
    op: Op,
    confmaps: Value,
    offsets: Value | None,
    threshold: Value,
    refine: Value,
    n_slots: Value,
    *,
    patch_size: int,
) -> LocalPeaks:
    """Cells strictly greater than their 8 neighbours and than the threshold.

    Args:
        op: operators.
        confmaps: (batch, n_nodes, height, width).
        offsets: (batch, 2 * n_nodes, height, width), (x, y) in cells, where the network gives them.
        threshold: () float32.
        refine: () float32, 1 for integral refinement, 0 for none; without effect on `offsets`.
        n_slots: (1,) int64, k, the most peaks that can be returned per map.
        patch_size: cells on a side of the patch of integral refinement.
    """
    maps = maps_of(op, confmaps)
    best = best_candidates(op, confmaps, maps, threshold, n_slots)
    cells = flat_to_cells(op, best.flat, maps.width)
    around = patches(op, maps, cells - 1.0, 3, outside=-np.inf)  # (batch, n_nodes, k, 3, 3)
    as_high = op.Cast(op.GreaterOrEqual(around, op.Unsqueeze(best.vals, [3, 4])), to=FLOAT)
    alone = op.Equal(op.ReduceSum(as_high, [3, 4], keepdims=0), 1.0)  # only the cell itself
    ordered = raster_order(op, maps, best, op.And(best.found, alone), cells, n_slots)
    if offsets is None:
        cells = refined(op, maps, ordered.cells, refine, patch_size)
    else:
        index = op.Min(ordered.flat, maps.n_cells - 1)  # where there is no peak, any cell
        cells = ordered.cells + _read_offsets(op, offsets, maps, index)
    return LocalPeaks(cells, ordered.vals, best.n_candidates)


def _read_offsets(op: Op, offsets: Value, maps: Maps, index: Value) -> Value:
    """(batch, n_nodes, k, 2) float32, (x, y): the network's offsets at flat cell indices."""
    shape = op.Concat(op.Shape(maps.flat, end=2), [2], maps.n_cells, axis=0)
    by_node = op.Reshape(offsets, shape)  # (batch, n_nodes, 2, height * width)
    index_xy = op.Expand(op.Unsqueeze(index, [2]), [1, 1, 2, 1])
    return op.Transpose(op.GatherElements(by_node, index_xy, axis=3), perm=[0, 1, 3, 2])
