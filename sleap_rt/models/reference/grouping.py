"""Part affinity fields: scores of candidate connections, and their assembly into instances."""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from sleap_rt.arrays import Floats
from sleap_rt.options import DecodeOptions

Edges = tuple[tuple[int, int], ...]
_HOPELESS = 1e6  # cost of a pair without a score; any real score is far better


@dataclass
class Grouped:
    """One instance.

    Attributes:
        peaks: node -> which of the node's peaks.
        score: sum of the scores of its connections.
    """

    peaks: dict[int, int] = field(default_factory=dict)
    score: float = 0.0


def line_scores(
    pafs: Floats,
    edge: int,
    sources: Floats,
    destinations: Floats,
    *,
    stride: int,
    n_points: int,
    options: DecodeOptions,
) -> Floats:
    """How well the fields of one edge point from sources to destinations.

    Args:
        pafs: (2 * n_edges, height, width).
        edge: which edge.
        sources: (n, 2) as (x, y), network-input px.
        destinations: (m, 2), likewise.
        stride: network-input px per cell of `pafs`.
        n_points: samples on a line.
        options: penalty for long edges.

    Returns:
        (n, m): mean alignment plus the (negative) penalty; NaN where the two points coincide.
    """
    delta = destinations[None] - sources[:, None]  # (n, m, 2)
    length = np.linalg.norm(delta, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = delta / length[..., None]
        steps = np.arange(n_points, dtype=np.float32) / np.float32(n_points - 1)
        points = sources[:, None] + steps[:, None, None, None] * delta  # (n_points, n, m, 2)
        fields = [_field_at(pafs, edge, on_line / np.float32(stride)) for on_line in points]
        along = (np.mean(fields, axis=0) * unit).sum(axis=-1)
        # The number of channels really is one of the three axes.
        longest = options.max_edge_length_ratio * max(pafs.shape) * stride
        penalty = np.minimum(longest / length - 1, 0) * options.dist_penalty_weight
    scores: Floats = (along + penalty).astype(np.float32)
    return scores


def _field_at(pafs: Floats, edge: int, cells: Floats) -> Floats:
    """(..., 2): the field at the nearest cell, half-way cases to even, within the map."""
    _, height, width = pafs.shape
    col, row = np.clip(np.round(cells), 0, (width - 1, height - 1)).astype(int).T
    found: Floats = pafs[2 * edge : 2 * edge + 2, row, col].T
    return found


def group(
    edges: Edges, scores: list[Floats], n_nodes: int, options: DecodeOptions
) -> list[Grouped]:
    """Assemble peaks into instances along the edges.

    Args:
        edges: (source, destination) node indices.
        scores: per edge, (n source peaks, n destination peaks).
        n_nodes: of the skeleton.
        options: least score of a connection, least size of an instance, most instances.
    """
    owner: dict[tuple[int, int], Grouped] = {}  # (node, peak) -> instance
    instances: list[Grouped] = []
    for edge in edge_order(edges):
        source_node, destination_node = edges[edge]
        for i, j, score in _matches(scores[edge], options.min_line_scores):
            instance = owner.get((source_node, i))
            if instance is None:
                instance = Grouped({source_node: i})
                owner[source_node, i] = instance
                instances.append(instance)
            instance.peaks[destination_node] = j
            instance.score += score
            owner[destination_node, j] = instance
    least = options.min_instance_peaks
    least = int(least * n_nodes) if least < 1 else least
    instances = [instance for instance in instances if len(instance.peaks) >= least]
    if options.max_instances is not None and len(instances) > options.max_instances:
        instances = sorted(instances, key=lambda it: -it.score)[: options.max_instances]
    return instances


def edge_order(edges: Edges) -> list[int]:
    """Edges of the breadth-first tree from the first node that no edge enters."""
    entered = {destination for _, destination in edges}
    root = next(node for edge in edges for node in edge if node not in entered)
    seen, queue, order = {root}, [root], []
    while queue:
        node = queue.pop(0)
        for index, (source, destination) in enumerate(edges):
            if source == node and destination not in seen:
                seen.add(destination)
                queue.append(destination)
                order.append(index)
    return order


def _matches(scores: Floats, least: float) -> list[tuple[int, int, float]]:
    """(source peak, destination peak, score) of the best assignment, good ones only."""
    if not scores.size:
        return []
    cost = np.where(np.isnan(scores), _HOPELESS, -scores)
    rows, cols = linear_sum_assignment(cost)
    return [
        (int(i), int(j), float(scores[i, j]))
        for i, j in zip(rows, cols, strict=True)
        if scores[i, j] >= least
    ]
