"""Line scores and class lookup inside a graph against plain loops."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import plain_loops
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx_parts import run_in_onnx
from tolerances import FLOAT32

from sleap_rt.export.graph.part import FLOAT, TensorType
from sleap_rt.export.graph.points.lines import class_probabilities, line_scores

EDGES = ((0, 1), (2, 0), (1, 2))
ATOL = 2e-5  # score; float32 sums in another order
# Half px meet ties when divided by a stride; some lie outside the frame, as refined peaks may.
COORDINATES = st.integers(-20, 160).map(lambda half: half / 2)
PEAKS = st.lists(
    st.one_of(st.just((math.nan, math.nan)), st.tuples(COORDINATES, COORDINATES)),
    min_size=6,
    max_size=6,
)


def fields(seed: int, height: int, width: int, n_channels: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1, (2, n_channels, height, width)).astype(np.float32)


MAPS = TensorType(FLOAT, ("batch", "channels", "height", "width"))
POINTS = TensorType(FLOAT, ("batch", "nodes", "k", 2))


@cache
def line_graph(
    edges: tuple[tuple[int, int], ...], stride: int, n_points: int
) -> Callable[..., list[np.ndarray]]:
    def write(op, *values):
        return (line_scores(op, *values, edges=edges, stride=stride, n_points=n_points),)

    scalars = {"ratio": TensorType(FLOAT), "weight": TensorType(FLOAT)}
    return run_in_onnx(write, {"pafs": MAPS, "peaks": POINTS, **scalars})


@cache
def class_graph(stride: int) -> Callable[..., list[np.ndarray]]:
    def write(op, class_maps, peaks):
        return (class_probabilities(op, class_maps, peaks, stride=stride),)

    return run_in_onnx(write, {"class_maps": MAPS, "peaks": POINTS})


def scores(
    pafs: np.ndarray, peaks: np.ndarray, edges: tuple[tuple[int, int], ...] = EDGES, **options
) -> np.ndarray:
    values = {"stride": 4, "n_points": 10, "ratio": 0.25, "weight": 1.0, **options}
    graph = line_graph(edges, values["stride"], values["n_points"])
    return graph(pafs, peaks, values["ratio"], values["weight"])[0]


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**16),
    size=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    peaks=st.tuples(PEAKS, PEAKS),
    stride=st.sampled_from([1, 2, 4, 8]),
    n_points=st.integers(2, 10),
    ratio=st.sampled_from([0.0, 0.25, 1.0]),
    weight=st.sampled_from([0.0, 1.0, 2.5]),
)
def test_line_scores_match_plain_loops(seed, size, peaks, stride, n_points, ratio, weight):
    pafs = fields(seed, size[0], size[1], 2 * len(EDGES))
    points = np.array(peaks, np.float32).reshape(2, 3, 2, 2)  # two peaks of each of three nodes
    options = {"stride": stride, "n_points": n_points, "ratio": ratio, "weight": weight}
    found = scores(pafs, points, **options)
    assert found.shape == (2, len(EDGES), 2, 2)
    for sample in range(2):
        for edge, (a, b) in enumerate(EDGES):
            for i in range(2):
                for j in range(2):
                    expected = plain_loops.line_score(
                        pafs[sample], edge, points[sample, a, i], points[sample, b, j], **options
                    )
                    score = found[sample, edge, i, j]
                    np.testing.assert_allclose(score, expected, rtol=1e-5, atol=ATOL)


def test_peaks_in_the_same_place_have_no_score():
    points = np.full((1, 3, 1, 2), 8.0, np.float32)
    assert np.isnan(scores(fields(0, 6, 6, 6)[:1], points)).all()


@pytest.mark.parametrize(
    ("n_edges", "longest"),
    [(2, 8.0), (30, 60.0)],  # largest of 8 rows, 8 columns and 2 * n_edges channels, at stride 4
)
def test_the_number_of_channels_takes_part_in_the_longest_edge(n_edges, longest):
    pafs = np.zeros((1, 2 * n_edges, 8, 8), np.float32)
    points = np.array([[[[0, 0]], [[100, 0]]]], np.float32)
    found = scores(pafs, points, ((0, 1),) * n_edges)
    np.testing.assert_allclose(found, longest / 100 - 1, rtol=FLOAT32)


def test_a_field_along_the_line_scores_its_strength():
    pafs = np.zeros((1, 2, 8, 8), np.float32)
    pafs[0, 0], pafs[0, 1] = 0.6, 0.8
    points = np.array([[[[1, 1]], [[1 + 3, 1 + 4]]]], np.float32)  # along the field, 5 px
    np.testing.assert_allclose(scores(pafs, points, ((0, 1),)), 1.0, rtol=FLOAT32)
    np.testing.assert_allclose(scores(pafs, points, ((1, 0),)), -1.0, rtol=FLOAT32)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**16),
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    peaks=st.tuples(PEAKS, PEAKS),
    stride=st.sampled_from([1, 2, 4]),
)
def test_class_probabilities_match_plain_loops(seed, size, peaks, stride):
    maps = fields(seed, size[0], size[1], 4)
    points = np.array(peaks, np.float32).reshape(2, 3, 2, 2)
    (found,) = class_graph(stride)(maps, points)
    assert found.shape == (2, 3, 2, 4)
    for sample, node, k in np.ndindex(2, 3, 2):
        x, y = points[sample, node, k]
        expected = np.full(4, np.nan)
        if not np.isnan(x):
            row, col = plain_loops.nearest_cell(x, y, stride, *size)
            expected = maps[sample, :, row, col]
        np.testing.assert_array_equal(found[sample, node, k], expected)


def test_a_peak_that_refinement_sent_to_infinity_has_no_score_and_hurts_no_other():
    points = np.array([[[[8, 8], [np.inf, 8]], [[20, 8], [-np.inf, np.inf]]]], np.float32)
    found = scores(np.ones((1, 2, 6, 6), np.float32), points, ((0, 1),))[0, 0]
    np.testing.assert_allclose(found[0, 0], 1.0 + (6 / 12 - 1), rtol=FLOAT32)  # 6 of 12 px are free
    assert np.isnan(found[[0, 1, 1], [1, 0, 1]]).all()
