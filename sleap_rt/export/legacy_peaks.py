"""Peaks of confidence maps as the original SLEAP finds them, inside a graph.

Differences to native models: a plateau is no peak; the highest cell of a map is found by row and
by column; its value is kept below the threshold; and a network may refine positions itself.
"""

import torch

from sleap_rt.export.peaks import (
    GlobalPeaks,
    LocalPeaks,
    Size,
    best_candidates,
    flat_to_cells,
    integral_offsets,
    patches,
    raster_order,
)

_NONE = float("nan")


def global_peaks(
    confmaps: torch.Tensor,
    offsets: torch.Tensor | None,
    threshold: torch.Tensor,
    refine: torch.Tensor,
    patch_size: int,
) -> GlobalPeaks:
    """The first row and the first column that hold each map's maximum.

    Args:
        confmaps: (batch, n_nodes, height, width).
        offsets: (batch, 2 * n_nodes, height, width), (x, y) in cells, where the network gives them.
        threshold: () float32; points below it are NaN, but keep their value.
        refine: () float32, 1 for integral refinement, 0 for none; without effect on `offsets`.
        patch_size: cells on a side of the patch of integral refinement.
    """
    row = confmaps.amax(dim=3).argmax(dim=2, keepdim=True)
    column = confmaps.amax(dim=2).argmax(dim=2, keepdim=True)
    index = row * confmaps.shape[3] + column  # (batch, n_nodes, 1)
    vals = confmaps.flatten(2).gather(2, index)
    cells = _refined(confmaps, offsets, index, refine, patch_size)
    cells = torch.where((vals < threshold)[..., None], _NONE, cells)
    return GlobalPeaks(cells[:, :, 0], vals[:, :, 0])


def local_peaks(
    confmaps: torch.Tensor,
    offsets: torch.Tensor | None,
    threshold: torch.Tensor,
    refine: torch.Tensor,
    patch_size: int,
    n_slots: Size,
) -> LocalPeaks:
    """Cells strictly greater than their 8 neighbours and than the threshold.

    Args:
        confmaps: (batch, n_nodes, height, width).
        offsets: (batch, 2 * n_nodes, height, width), (x, y) in cells, where the network gives them.
        threshold: () float32.
        refine: () float32, 1 for integral refinement, 0 for none; without effect on `offsets`.
        patch_size: cells on a side of the patch of integral refinement.
        n_slots: k, the most peaks that can be returned per map.
    """
    best = best_candidates(confmaps, threshold, n_slots)
    around = patches(
        confmaps, flat_to_cells(best.flat, confmaps.shape[3]) - 1, 3, outside=-torch.inf
    )  # (batch, n_nodes, k, 3, 3)
    as_high = (around >= best.vals[..., None, None]).to(torch.float32).sum(dim=(3, 4))
    found = best.found & (as_high == 1)  # only the cell itself
    order = raster_order(confmaps, best.flat, found)
    index, vals, found = (torch.gather(x, 2, order) for x in (best.flat, best.vals, found))
    cells = _refined(confmaps, offsets, index, refine, patch_size)
    return LocalPeaks(
        torch.where(found[..., None], cells, _NONE),
        torch.where(found, vals, _NONE),
        best.n_candidates,
    )


def _refined(
    confmaps: torch.Tensor,
    offsets: torch.Tensor | None,
    index: torch.Tensor,
    refine: torch.Tensor,
    patch_size: int,
) -> torch.Tensor:
    """(batch, n_nodes, k, 2) float32, (x, y): the cells at a flat index, moved within the cell."""
    cells = flat_to_cells(index, confmaps.shape[3])
    if offsets is None:
        return cells + integral_offsets(confmaps, cells, patch_size, refine)
    by_node = offsets.reshape(confmaps.shape[0], confmaps.shape[1], 2, -1)
    index_xy = index[:, :, None].expand(-1, -1, 2, -1)
    return cells + by_node.gather(3, index_xy).transpose(2, 3)
