"""Cells that may be local peaks, the best of each map, without data-dependent shapes.

Maps are large: as few operators as possible go over all cells.
"""

from typing import NamedTuple

from sleap_rt.export.graph.maps import Maps, flat_maps
from sleap_rt.export.graph.part import FLOAT, INT64, NONE, Op, Value

# Taken off a cell, it leaves less than any threshold. A power of two: in graphs with int8, OpenVINO
# takes a truth value times a number for int8 too, and divides the maps by that number meanwhile.
_FAR_BELOW = 2.0**64


class Candidates(NamedTuple):
    """Cells that no neighbour exceeds, the best k of each map.

    Attributes:
        flat: (batch, n_nodes, k) int64, index in raster order of a cell.
        vals: (batch, n_nodes, k) float32.
        found: (batch, n_nodes, k) bool, false where there is none.
        n_candidates: (batch, n_nodes) int64, how many there are in all.
    """

    flat: Value
    vals: Value
    found: Value
    n_candidates: Value


def best_candidates(
    op: Op, confmaps: Value, maps: Maps, threshold: Value, n_slots: Value
) -> Candidates:
    """The best k of all cells above the threshold that no neighbour exceeds (some may equal it).

    Args:
        op: operators.
        confmaps: (batch, n_nodes, height, width).
        maps: the same.
        threshold: () float32.
        n_slots: (1,) int64, k.
    """
    highest = op.MaxPool(confmaps, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1])
    found = op.And(op.GreaterOrEqual(confmaps, highest), op.Greater(confmaps, threshold))
    # Arithmetic, since ONNX Runtime takes longer for a Where than for all else here. The comparison
    # is inverted afterwards: a map of NaN, which no comparison holds for, has no candidates.
    none = op.Cast(op.Not(found), to=FLOAT)
    candidates = confmaps - none * _FAR_BELOW
    # Sums of ones are exact up to 2^24 cells, whatever their order.
    n_candidates = maps.n_cells - op.Cast(op.ReduceSum(none, [2, 3], keepdims=0), to=INT64)
    flat = flat_maps(op, candidates, maps.n_cells)
    # A map may have fewer cells than there are slots.
    n_best = op.Min(n_slots, maps.n_cells)
    vals, index = op.TopK(flat, n_best, axis=2, _outputs=2)
    pads = op.Concat([0, 0, 0, 0, 0], n_slots - n_best, axis=0)
    vals = op.Pad(vals, pads, -_FAR_BELOW)  # (batch, n_nodes, k)
    return Candidates(op.Pad(index, pads, 0), vals, op.Greater(vals, threshold), n_candidates)


class Ordered(NamedTuple):
    """Peaks in raster order, then NaN.

    Attributes:
        flat: (batch, n_nodes, k) int64, index of the cell; the number of cells where there is none.
        cells: (batch, n_nodes, k, 2) float32.
        vals: (batch, n_nodes, k) float32.
    """

    flat: Value
    cells: Value
    vals: Value


def raster_order(
    op: Op, maps: Maps, best: Candidates, found: Value, cells: Value, n_slots: Value
) -> Ordered:
    """Bring peaks into raster order, and what is no peak last.

    Args:
        op: operators.
        maps: in which they lie.
        best: the candidates.
        found: (batch, n_nodes, k) bool, which of them are peaks.
        cells: (batch, n_nodes, k, 2) float32, where.
        n_slots: (1,) int64, k.
    """
    key = op.Where(found, best.flat, maps.n_cells)
    flat, order = op.TopK(key, n_slots, axis=2, largest=0, _outputs=2)
    rows = op.Concat(cells, op.Unsqueeze(best.vals, [3]), axis=3)  # (batch, n_nodes, k, 3)
    rows = op.Where(op.Unsqueeze(found, [3]), rows, NONE)
    rows = op.GatherND(rows, op.Unsqueeze(order, [3]), batch_dims=2)
    cells, vals = op.Split(rows, [2, 1], axis=3, _outputs=2)
    return Ordered(flat, cells, op.Squeeze(vals, [3]))
