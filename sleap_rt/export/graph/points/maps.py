"""Reading confidence maps around cells: patches, and where their mass lies."""

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np

from sleap_rt.export.graph.part import FLOAT, INT64, Op, Value, constant


class Maps(NamedTuple):
    """Maps as peaks are read from them.

    Attributes:
        flat: (batch, n_nodes, height * width) float32.
        height: (1,) int64.
        width: (1,) int64.
        n_cells: (1,) int64.
    """

    flat: Value
    height: Value
    width: Value
    n_cells: Value


def maps_of(op: Op, confmaps: Value) -> Maps:
    """Args:
    confmaps: (batch, n_nodes, height, width) float32.
    """
    height = op.Shape(confmaps, start=2, end=3)
    width = op.Shape(confmaps, start=3, end=4)
    n_cells = height * width
    return Maps(flat_maps(op, confmaps, n_cells), height, width, n_cells)


def flat_maps(op: Op, maps: Value, n_cells: Value) -> Value:
    """(batch, n_nodes, ...) to (batch, n_nodes, n_cells)

    All sizes are given, since a batch may have no crops: ONNX Runtime then cannot infer a size
    (-1), also if the first two are given as 0, which copies them.
    """
    return op.Reshape(maps, op.Concat(op.Shape(maps, end=2), n_cells, axis=0))


def sums(op: Op, maps: Sequence[tuple[Value, int]]) -> Value:
    """(batch,) float32: all values of each image, added up over all maps.

    Args:
        op: operators.
        maps: (batch, ...) and their number of axes.
    """
    each = [op.ReduceSum(values, list(range(1, n_axes)), keepdims=0) for values, n_axes in maps]
    return reduce(op.Add, each)


def flat_to_cells(op: Op, index: Value, width: Value) -> Value:
    """Flat cell index to (x, y), float32, on a new last axis."""
    row = index / width
    return as_points(op, index - row * width, row)


def as_points(op: Op, column: Value, row: Value) -> Value:
    """(x, y), float32, on a new last axis."""
    return op.Cast(
        op.Concat(op.Unsqueeze(column, [-1]), op.Unsqueeze(row, [-1]), axis=-1), to=FLOAT
    )


def refined(op: Op, maps: Maps, cells: Value, refine: Value, patch_size: int) -> Value:
    """(batch, n_nodes, k, 2) float32: whole cells, moved within the cell if `refine` is 1."""
    moved = cells + integral_offsets(op, maps, cells, patch_size)
    return op.Where(op.Greater(refine, 0.0), moved, cells)


def integral_offsets(op: Op, maps: Maps, cells: Value, patch_size: int) -> Value:
    """Integral regression: the center of mass of the patch around each cell, raw values.

    Args:
        op: operators.
        maps: zero outside.
        cells: (batch, n_nodes, k, 2) float32, whole numbers.
        patch_size: cells on a side.

    Returns:
        (batch, n_nodes, k, 2) float32, in cells.
    """
    half = patch_size // 2
    corner = cells - float(half)  # of an even patch, too: the corner is truncated
    patch = op.Unsqueeze(patches(op, maps, corner, patch_size, outside=0.0), [3])
    step = np.arange(patch_size, dtype=np.float32) - np.float32((patch_size - 1) / 2)
    grid = constant(op, np.stack(np.meshgrid(step, step)))  # (2, patch_size, patch_size), x and y
    moments = op.ReduceSum(patch * grid, [4, 5], keepdims=0)
    return moments / op.ReduceSum(patch, [4, 5], keepdims=0)


def patches(op: Op, maps: Maps, corner: Value, size: int, *, outside: float) -> Value:
    """(batch, n_nodes, k, size, size): the cells from each corner on.

    Args:
        op: operators.
        maps: from which they are read.
        corner: (batch, n_nodes, k, 2) float32, (x, y), whole numbers.
        size: cells on a side.
        outside: what is read outside the map.
    """
    start = op.Unsqueeze(op.Cast(corner, to=INT64), [4])
    along = start + constant(op, np.arange(size))  # (batch, n_nodes, k, 2, size), x and y
    last = op.Unsqueeze(op.Concat(maps.width, maps.height, axis=0) - 1, [1])
    nearest = op.Min(op.Max(along, 0), last)
    strides = op.Unsqueeze(op.Concat([1], maps.width, axis=0), [1])
    index = op.Add(*_columns_and_rows(op, nearest * strides))  # (batch, n_nodes, k, size, size)
    inside = op.And(*_columns_and_rows(op, op.Equal(along, nearest)))
    return op.Where(inside, read_cells(op, maps.flat, index, size * size), outside)


def read_cells(op: Op, flat: Value, index: Value, n_each: int) -> Value:
    """Values of maps at flat cell indices.

    Args:
        op: operators.
        flat: (batch, n_nodes, height * width).
        index: (batch, n_nodes, k, ...) int64.
        n_each: elements of `index` for each of the k.

    Returns:
        Same shape as `index`.
    """
    n_read = op.Shape(index, start=2, end=3) * n_each
    in_row = flat_maps(op, index, n_read)
    # GatherND would need no reshaping, and takes eight times as long in ONNX Runtime.
    return op.Reshape(op.GatherElements(flat, in_row, axis=2), op.Shape(index))


def _columns_and_rows(op: Op, along: Value) -> tuple[Value, Value]:
    """(..., 2, size) to (..., 1, size) and (..., size, 1)"""
    column, row = op.Split(along, [1, 1], axis=3, _outputs=2)
    return column, op.Transpose(row, perm=[0, 1, 2, 4, 3])
