"""Peaks of confidence maps: one per map, or all local maxima; refined within their cell."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]  # (height, width)


class Peak(NamedTuple):
    """One peak of one map, in cells."""

    x: float
    y: float
    value: float


def global_peak(confmap: Map, threshold: float, patch_size: int | None) -> Peak:
    """The largest cell, first in raster order; NaN and value 0 below the threshold.

    Args:
        confmap: (height, width).
        threshold: a value equal to it is kept.
        patch_size: cells on a side of the refinement patch; None leaves the peak on the grid.
    """
    row, col = divmod(int(confmap.argmax()), confmap.shape[1])
    value = confmap[row, col]
    if value < np.float32(threshold):
        return Peak(np.nan, np.nan, 0.0)
    return Peak(*refine_cell(confmap, row, col, patch_size), float(value))


def local_peaks(confmap: Map, threshold: float, patch_size: int | None) -> list[Peak]:
    """All maxima above the threshold in raster order.

    A maximum is a cell, or a plateau of equal cells that fits a 2x2 block, that is strictly
    greater than every neighbour. A plateau counts once, at the mean of its cells; refinement
    starts at that mean rounded down.
    """
    peaks = []
    for row, col in zip(*np.nonzero(_no_neighbour_greater(confmap, threshold)), strict=True):
        plateau = _plateau(confmap, int(row), int(col))
        if plateau is None or plateau[0] != (row, col):
            continue
        y, x = np.mean(plateau, axis=0)
        base_row, base_col = int(y), int(x)
        if patch_size is not None:
            x, y = refine_cell(confmap, base_row, base_col, patch_size)
        peaks.append(Peak(float(x), float(y), float(confmap[row, col])))
    return peaks


def refine_cell(confmap: Map, row: int, col: int, patch_size: int | None) -> tuple[float, float]:
    """(x, y) in cells of a peak found in a cell; None leaves it on the grid."""
    dx, dy = _offset(confmap, row, col, patch_size)
    return col + dx, row + dy


def _no_neighbour_greater(confmap: Map, threshold: float) -> NDArray[np.bool_]:
    height, width = confmap.shape
    padded = np.pad(confmap, 1, constant_values=-np.inf)
    result = confmap > np.float32(threshold)
    for dy in range(3):
        for dx in range(3):
            result &= confmap >= padded[dy : dy + height, dx : dx + width]
    return result


def _plateau(confmap: Map, row: int, col: int) -> list[tuple[int, int]] | None:
    """Cells connected to (row, col) with the same value, in raster order; None if no maximum."""
    value = confmap[row, col]
    cells, queue = {(row, col)}, [(row, col)]
    while queue:
        r, c = queue.pop()
        for nr, nc in _neighbours(r, c, confmap.shape):
            if confmap[nr, nc] > value:
                return None
            if confmap[nr, nc] == value and (nr, nc) not in cells:
                cells.add((nr, nc))
                queue.append((nr, nc))
        if len(cells) > 4:
            return None
    rows, cols = zip(*cells, strict=True)
    fits = max(rows) - min(rows) <= 1 and max(cols) - min(cols) <= 1
    return sorted(cells) if fits else None


def _neighbours(row: int, col: int, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    return [
        (r, c)
        for r in range(max(row - 1, 0), min(row + 2, shape[0]))
        for c in range(max(col - 1, 0), min(col + 2, shape[1]))
        if (r, c) != (row, col)
    ]


def _offset(confmap: Map, row: int, col: int, patch_size: int | None) -> tuple[float, float]:
    """Integral regression: the centre of mass of the patch, raw values, zeros outside the map."""
    if patch_size is None:
        return 0.0, 0.0
    half = patch_size // 2
    top = int((row - patch_size / 2 + 0.5) + half) - half
    left = int((col - patch_size / 2 + 0.5) + half) - half
    total, moment_x, moment_y = np.float32(0), np.float32(0), np.float32(0)
    for i in range(patch_size):
        for j in range(patch_size):
            r, c = top + i, left + j
            if 0 <= r < confmap.shape[0] and 0 <= c < confmap.shape[1]:
                total += confmap[r, c]
                moment_x += confmap[r, c] * np.float32(j - (patch_size - 1) / 2)
                moment_y += confmap[r, c] * np.float32(i - (patch_size - 1) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(moment_x / total), float(moment_y / total)
