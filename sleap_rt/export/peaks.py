"""Peaks of confidence maps, inside a graph: one per map, or all local maxima.

The rules are those of `sleap_rt.models.reference.peaks`, written without data-dependent shapes.
"""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F

Size = Any  # int, or torch.SymInt while a graph is traced
_NONE = float("nan")


class GlobalPeaks(NamedTuple):
    """Attributes:
    cells: (batch, n_nodes, 2) float32, (x, y) in cells, NaN below the threshold.
    vals: (batch, n_nodes) float32, 0 below the threshold.
    """

    cells: torch.Tensor
    vals: torch.Tensor


class LocalPeaks(NamedTuple):
    """Attributes:
    cells: (batch, n_nodes, k, 2) float32, (x, y) in cells, in raster order, then NaN.
    vals: (batch, n_nodes, k) float32, NaN where there is no peak.
    n_candidates: (batch, n_nodes) int64; if more than k, peaks may be missing and the graph has
        to be run again with more slots.
    """

    cells: torch.Tensor
    vals: torch.Tensor
    n_candidates: torch.Tensor


def global_peaks(
    confmaps: torch.Tensor, threshold: torch.Tensor, refine: torch.Tensor, patch_size: int
) -> GlobalPeaks:
    """The largest cell of each map, first in raster order; a value equal to the threshold counts.

    Args:
        confmaps: (batch, n_nodes, height, width).
        threshold: () float32.
        refine: () float32, 1 for integral refinement, 0 for none.
        patch_size: cells on a side of the refinement patch.
    """
    width = confmaps.shape[3]
    index = confmaps.flatten(2).argmax(dim=2, keepdim=True)  # (batch, n_nodes, 1)
    vals = confmaps.flatten(2).gather(2, index)
    cells = flat_to_cells(index, width)
    cells = cells + integral_offsets(confmaps, cells, patch_size, refine)
    below = vals < threshold
    cells = torch.where(below[..., None], _NONE, cells)
    return GlobalPeaks(cells[:, :, 0], torch.where(below, 0.0, vals)[:, :, 0])


def local_peaks(
    confmaps: torch.Tensor,
    threshold: torch.Tensor,
    refine: torch.Tensor,
    patch_size: int,
    n_slots: Size,
) -> LocalPeaks:
    """All local maxima above the threshold, a plateau within 2x2 cells counting once.

    Args:
        confmaps: (batch, n_nodes, height, width).
        threshold: () float32.
        refine: () float32, 1 for integral refinement, 0 for none.
        patch_size: cells on a side of the refinement patch.
        n_slots: k, the most peaks that can be returned per map.
    """
    width = confmaps.shape[3]
    best = best_candidates(confmaps, threshold, n_slots)
    plateau = _plateau(confmaps, flat_to_cells(best.flat, width), best.vals)
    found = best.found & plateau.is_peak
    order = raster_order(confmaps, best.flat, found)
    index, vals, found = (torch.gather(x, 2, order) for x in (best.flat, best.vals, found))
    shift = torch.gather(plateau.shift, 2, order[..., None].expand(-1, -1, -1, 2))
    rough = flat_to_cells(index, width) + shift
    base = torch.floor(rough)
    refined = base + integral_offsets(confmaps, base, patch_size, refine)
    cells = torch.where(refine > 0, refined, rough)
    return LocalPeaks(
        torch.where(found[..., None], cells, _NONE),
        torch.where(found, vals, _NONE),
        best.n_candidates,
    )


class Candidates(NamedTuple):
    """Cells that no neighbour exceeds, the best k of each map.

    Attributes:
        flat: (batch, n_nodes, k) int64, index in raster order of the cell; 0 where there is none.
        vals: (batch, n_nodes, k) float32.
        found: (batch, n_nodes, k) bool, false where there is none.
        n_candidates: (batch, n_nodes) int64, how many there are in all.
    """

    flat: torch.Tensor
    vals: torch.Tensor
    found: torch.Tensor
    n_candidates: torch.Tensor


def best_candidates(confmaps: torch.Tensor, threshold: torch.Tensor, n_slots: Size) -> Candidates:
    """The best k of all cells above the threshold that no neighbour exceeds (some may equal it).

    Args:
        confmaps: (batch, n_nodes, height, width).
        threshold: () float32.
        n_slots: k.
    """
    highest = F.max_pool2d(confmaps, 3, stride=1, padding=1)
    is_candidate = (confmaps >= highest) & (confmaps > threshold)
    candidates = torch.where(is_candidate, confmaps, -torch.inf).flatten(2)
    # A map may have fewer cells than there are slots.
    candidates = torch.cat([candidates, _empty_slots(candidates, n_slots)], dim=2)
    vals, index = candidates.topk(n_slots, dim=2)  # (batch, n_nodes, k)
    found = vals > -torch.inf
    n_candidates = is_candidate.flatten(2).sum(dim=2)
    return Candidates(torch.where(found, index, 0), vals, found, n_candidates)


