"""Grouping of peaks against a slow definition written from the words: try every assignment."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleap_rt.errors import ModelError
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.predictors.grouping import group_peaks, grouping_order

ATOL = 1e-5  # score; sums of a few float32
NAN = math.nan
TREES = [
    ((0, 1), (1, 2), (1, 3), (3, 4)),
    ((2, 0), (2, 1), (0, 3), (3, 4)),
    ((0, 1), (0, 2), (0, 3), (0, 4)),
    ((3, 4), (0, 1), (1, 2)),  # the second component is never used
    ((0, 1), (0, 2), (1, 3), (2, 3), (3, 4)),  # node 3 has two parents
]

Match = tuple[int, int, float]
Instance = tuple[dict[int, int], float]  # node -> peak, and the sum of the connections' scores


def best_assignment(scores: np.ndarray) -> list[Match]:
    """As many pairs as the smaller side has peaks, fewest without a score, then most score."""
    n, m = scores.shape
    if n > m:
        return sorted((i, j, s) for j, i, s in best_assignment(scores.T))
    candidates = [list(zip(range(n), js, strict=True)) for js in permutations(range(m), n)]

    def worth(pairs: list[tuple[int, int]]) -> tuple[int, float]:
        values = [float(scores[pair]) for pair in pairs]
        known = [value for value in values if not math.isnan(value)]
        return len(known), sum(known)

    return [(i, j, float(scores[i, j])) for i, j in max(candidates, key=worth)]


def assemble(
    scores: np.ndarray, n_peaks: list[int], edges: tuple[tuple[int, int], ...], least: float
) -> list[Instance]:
    """Greedily over the edges; an instance is made by its first connection."""
    instances: list[Instance] = []
    for edge in grouping_order(edges):
        a, b = edges[edge]
        for i, j, score in best_assignment(scores[edge, : n_peaks[a], : n_peaks[b]]):
            if not score >= least:
                continue
            for number, (members, total) in enumerate(instances):
                if members.get(a) == i:
                    instances[number] = ({**members, b: j}, total + score)
                    break
            else:
                instances.append(({a: i, b: j}, score))
    return instances


@st.composite
def scenes(draw):
    """Peaks of five nodes, scores of all pairs on the edges of one of the trees."""
    edges = draw(st.sampled_from(TREES))
    n_peaks = draw(st.lists(st.integers(0, 3), min_size=5, max_size=5))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    k = 4  # slots, some of them empty
    peaks = rng.uniform(0, 100, (5, k, 2)).astype(np.float32)
    vals = rng.uniform(0.2, 1, (5, k)).astype(np.float32)
    scores = rng.uniform(-1, 1, (len(edges), k, k)).astype(np.float32)
    scores[rng.random(scores.shape) < draw(st.sampled_from([0, 0.3]))] = NAN
    for node, n in enumerate(n_peaks):
        peaks[node, n:], vals[node, n:] = NAN, NAN
    return edges, n_peaks, peaks, vals, scores


@settings(max_examples=150)
@given(
    scene=scenes(),
    least_score=st.sampled_from([-2.0, 0.0, 0.25]),
    least_peaks=st.sampled_from([0, 0.5, 0.61, 2, 3, 4]),
    max_instances=st.sampled_from([None, 1, 2]),
)
def test_instances_match_plain_loops(scene, least_score, least_peaks, max_instances):
    edges, n_peaks, peaks, vals, scores = scene
    expected = assemble(scores, n_peaks, edges, least_score)
    limit = int(least_peaks * 5) if least_peaks < 1 else least_peaks
    expected = [(members, total) for members, total in expected if len(members) >= limit]
    if max_instances is not None and len(expected) > max_instances:
        expected = sorted(expected, key=lambda instance: -instance[1])[:max_instances]
    options = DecodeOptions(
        min_line_scores=least_score, min_instance_peaks=least_peaks, max_instances=max_instances
    )
    found = group_peaks(peaks, vals, scores, edges, options)
    assert len(found.points) == len(expected)
    for i, (members, total) in enumerate(expected):
        np.testing.assert_allclose(found.scores[i], total, atol=ATOL)
        for node in range(5):
            point, val = (NAN, NAN), NAN
            if node in members:
                point, val = peaks[node, members[node]], vals[node, members[node]]
            np.testing.assert_array_equal(found.points[i, node], point)
            np.testing.assert_array_equal(found.point_scores[i, node], val)


def grouped(scores: list[list[float]], **options: float) -> int:
    """How many instances two nodes with these scores make."""
    values = np.array([scores], np.float32)
    n, m = values.shape[1:]
    k = max(n, m)
    peaks = np.full((2, k, 2), NAN, np.float32)
    peaks[0, :n], peaks[1, :m] = 1, 1
    padded = np.full((1, k, k), NAN, np.float32)
    padded[0, :n, :m] = values
    found = group_peaks(peaks, peaks[..., 0], padded, ((0, 1),), DecodeOptions(**options))
    return len(found.points)


@pytest.mark.parametrize(
    ("scores", "n_instances"),
    [
        ([[NAN]], 0),  # two peaks on one cell: dropped, not an error
        ([[NAN, NAN], [NAN, NAN]], 0),
        ([[0.9, NAN], [NAN, NAN]], 1),
        ([[NAN, 0.9], [0.8, NAN]], 2),
        ([[0.25]], 1),  # the least score itself counts
        ([[0.2499]], 0),
        ([[1.0, 0.9], [0.9, 0.1]], 2),  # the sum decides: 0.9 + 0.9 beats 1.0 + 0.1
        ([[1.0, 0.3], [0.9, -0.5]], 2),  # 0.3 + 0.9 beats 1.0 - 0.5
        ([[1.0, 0.3], [0.5, -0.1]], 1),  # 0.9 against 0.8: the bad pair is assigned, then dropped
    ],
)
def test_assignments_by_hand(scores, n_instances):
    assert grouped(scores) == n_instances


@pytest.mark.parametrize(
    ("least", "n_nodes", "kept"),
    [(0.5, 3, True), (0.9, 3, True), (0.9, 4, False), (2, 4, True), (3, 4, False), (1, 4, True)],
)
def test_below_one_is_a_fraction_of_the_nodes_and_from_one_a_count(least, n_nodes, kept):
    """One connection, two peaks; the fraction of the nodes is truncated."""
    peaks = np.full((n_nodes, 1, 2), NAN, np.float32)
    peaks[:2] = 5
    edges = tuple((0, node) for node in range(1, n_nodes))
    scores = np.full((len(edges), 1, 1), 0.9, np.float32)
    options = DecodeOptions(min_instance_peaks=least)
    found = group_peaks(peaks, peaks[..., 0], scores, edges, options)
    assert len(found.points) == kept


@pytest.mark.parametrize(
    ("edges", "order"),
    [
        (((0, 1), (1, 2), (2, 3)), (0, 1, 2)),
        (((2, 3), (1, 2), (0, 1)), (2, 1, 0)),  # from the root outwards, not as listed
        (((0, 1), (1, 3), (0, 2), (2, 4)), (0, 2, 1, 3)),  # breadth first
        (((0, 2), (0, 1)), (0, 1)),  # siblings as listed
        (((0, 1), (2, 3)), (0,)),  # two components: the one listed first
        (((3, 2), (0, 1), (1, 3)), (1, 2, 0)),  # 3 is listed first, but has a parent
        (((0, 1), (0, 2), (1, 3), (2, 3)), (0, 1, 2)),  # a second parent is never used
        (((1, 2), (0, 2), (0, 1)), (1, 2)),  # node 2 is entered from the root itself
        (((0, 2), (1, 2), (2, 3)), (0, 2)),  # two roots: the one listed first
    ],
)
def test_edges_are_used_breadth_first_from_the_first_root(edges, order):
    assert grouping_order(edges) == order


@pytest.mark.parametrize(
    "edges", [(), ((0, 0),), ((0, 1), (1, 0)), ((0, 1), (1, 2), (2, 1)), ((0, 1), (2, 3), (3, 2))]
)
def test_no_edges_and_cycles_are_refused(edges):
    with pytest.raises(ModelError, match="at least one edge and no cycle"):
        grouping_order(edges)
