"""Groups the peaks of one frame into instances, by connection scores along the edges."""

from dataclasses import dataclass

import numpy as np

from sleap_rt.arrays import Floats, Rows
from sleap_rt.errors import ModelError
from sleap_rt.libraries.assignment import least_cost_pairs
from sleap_rt.options import DecodeOptions

Edges = tuple[tuple[int, int], ...]
_NO_SCORE_COST = 1e6  # of a pair without a score; far above the cost of any real one


@dataclass(frozen=True)
class GroupedPeaks:
    """Instances of one frame, in order of assembly.

    Attributes:
        points: (n_instances, n_nodes, 2) float32, (x, y) frame px, NaN where missing.
        point_scores: (n_instances, n_nodes) float32, NaN where missing.
        scores: (n_instances,) float32, sum of the scores of an instance's connections.
    """

    points: Floats
    point_scores: Floats
    scores: Floats


def grouping_order(edges: Edges) -> tuple[int, ...]:
    """Order in which edges are used: breadth first from the first root, each node entered once.

    Edges that the first root does not reach, and further edges into a node, are never used.

    Raises:
        ModelError: there is no edge, or the edges lead in a circle.
    """
    if not edges or _has_cycle(edges):
        raise ModelError(
            f"The skeleton's edges {list(edges)} cannot be followed from a root; bottom-up "
            "grouping needs at least one edge and no cycle"
        )
    targets = {destination for _, destination in edges}
    roots = [node for edge in edges for node in edge if node not in targets]
    reached, frontier, order = {roots[0]}, [roots[0]], []
    for node in frontier:  # grows while it is walked
        for index, (source, destination) in enumerate(edges):
            if source == node and destination not in reached:
                reached.add(destination)
                frontier.append(destination)
                order.append(index)
    return tuple(order)


def _has_cycle(edges: Edges) -> bool:
    """Whether edges remain after repeatedly removing those whose source no edge enters."""
    left = set(edges)
    while left:
        entered = {destination for _, destination in left}
        inner = {edge for edge in left if edge[0] in entered}
        if inner == left:
            return True
        left = inner
    return False


def group_peaks(
    peaks: Floats, peak_vals: Floats, line_scores: Floats, edges: Edges, options: DecodeOptions
) -> GroupedPeaks:
    """Assemble the peaks of one frame.

    Args:
        peaks: (n_nodes, k, 2) float32, (x, y) frame px; NaN where there is none.
        peak_vals: (n_nodes, k) float32.
        line_scores: (n_edges, k, k) float32, source by destination peak.
        edges: (source, destination) node indices.
        options: least score of a connection, least size of an instance, most instances.
    """
    n_nodes = len(peaks)
    members: list[Rows] = []  # per instance: peak of each node, or -1
    scores: list[float] = []
    owner = np.full(peaks.shape[:2], -1)
    found = ~np.isnan(peaks[..., 0])
    for edge in grouping_order(edges):
        source, destination = edges[edge]
        n_pairs = (int(found[source].sum()), int(found[destination].sum()))
        for i, j, score in _matches(line_scores[edge, : n_pairs[0], : n_pairs[1]], options):
            instance = int(owner[source, i])
            if instance < 0:
                instance = len(members)
                members.append(np.full(n_nodes, -1, np.intp))
                scores.append(0.0)
                members[instance][source] = i
                owner[source, i] = instance
            members[instance][destination] = j
            scores[instance] += score
            owner[destination, j] = instance
    return _gather(peaks, peak_vals, members, scores, options)


def _matches(scores: Floats, options: DecodeOptions) -> list[tuple[int, int, float]]:
    """(source peak, destination peak, score) of the best one-to-one pairs above the score limit."""
    if not scores.size:
        return []
    is_number = np.isfinite(scores)
    rows, cols = least_cost_pairs(np.where(is_number, -scores, _NO_SCORE_COST))
    values = scores[rows, cols]
    good = is_number[rows, cols] & (values >= options.min_line_scores)
    return list(zip(rows[good].tolist(), cols[good].tolist(), values[good].tolist(), strict=True))


def _gather(
    peaks: Floats,
    peak_vals: Floats,
    members: list[Rows],
    scores: list[float],
    options: DecodeOptions,
) -> GroupedPeaks:
    n_nodes = len(peaks)
    index = np.array(members, np.intp).reshape(-1, n_nodes)  # (n_instances, n_nodes)
    totals = np.array(scores, np.float32)
    enough = (index >= 0).sum(axis=1) >= _least_peaks(options.min_instance_peaks, n_nodes)
    index, totals = index[enough], totals[enough]
    if options.max_instances is not None and len(index) > options.max_instances:
        best = np.argsort(-totals, kind="stable")[: options.max_instances]
        index, totals = index[best], totals[best]
    missing = index < 0
    nodes = np.arange(n_nodes)
    points, vals = peaks[nodes, index], peak_vals[nodes, index]
    points[missing] = np.nan
    vals[missing] = np.nan
    return GroupedPeaks(points, vals, totals)


def _least_peaks(least: float, n_nodes: int) -> int:
    """Least number of peaks of an instance; `least` is a share of the nodes if below 1."""
    return int(least * n_nodes) if least < 1 else int(np.ceil(least))
