"""Peaks of confidence maps: one per map, or all local maxima; refined within their cell.

Models of sleap-nn and of SLEAP 1.4 and older differ in what counts as a peak, not in how it is
refined.
"""

from typing import NamedTuple

import numpy as np

from sleap_rt.arrays import Floats

Map = Floats  # (height, width)


class Peak(NamedTuple):
    """One peak of one map.

    Attributes:
        x: column, cells.
        y: row, cells; where there is no peak, both are NaN.
        value: of the map at the peak.
        cell: (row, column) that refinement starts from.
    """

    x: float
    y: float
    value: float
    cell: tuple[int, int]


def highest_cell(confmap: Map) -> Peak:
    """The largest cell, first in raster order."""
    row, col = divmod(int(confmap.argmax()), confmap.shape[1])
    return Peak(col, row, float(confmap[row, col]), (row, col))


def highest_row_and_column(confmap: Map) -> Peak:
    """The first row and the first column that hold the maximum, found apart."""
    col = int(confmap.max(axis=0).argmax())
    row = int(confmap.max(axis=1).argmax())
    return Peak(col, row, float(confmap[row, col]), (row, col))


def maxima(confmap: Map, threshold: float) -> list[Peak]:
    """All maxima above the threshold in raster order.

    A maximum is a cell, or a plateau of equal cells that fits a 2x2 block, that is strictly
    greater than every neighbour. A plateau counts once, at the mean of its cells; refinement
    starts at that mean rounded down.
    """
    peaks = []
    for row, col in _candidates(confmap, threshold):
        plateau = _plateau(confmap, row, col)
        if plateau is None or plateau[0] != (row, col):
            continue
        y, x = np.mean(plateau, axis=0)
        peaks.append(Peak(float(x), float(y), float(confmap[row, col]), (int(y), int(x))))
    return peaks


def strict_maxima(confmap: Map, threshold: float) -> list[Peak]:
    """Cells strictly greater than their 8 neighbours and than the threshold, in raster order."""
    return [
        Peak(col, row, float(confmap[row, col]), (row, col))
        for row, col in _candidates(confmap, threshold)
        if all(confmap[row, col] > confmap[r, c] for r, c in _neighbours(row, col, confmap.shape))
    ]


def refined(confmap: Map, peak: Peak, patch_size: int) -> Peak:
    """Integral regression: the center of mass of the patch around the peak's cell.

    Args:
        confmap: (height, width); raw values are the weights, zeros outside.
        peak: to move.
        patch_size: cells on a side.
    """
    row, col = peak.cell
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
        return peak._replace(x=col + float(moment_x / total), y=row + float(moment_y / total))


def shifted(offsets: Floats, node: int, peak: Peak) -> Peak:
    """The peak moved by the network's offsets, (2 * n_nodes, height, width): x and y in cells."""
    row, col = peak.cell
    dx, dy = offsets[2 * node : 2 * node + 2, row, col]
    return peak._replace(x=float(col + dx), y=float(row + dy))


def _candidates(confmap: Map, threshold: float) -> list[tuple[int, int]]:
    """Cells above the threshold that no neighbour exceeds, in raster order."""
    height, width = confmap.shape
    padded = np.pad(confmap, 1, constant_values=-np.inf)
    found = confmap > np.float32(threshold)
    for dy in range(3):
        for dx in range(3):
            found &= confmap >= padded[dy : dy + height, dx : dx + width]
    return [(int(row), int(col)) for row, col in zip(*np.nonzero(found), strict=True)]


def _plateau(confmap: Map, row: int, col: int) -> list[tuple[int, int]] | None:
    """Cells connected to (row, col) with the same value, in raster order; None if not a maximum."""
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
