"""Scores of candidate connections from part affinity fields, and class lookup."""

import numpy as np

from sleap_rt.export.graph.part import FLOAT, INT64, NONE, Op, Value, constant
from sleap_rt.export.graph.points.maps import flat_maps

_FAR = 1e30  # px; peaks beyond, or at infinity, sample the same cells at the border


def line_scores(
    op: Op,
    pafs: Value,
    peaks: Value,
    max_edge_length_ratio: Value,
    dist_penalty_weight: Value,
    *,
    edges: tuple[tuple[int, int], ...],
    stride: int,
    n_points: int,
) -> Value:
    """How well the fields of each edge point from every source peak to every destination peak.

    Args:
        op: operators.
        pafs: (batch, 2 * n_edges, height, width).
        peaks: (batch, n_nodes, k, 2) float32, (x, y) network-input px, NaN where none.
        max_edge_length_ratio: () float32, longest edge without penalty over the largest dimension
            of the fields (their channels count as one).
        dist_penalty_weight: () float32.
        edges: (source, destination) node indices.
        stride: network-input px per cell of `pafs`.
        n_points: samples on a line, at the nearest cell.

    Returns:
        (batch, n_edges, k, k) float32, source by destination; NaN where there is no pair, or
        where its two peaks coincide.
    """
    source, destination = _ends(op, peaks, edges)
    delta = destination - source  # (batch, n_edges, 2, k, k)
    length = op.Sqrt(op.ReduceSum(delta * delta, [2], keepdims=1))
    index = _line_cells(op, pafs, peaks, edges=edges, stride=stride, n_points=n_points)
    fields = _mean_fields(op, pafs, index, n_points)  # (batch, n_edges, 2, k, k)
    along = op.ReduceSum(fields * (delta / length), [2], keepdims=0)
    side = op.ReduceMax(op.Cast(op.Shape(pafs, start=1), to=FLOAT), keepdims=0)
    longest = max_edge_length_ratio * side * float(stride)
    excess = op.Clip(longest / op.Squeeze(length, [2]) - 1.0, None, 0.0)
    return along + excess * dist_penalty_weight


def class_probabilities(op: Op, class_maps: Value, peaks: Value, *, stride: int) -> Value:
    """Class probabilities at the cell nearest to each peak.

    Args:
        op: operators.
        class_maps: (batch, n_classes, height, width).
        peaks: (batch, n_nodes, k, 2) float32, (x, y) network-input px, NaN where none.
        stride: network-input px per cell of `class_maps`.

    Returns:
        (batch, n_nodes, k, n_classes) float32, NaN where there is no peak.
    """
    points = _readable(op, peaks) / float(stride)
    index = _nearest_cells(op, points, class_maps, axis=3)  # (batch, n_nodes, k, 1)
    n_classes = op.Shape(class_maps, start=1, end=2)
    n_peaks = op.Size(index) / op.Shape(index, start=0, end=1)
    in_row = op.Reshape(index, op.Concat([0, 1], n_peaks, axis=0))
    in_row = op.Expand(in_row, op.Concat([1], n_classes, [1], axis=0))
    n_cells = op.Shape(class_maps, start=2, end=3) * op.Shape(class_maps, start=3, end=4)
    flat = flat_maps(op, class_maps, n_cells)
    probs = op.GatherElements(flat, in_row, axis=2)  # (batch, n_classes, n_nodes * k)
    shape = op.Concat(op.Shape(index, end=3), n_classes, axis=0)
    probs = op.Reshape(op.Transpose(probs, perm=[0, 2, 1]), shape)
    is_none = op.IsNaN(op.Slice(peaks, [0], [1], [3]))
    return op.Where(is_none, NONE, probs)


def _ends(op: Op, peaks: Value, edges: tuple[tuple[int, int], ...]) -> tuple[Value, Value]:
    """(batch, n_edges, 2, k, 1), sources, and (batch, n_edges, 2, 1, k), destinations"""
    by_axis = op.Transpose(peaks, perm=[0, 1, 3, 2])  # (batch, n_nodes, 2, k)
    source, destination = (
        op.Gather(by_axis, constant(op, np.array(nodes, np.int64)), axis=1)
        for nodes in zip(*edges, strict=True)
    )
    return op.Unsqueeze(source, [4]), op.Unsqueeze(destination, [3])


def _line_cells(
    op: Op,
    pafs: Value,
    peaks: Value,
    *,
    edges: tuple[tuple[int, int], ...],
    stride: int,
    n_points: int,
) -> Value:
    """(batch, n_edges, 1, n_points, k, k) int64: flat index of the cells on each line."""
    # Strides are powers of two: dividing ends or points by them gives the same.
    source, destination = _ends(op, _readable(op, peaks) / float(stride), edges)
    delta = op.Unsqueeze(destination - source, [3])  # (batch, n_edges, 2, 1, k, k)
    t = np.arange(n_points, dtype=np.float32) / np.float32(n_points - 1)
    steps = delta * constant(op, t[:, None, None])
    return _nearest_cells(op, op.Unsqueeze(source, [3]) + steps, pafs, axis=2)


def _mean_fields(op: Op, pafs: Value, index: Value, n_points: int) -> Value:
    """(batch, n_edges, 2, k, k) float32: the mean field, x and y, on each line."""
    n_cells = op.Shape(pafs, start=2, end=3) * op.Shape(pafs, start=3, end=4)
    n_edges = op.Shape(index, start=1, end=2)
    fields = op.Reshape(pafs, op.Concat([0], n_edges, [2], n_cells, axis=0))
    of_lines = op.Shape(index, start=4)  # (k, k)
    n_read = op.ReduceProd(of_lines, keepdims=1) * n_points
    in_row = op.Reshape(index, op.Concat([0, 0, 1], n_read, axis=0))
    samples = op.GatherElements(fields, op.Expand(in_row, [1, 1, 2, 1]), axis=3)
    samples = op.Reshape(samples, op.Concat([0, 0, 2, n_points], of_lines, axis=0))
    return op.ReduceMean(samples, [3], keepdims=0)


def _readable(op: Op, points: Value) -> Value:
    """Points made finite, so that each has a nearest cell."""
    return op.Clip(op.Where(op.IsNaN(points), 0.0, points), -_FAR, _FAR)


def _nearest_cells(op: Op, points: Value, maps: Value, *, axis: int) -> Value:
    """Flat index of the cell nearest to each point (rounded half to even), within the map.

    Args:
        op: operators.
        points: float32, in cells, finite.
        maps: (batch, n_channels, height, width).
        axis: of x and y in `points`.

    Returns:
        Same shape as `points`, int64, but a single element on the axis of x and y.
    """
    x, y = op.Split(op.Round(points), [1, 1], axis=axis, _outputs=2)
    width = op.Shape(maps, start=3, end=4)
    columns, rows = (
        op.Cast(op.Clip(along, 0.0, op.Cast(op.Squeeze(side, [0]) - 1, to=FLOAT)), to=INT64)
        for along, side in ((x, width), (y, op.Shape(maps, start=2, end=3)))
    )
    return rows * width + columns
