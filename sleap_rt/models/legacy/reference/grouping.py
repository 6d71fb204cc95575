"""Peaks and part affinity fields to instances."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from sleap_rt.errors import ModelError
from sleap_rt.models.legacy.reference.frames import Float

Edges = Sequence[tuple[int, int]]


@dataclass(frozen=True, kw_only=True)
class LineScoring:
    """How a candidate connection is scored and when it is accepted; the original's defaults.

    Attributes:
        n_points: samples on the line, both ends included.
        max_edge_length_ratio: length without penalty, as a part of the fields' largest axis.
        dist_penalty_weight: of the penalty for longer lines.
        min_line_score: connections below are dropped.
    """

    n_points: int = 10
    max_edge_length_ratio: float = 0.25
    dist_penalty_weight: float = 1.0
    min_line_score: float = 0.25


class Candidates(NamedTuple):
    """Possible connections of one frame.

    Attributes:
        edges: (n,) index of the edge.
        peaks: (n, 2) index of the source peak and of the destination peak.
        scores: (n,) float32.
    """

    edges: NDArray[np.int64]
    peaks: NDArray[np.int64]
    scores: Float


def score_candidates(
    pafs: Float,
    points: Float,
    channels: NDArray[np.int64],
    edges: Edges,
    *,
    stride: int,
    scoring: LineScoring,
) -> Candidates:
    """Score every pair of a source and a destination peak of every edge.

    Args:
        pafs: (2 * n_edges, height, width).
        points: (n_peaks, 2) as (x, y), network-input px.
        channels: (n_peaks,) node of each peak.
        edges: (source, destination) nodes.
        stride: network-input px per cell of the fields.
        scoring: parameters.
    """
    pairs = [
        (edge, source, destination)
        for edge, (a, b) in enumerate(edges)
        for source in np.flatnonzero(channels == a)
        for destination in np.flatnonzero(channels == b)
    ]
    edge_of, source_of, destination_of = np.array(pairs, np.int64).reshape(-1, 3).T
    start, end = points[source_of], points[destination_of]
    along = end - start
    lengths = np.linalg.norm(along, axis=1)
    units = along / np.where(lengths > 0, lengths, 1)[:, None]
    cells = _line_cells(start, end, pafs.shape, stride, scoring.n_points)
    e = edge_of[:, None]
    fields = np.stack(
        [pafs[2 * e + axis, cells[..., 1], cells[..., 0]] for axis in (0, 1)], axis=-1
    )  # (n, n_points, 2)
    scores = (fields * units[:, None]).sum(axis=-1).mean(axis=-1)
    # The number of channels really is one of the three axes.
    longest = scoring.max_edge_length_ratio * max(pafs.shape) * stride
    with np.errstate(divide="ignore"):
        penalty = np.minimum(np.float32(longest) / lengths - 1, 0) * scoring.dist_penalty_weight
    return Candidates(
        edge_of,
        np.stack((source_of, destination_of), axis=1),
        (scores + penalty).astype(np.float32),
    )


def _line_cells(
    start: Float, end: Float, shape: tuple[int, ...], stride: int, n_points: int
) -> NDArray[np.int64]:
    """(n, n_points, 2) as (x, y): field cells on each line, rounded half to even."""
    steps = np.arange(n_points, dtype=np.float32)[None, :, None]
    line = start[:, None] + (end - start)[:, None] / np.float32(n_points - 1) * steps
    line[:, -1] = end
    cells = np.round(line / np.float32(stride)).astype(np.int64)
    # The original fails (CPU) or reads zeros (GPU) beyond the last cell; the nearest cell is read.
    return np.clip(cells, 0, (shape[2] - 1, shape[1] - 1))


def match_candidates(candidates: Candidates, n_edges: int, min_line_score: float) -> Candidates:
    """Per edge the one-to-one matching with the highest total score; weak matches are dropped."""
    kept = []
    for edge in range(n_edges):
        index = np.flatnonzero(candidates.edges == edge)
        sources, rows = np.unique(candidates.peaks[index, 0], return_inverse=True)
        destinations, columns = np.unique(candidates.peaks[index, 1], return_inverse=True)
        candidate = np.zeros((len(sources), len(destinations)), np.int64)
        candidate[rows, columns] = index
        matched = candidate[linear_sum_assignment(-candidates.scores[candidate])]
        kept += [i for i in matched if candidates.scores[i] >= min_line_score]
    index = np.array(kept, np.int64)
    return Candidates(candidates.edges[index], candidates.peaks[index], candidates.scores[index])


def edges_in_assembly_order(edges: Edges) -> list[int]:
    """Edge indices breadth first from the root: the first node that no edge leads to.

    A second way to a node, and edges that cannot be reached from the root, are never used.

    Raises:
        ModelError: there is no edge, or the edges form a circle.
    """
    nodes = list(dict.fromkeys(node for edge in edges for node in edge))
    roots = [node for node in nodes if all(node != b for _, b in edges)]
    if not roots or _has_circle(edges):
        raise ModelError(
            f"the edges {[tuple(edge) for edge in edges]} form no tree (there are none, or they "
            "run in a circle); a bottom-up model needs one to group peaks"
        )
    order, reached, queue = [], {roots[0]}, [roots[0]]
    while queue:
        node = queue.pop(0)
        for index, (a, b) in enumerate(edges):
            if a == node and b not in reached:
                order.append(index)
                reached.add(b)
                queue.append(b)
    return order


def _has_circle(edges: Edges) -> bool:
    left = list(edges)
    while left:
        sources = {a for a, _ in left}
        shorter = [(a, b) for a, b in left if b in sources]
        if len(shorter) == len(left):
            return True
        left = shorter
    return False


class Groups(NamedTuple):
    """Instances of one frame.

    Attributes:
        peaks: (n_instances, n_nodes) index of each node's peak; -1 where it is missing.
        scores: (n_instances,) float32, sum of the scores of its connections.
    """

    peaks: NDArray[np.int64]
    scores: Float


def assemble(matches: Candidates, edges: Edges, n_nodes: int) -> Groups:
    """Join matches along the edges: a destination goes where its source is.

    Peaks without an accepted connection belong to no instance.

    Args:
        matches: accepted connections, per edge in order of their source peaks.
        edges: (source, destination) nodes.
        n_nodes: nodes of the skeleton.
    """
    rows: list[NDArray[np.int64]] = []
    scores: list[float] = []
    instance_of: dict[int, int] = {}
    for edge in edges_in_assembly_order(edges):
        index = np.flatnonzero(matches.edges == edge)
        for (source, destination), score in zip(
            matches.peaks[index].tolist(), matches.scores[index].tolist(), strict=True
        ):
            if source not in instance_of:
                instance_of[source] = len(rows)
                rows.append(np.full(n_nodes, -1, np.int64))
                rows[-1][edges[edge][0]] = source
                scores.append(0.0)
            instance = instance_of[source]
            instance_of[destination] = instance
            rows[instance][edges[edge][1]] = destination
            scores[instance] += score
    return Groups(np.array(rows, np.int64).reshape(-1, n_nodes), np.array(scores, np.float32))