def raster_order(confmaps: torch.Tensor, index: torch.Tensor, found: torch.Tensor) -> torch.Tensor:
    """(batch, n_nodes, k): order that brings cells into raster order, and what is no peak last."""
    n_cells = confmaps.shape[2] * confmaps.shape[3]
    key = torch.where(found, index, n_cells)
    _, order = key.topk(index.shape[2], dim=2, largest=False)
    return order


def _empty_slots(candidates: torch.Tensor, n_slots: Size) -> torch.Tensor:
    return torch.full((candidates.shape[0], candidates.shape[1], n_slots), -torch.inf)


def flat_to_cells(index: torch.Tensor, width: Size) -> torch.Tensor:
    """Flat cell index to (x, y), float32, on a new last axis."""
    row = torch.div(index, width, rounding_mode="trunc")
    return torch.stack([index - row * width, row], dim=-1).to(torch.float32)


class _Plateau(NamedTuple):
    is_peak: torch.Tensor  # (batch, n_nodes, k) bool
    shift: torch.Tensor  # (batch, n_nodes, k, 2) float32, from the cell to the plateau's mean


def _plateau(confmaps: torch.Tensor, cells: torch.Tensor, vals: torch.Tensor) -> _Plateau:
    """Whether a cell is the raster-first of a plateau (of one to four cells) that is a maximum.

    A plateau fits a 2x2 block exactly if all its cells see each other; so every cell that ties
    with this one must have the same number of cells at least as high around it.
    """
    patch = patches(confmaps, cells - 2, 5, outside=-torch.inf)  # (batch, n_nodes, k, 5, 5)
    level = vals[..., None, None]
    as_high = (patch >= level).to(torch.float32)
    ties = patch[..., 1:4, 1:4] == level  # (batch, n_nodes, k, 3, 3)
    n_ties = ties.to(torch.float32).sum(dim=(3, 4), keepdim=True)
    in_rows = as_high[..., 0:3, :] + as_high[..., 1:4, :] + as_high[..., 2:5, :]
    around = in_rows[..., 0:3] + in_rows[..., 1:4] + in_rows[..., 2:5]
    closed = (~ties | (around == n_ties)).flatten(3).all(dim=3)
    earlier = ties[..., 0, :].any(dim=3) | ties[..., 1, 0]
    too_wide = ties[..., 2, 0] & (ties[..., 1, 2] | ties[..., 2, 2])
    step = torch.arange(-1, 2, dtype=torch.float32)
    weight = ties.to(torch.float32) / n_ties
    shift_x = (weight * step).sum(dim=(3, 4))
    shift_y = (weight * step[:, None]).sum(dim=(3, 4))
    return _Plateau(closed & ~earlier & ~too_wide, torch.stack([shift_x, shift_y], dim=-1))


def integral_offsets(
    confmaps: torch.Tensor, cells: torch.Tensor, patch_size: int, refine: torch.Tensor
) -> torch.Tensor:
    """Integral regression: the centre of mass of the patch around each cell, raw values.

    Args:
        confmaps: (batch, n_nodes, height, width); zero outside.
        cells: (batch, n_nodes, k, 2) float32, whole numbers.
        patch_size: cells on a side.
        refine: () float32; 0 gives no offset.

    Returns:
        (batch, n_nodes, k, 2) float32, in cells.
    """
    half = patch_size // 2
    corner = torch.trunc(cells - patch_size / 2 + 0.5 + half) - half
    patch = patches(confmaps, corner, patch_size, outside=0.0)
    step = torch.arange(patch_size, dtype=torch.float32) - (patch_size - 1) / 2
    total = patch.sum(dim=(3, 4))
    shift_x = (patch * step).sum(dim=(3, 4)) / total
    shift_y = (patch * step[:, None]).sum(dim=(3, 4)) / total
    shift = torch.stack([shift_x, shift_y], dim=-1)
    return torch.where(refine > 0, shift, 0.0)


def patches(
    confmaps: torch.Tensor, corner: torch.Tensor, size: int, *, outside: float
) -> torch.Tensor:
    """(batch, n_nodes, k, size, size): the cells from each corner on."""
    height, width = confmaps.shape[2:]
    step = torch.arange(size, dtype=torch.int64)
    start = corner.to(torch.int64)
    cols = start[..., 0, None, None] + step  # (batch, n_nodes, k, 1, size)
    rows = start[..., 1, None, None] + step[:, None]  # (batch, n_nodes, k, size, 1)
    inside = (cols >= 0) & (cols < width) & (rows >= 0) & (rows < height)
    index = torch.where(inside, rows * width + cols, 0)
    patch = torch.gather(confmaps.flatten(2), 2, index.flatten(2)).reshape(index.shape)
    return torch.where(inside, patch, outside)
