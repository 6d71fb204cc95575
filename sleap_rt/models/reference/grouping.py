"""Part affinity fields: scores of candidate connections, and their assembly into instances."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from sleap_rt.models.reference.peaks import Peak
from sleap_rt.options import DecodeOptions

_HOPELESS = 1e6  # cost of a pair without a score; any real score is far better


@dataclass
class Grouped:
    """One instance: node -> peak, and the sum of its connections' scores."""

    peaks: dict[int, Peak] = field(default_factory=dict)
    score: float = 0.0


def line_score(
    pafs: NDArray[np.float32],
    edge: int,
    source: tuple[float, float],
    destination: tuple[float, float],
    *,
    stride: int,
    n_points: int,
    options: DecodeOptions,
) -> float:
    """How well the fields of one edge point from source to destination.

    Args:
        pafs: (2 * n_edges, height, width).
        edge: which edge.
        source: (x, y) network-input px.
        destination: (x, y) network-input px.
        stride: network-input px per cell of `pafs`.
        n_points: samples on the line.
        options: penalty for long edges.

    Returns:
        Mean alignment plus the (negative) penalty; NaN where source and destination coincide.
    """
    n_channels, height, width = pafs.shape
    src, dst = np.array(source, np.float32), np.array(destination, np.float32)
    length = np.float32(np.linalg.norm(dst - src))
    if length == 0:
        return float("nan")
    unit = (dst - src) / length
    total = np.float32(0)
    for k in range(n_points):
        x, y = src + np.float32(k / (n_points - 1)) * (dst - src)  # rounded half to even below
        col = min(max(round(float(x / stride)), 0), width - 1)
        row = min(max(round(float(y / stride)), 0), height - 1)
        total += pafs[2 * edge, row, col] * unit[0] + pafs[2 * edge + 1, row, col] * unit[1]
    longest = options.max_edge_length_ratio * max(height, width, n_channels) * stride
    penalty = min(longest / length - 1, 0) * options.dist_penalty_weight
    return float(total / n_points + penalty)


def group(
    peaks: list[list[Peak]],
    edges: tuple[tuple[int, int], ...],
    scores: list[NDArray[np.float32]],
    options: DecodeOptions,
) -> list[Grouped]:
    """Assemble peaks into instances along the edges.

    Args:
        peaks: per node, in raster order.
        edges: (source, destination) node indices.
        scores: per edge, (n source peaks, n destination peaks).
        options: least score of a connection, least size of an instance, most instances.
    """
    owner: dict[tuple[int, int], Grouped] = {}  # (node, peak index) -> instance
    instances: list[Grouped] = []
    for edge in edge_order(edges):
        source_node, destination_node = edges[edge]
        for i, j, score in _matches(scores[edge], options.min_line_scores):
            instance = owner.get((source_node, i))
            if instance is None:
                instance = Grouped({source_node: peaks[source_node][i]})
                owner[source_node, i] = instance
                instances.append(instance)
            instance.peaks[destination_node] = peaks[destination_node][j]
            instance.score += score
            owner[destination_node, j] = instance
    least = options.min_instance_peaks
    least = int(least * len(peaks)) if least < 1 else least
    instances = [instance for instance in instances if len(instance.peaks) >= least]
    if options.max_instances is not None and len(instances) > options.max_instances:
        instances = sorted(instances, key=lambda it: -it.score)[: options.max_instances]
    return instances


def edge_order(edges: tuple[tuple[int, int], ...]) -> list[int]:
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


def _matches(scores: NDArray[np.float32], least: float) -> list[tuple[int, int, float]]:
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
