"""Peaks of SLEAP 1.4 and older, and where in a cell they lie, from the specification alone."""

from typing import NamedTuple

import numpy as np

from sleap_rt.arrays import Floats, Ints


class Peaks(NamedTuple):
    """Peaks of one frame.

    Attributes:
        cells: (n, 2) as (x, y), whole cells.
        vals: (n,) confidence at the cell.
        channels: (n,) which map.
    """

    cells: Ints
    vals: Floats
    channels: Ints


def global_peaks(confmaps: Floats) -> Peaks:
    """The highest cell of every map, whatever its value.

    Row and column are found apart, each the first that reaches the maximum.

    Args:
        confmaps: (n_nodes, height, width).
    """
    x = confmaps.max(axis=1).argmax(axis=1)
    y = confmaps.max(axis=2).argmax(axis=1)
    channels = np.arange(len(confmaps))
    return Peaks(np.stack((x, y), axis=1), confmaps[channels, y, x], channels)


def local_peaks(confmaps: Floats, threshold: float) -> Peaks:
    """Cells strictly greater than their 8 neighbours and than the threshold.

    Two equal neighbours are no peak; outside the map counts as minus infinity. Order: row, then
    column, then channel.

    Args:
        confmaps: (n_nodes, height, width).
        threshold: in confidence.
    """
    height, width = confmaps.shape[1:]
    padded = np.pad(confmaps, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    is_peak = confmaps > np.float32(threshold)
    for dy in (0, 1, 2):
        for dx in (0, 1, 2):
            if (dy, dx) != (1, 1):
                is_peak &= confmaps > padded[:, dy : dy + height, dx : dx + width]
    y, x, channel = np.nonzero(is_peak.transpose(1, 2, 0))
    return Peaks(np.stack((x, y), axis=1), confmaps[channel, y, x], channel)


def refine(
    peaks: Peaks, confmaps: Floats, offsets: Floats | None, *, integral_patch_size: int = 5
) -> Floats:
    """Positions within the cell.

    Args:
        peaks: of `confmaps`.
        confmaps: (n_nodes, height, width).
        offsets: (2 * n_nodes, height, width), dx and dy in cells, where the network has that head;
            it then replaces integral refinement.
        integral_patch_size: side of the patch that integral refinement looks at, cells; odd.

    Returns:
        (n, 2) float32 as (x, y) in cells.
    """
    x, y = peaks.cells.T
    if offsets is not None:
        shift = np.stack([offsets[2 * peaks.channels + axis, y, x] for axis in (0, 1)], axis=1)
    else:
        half = integral_patch_size // 2
        padded = np.pad(confmaps, ((0, 0), (half, half), (half, half)))
        patches = [
            padded[c, row : row + integral_patch_size, column : column + integral_patch_size]
            for c, row, column in zip(peaks.channels, y, x, strict=True)
        ]
        shift = np.array([_center_of_mass(patch) for patch in patches]).reshape(-1, 2)
    refined: Floats = (peaks.cells + shift).astype(np.float32)
    return refined


def _center_of_mass(patch: Floats) -> tuple[np.float32, np.float32]:
    """(x, y) from the patch's middle, with the values as they are for weights."""
    steps = np.arange(len(patch), dtype=np.float32) - len(patch) // 2
    with np.errstate(divide="ignore", invalid="ignore"):
        total = patch.sum()
        return (patch.sum(axis=0) @ steps) / total, (patch.sum(axis=1) @ steps) / total
