"""Scores of candidate connections from part affinity fields, and class lookup, inside a graph."""

from typing import Any

import torch

Size = Any  # int, or torch.SymInt while a graph is traced


def line_scores(
    pafs: torch.Tensor,
    peaks: torch.Tensor,
    edges: tuple[tuple[int, int], ...],
    *,
    stride: int,
    n_points: int,
    max_edge_length_ratio: torch.Tensor,
    dist_penalty_weight: torch.Tensor,
) -> torch.Tensor:
    """How well the fields of each edge point from every source peak to every destination peak.

    Args:
        pafs: (batch, 2 * n_edges, height, width).
        peaks: (batch, n_nodes, k, 2) float32, (x, y) network-input px, NaN where none.
        edges: (source, destination) node indices.
        stride: network-input px per cell of `pafs`.
        n_points: samples on a line, at the nearest cell.
        max_edge_length_ratio: () float32, longest edge without penalty over the largest dimension
            of the fields (their channels count as one).
        dist_penalty_weight: () float32.

    Returns:
        (batch, n_edges, k, k) float32, source by destination; NaN where there is no pair, or
        where its two peaks coincide.
    """
    batch, n_channels, height, width = pafs.shape
    sources, destinations = torch.tensor(edges).T
    source = peaks.index_select(1, sources)[:, :, :, None]  # (batch, n_edges, k, 1, 2)
    destination = peaks.index_select(1, destinations)[:, :, None]  # (batch, n_edges, 1, k, 2)
    delta = destination - source  # (batch, n_edges, k, k, 2)
    length = torch.sqrt((delta * delta).sum(dim=-1))
    unit = delta / length[..., None]
    t = torch.arange(n_points, dtype=torch.float32) / (n_points - 1)
    points = source[..., None, :] + t[:, None] * delta[..., None, :]  # (..., k, k, n_points, 2)
    index = _nearest_cells(points, stride, height, width)
    fields = pafs.reshape(batch, len(edges), 2, height * width)
    index_xy = index.flatten(2)[:, :, None].expand(-1, -1, 2, -1)
    samples = torch.gather(fields, 3, index_xy)  # (batch, n_edges, 2, k * k * n_points)
    samples = samples.reshape(batch, len(edges), 2, *index.shape[2:])
    along = samples[:, :, 0] * unit[..., 0, None] + samples[:, :, 1] * unit[..., 1, None]
    sides = torch.stack([_tensor(n) for n in (height, width, n_channels)])
    longest = max_edge_length_ratio * sides.max() * stride
    penalty = torch.clamp(longest / length - 1, max=0) * dist_penalty_weight
    return along.mean(dim=-1) + penalty


def class_probabilities(
    class_maps: torch.Tensor, peaks: torch.Tensor, *, stride: int
) -> torch.Tensor:
    """Class probabilities at the cell nearest to each peak.

    Args:
        class_maps: (batch, n_classes, height, width).
        peaks: (batch, n_nodes, k, 2) float32, (x, y) network-input px, NaN where none.
        stride: network-input px per cell of `class_maps`.

    Returns:
        (batch, n_nodes, k, n_classes) float32, NaN where there is no peak.
    """
    n_classes, height, width = class_maps.shape[1:]
    index = _nearest_cells(peaks, stride, height, width)  # (batch, n_nodes, k)
    flat = index.flatten(1)[:, None].expand(-1, n_classes, -1)
    probs = torch.gather(class_maps.flatten(2), 2, flat)  # (batch, n_classes, n_nodes * k)
    probs = probs.transpose(1, 2).reshape(*index.shape, n_classes)
    return torch.where(torch.isnan(peaks[..., :1]), float("nan"), probs)


def _tensor(size: Size) -> torch.Tensor:
    """A size, symbolic or not, as a () float32 tensor."""
    tensor: torch.Tensor = torch.ones(()) * size
    return tensor


def _nearest_cells(points: torch.Tensor, stride: int, height: Size, width: Size) -> torch.Tensor:
    """Flat index of the cell nearest to each point (rounded half to even), within the map."""
    cells = torch.round(torch.where(torch.isnan(points), 0.0, points) / stride)
    last = torch.stack([_tensor(width), _tensor(height)]) - 1
    cells = torch.minimum(torch.clamp(cells, min=0), last).to(torch.int64)
    index: torch.Tensor = cells[..., 1] * width + cells[..., 0]
    return index
