"""Slow definitions of what graphs compute: plain Python, one value at a time."""

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np

Cell = tuple[int, int]  # (row, col)
F32 = np.float32


def global_peak(
    confmap: np.ndarray, threshold: float, patch: int | None
) -> tuple[float, float, float]:
    """(x, y, value) of the first largest cell in raster order; NaN, NaN, 0 below the threshold."""
    best = (0, 0)
    for row in range(confmap.shape[0]):
        for col in range(confmap.shape[1]):
            if confmap[row, col] > confmap[best]:
                best = (row, col)
    if confmap[best] < F32(threshold):
        return math.nan, math.nan, 0.0
    dx, dy = offset(confmap, best, patch)
    return best[1] + dx, best[0] + dy, float(confmap[best])


def local_peaks(
    confmap: np.ndarray, threshold: float, patch: int | None
) -> list[tuple[float, float, float]]:
    """(x, y, value) of every cell, or flat top within a 2x2 block, above all cells around it."""
    peaks = []
    for row in range(confmap.shape[0]):
        for col in range(confmap.shape[1]):
            for top in _flat_tops(row, col):
                if _is_peak(confmap, top, threshold):
                    x = sum(c for _, c in top) / len(top)
                    y = sum(r for r, _ in top) / len(top)
                    if patch is not None:
                        base = (math.floor(y), math.floor(x))
                        dx, dy = offset(confmap, base, patch)
                        x, y = base[1] + dx, base[0] + dy
                    peaks.append((x, y, float(confmap[top[0]])))
    return peaks


def _flat_tops(row: int, col: int) -> list[list[Cell]]:
    """All sets of cells within some 2x2 block whose first cell in raster order is (row, col)."""
    later = [(row, col + 1), (row + 1, col - 1), (row + 1, col), (row + 1, col + 1)]
    sets = [[(row, col), *rest] for n in range(4) for rest in combinations(later, n)]
    return [cells for cells in sets if max(c for _, c in cells) - min(c for _, c in cells) <= 1]


def _is_peak(confmap: np.ndarray, top: Sequence[Cell], threshold: float) -> bool:
    height, width = confmap.shape
    if not all(r < height and 0 <= c < width for r, c in top):
        return False
    level = confmap[top[0]]
    if not level > F32(threshold) or any(confmap[cell] != level for cell in top):
        return False
    for r, c in top:
        for around in [(r + i, c + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]:
            inside = 0 <= around[0] < height and 0 <= around[1] < width
            if inside and around not in top and confmap[around] >= level:
                return False
    return True


def offset(confmap: np.ndarray, cell: Cell, patch: int | None) -> tuple[float, float]:
    """(dx, dy): the mean of the patch's grid, weighted by raw values; zeros outside the map."""
    if patch is None:
        return 0.0, 0.0
    top, left = (math.trunc((n - patch / 2 + 0.5) + patch // 2) - patch // 2 for n in cell)
    total = along_x = along_y = 0.0
    for i in range(patch):
        for j in range(patch):
            row, col = top + i, left + j
            if 0 <= row < confmap.shape[0] and 0 <= col < confmap.shape[1]:
                weight = float(confmap[row, col])
                total += weight
                along_x += weight * (j - (patch - 1) / 2)
                along_y += weight * (i - (patch - 1) / 2)
    return _ratio(along_x, total), _ratio(along_y, total)


def _ratio(numerator: float, denominator: float) -> float:
    """As floating-point hardware divides: no guard against a denominator of zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.float64(numerator) / np.float64(denominator))


def crop(
    image: np.ndarray, center: Sequence[float], size: tuple[int, int]
) -> tuple[np.ndarray, tuple[float, float]]:
    """Pixels of `image` (channels, height, width) around a center (x, y), and the crop's corner."""
    height, width = size
    x = float(F32(F32(center[0]) - F32(width / 2)) + F32(0.5))
    y = float(F32(F32(center[1]) - F32(height / 2)) + F32(0.5))
    left = int(F32(x) + F32(width // 2)) - width // 2  # `int` truncates
    top = int(F32(y) + F32(height // 2)) - height // 2
    pixels = np.zeros((image.shape[0], height, width), image.dtype)
    for row in range(height):
        for col in range(width):
            if 0 <= top + row < image.shape[1] and 0 <= left + col < image.shape[2]:
                pixels[:, row, col] = image[:, top + row, left + col]
    return pixels, (x, y)


def nearest_cell(x: float, y: float, stride: int, height: int, width: int) -> Cell:
    """Rounded half to even, then brought inside the map."""
    row, col = round(float(y) / stride), round(float(x) / stride)
    return min(max(row, 0), height - 1), min(max(col, 0), width - 1)


def line_score(
    pafs: np.ndarray,
    edge: int,
    source: Sequence[float],
    destination: Sequence[float],
    *,
    stride: int,
    n_points: int,
    ratio: float,
    weight: float,
) -> float:
    """Mean alignment of the fields (2 * n_edges, height, width) with a line, less its penalty."""
    n_channels, height, width = pafs.shape
    dx, dy = destination[0] - source[0], destination[1] - source[1]
    length = math.hypot(dx, dy)
    if math.isnan(length) or length == 0:
        return math.nan
    total = 0.0
    for k in range(n_points):
        t = F32(k) / F32(n_points - 1)
        x = F32(source[0]) + F32(t * F32(dx))
        y = F32(source[1]) + F32(t * F32(dy))
        row, col = nearest_cell(x, y, stride, height, width)
        total += (
            float(pafs[2 * edge, row, col]) * dx + float(pafs[2 * edge + 1, row, col]) * dy
        ) / length
    longest = ratio * max(height, width, n_channels) * stride
    return total / n_points + min(longest / length - 1, 0) * weight


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize (height, width) uint8: columns, then rows, a whole gray level after each."""
    wide = np.array([resize_row([int(v) for v in row], width) for row in image])
    return np.array([resize_row([int(v) for v in col], height) for col in wide.T]).T


def resize_row(row: Sequence[int], n_out: int) -> list[int]:
    """Antialiased bilinear resize of one row in 16-bit fixed-point arithmetic."""
    n_in = len(row)
    if n_in == n_out:
        return list(row)
    ratio = n_in / n_out
    support = max(ratio, 1.0)
    weights = []
    for i in range(n_out):
        center = ratio * (i + 0.5)
        low = max(math.trunc(center - support + 0.5), 0)
        high = min(math.trunc(center + support + 0.5), n_in)
        raw = [max(0.0, 1 - abs((j - center + 0.5) / support)) for j in range(low, high)]
        weights.append((low, [w / sum(raw) for w in raw]))
    largest = max(w for _, ws in weights for w in ws)
    bits = max(p for p in range(23) if math.floor(0.5 + largest * 2**p) < 2**15)
    out = []
    for low, ws in weights:
        total = sum(math.floor(w * 2**bits + 0.5) * row[low + k] for k, w in enumerate(ws))
        out.append(min(max((total + (1 << bits >> 1)) >> bits, 0), 255))
    return out
