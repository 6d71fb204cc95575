"""Object keypoint similarity."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tolerances import SAME_FORMULA

from sleap_rt.evaluation.poses.oks import is_flat, oks
from sleap_rt.geometry import box_areas, pose_boxes

from ..builders import square

coordinates = st.one_of(st.just(math.nan), st.integers(-40, 40).map(float))


def poses(n, n_nodes=3):
    return arrays(np.float64, (n, n_nodes, 2), elements=coordinates).map(_whole_nodes)


def _whole_nodes(points):
    return np.where(np.isnan(points).any(axis=-1, keepdims=True), np.nan, points)


def oks_by_plain_loops(truth, predicted, stddev, scale):
    visible = [p for p in truth if not math.isnan(p[0])]
    if not visible:
        return math.nan
    xs, ys = [p[0] for p in visible], [p[1] for p in visible]
    area = (max(xs) - min(xs)) * (max(ys) - min(ys))
    pairs = [(g, p) for g, p in zip(truth, predicted, strict=True) if not math.isnan(g[0])]
    distances = [math.dist(g, p) for g, p in pairs if not math.isnan(p[0])]
    if scale is None and area < 1e-9:
        return max(0.0, 1 - sum(distances) / len(distances) / 50) if distances else 0.0
    s = area if scale is None else scale
    total = sum(math.exp(-(d**2) / ((2 * stddev) ** 2 * 2 * (s + 2**-52))) for d in distances)
    return total / len(visible)


@given(poses(4), poses(4), st.floats(0.01, 1), st.none() | st.floats(1, 1e4))
def test_matches_plain_loops(truth, predicted, stddev, scale):
    expected = [
        oks_by_plain_loops(g, p, stddev, scale) for g, p in zip(truth, predicted, strict=True)
    ]
    np.testing.assert_allclose(
        oks(truth, predicted, stddev=stddev, scale=scale), expected, atol=SAME_FORMULA
    )


def test_case_worked_by_hand():
    # Box 40 x 30 = 1200 px²; every node off by 6 px; exponent -36 / (8 * 0.05² * 1200) = -1.5.
    value = oks(square()[None], square(6)[None], stddev=0.05)
    assert value[0] == pytest.approx(math.exp(-1.5), abs=SAME_FORMULA)


def test_a_node_missing_in_the_prediction_counts_zero():
    value = oks(square()[None], square(missing="a")[None], stddev=0.05)
    assert value[0] == pytest.approx(3 / 4)


def test_a_node_missing_in_the_truth_is_left_out():
    truth = square(missing="d")[None]
    assert oks(truth, square()[None], stddev=0.05)[0] == pytest.approx(1.0)


def test_truth_without_nodes_has_no_similarity():
    assert np.isnan(oks(square(missing="abcd")[None], square()[None], stddev=0.05)).all()


def test_scale_replaces_the_area_of_every_instance():
    value = oks(square()[None], square(6)[None], stddev=0.05, scale=300)
    assert value[0] == pytest.approx(math.exp(-36 / (8 * 0.05**2 * 300)))


@pytest.mark.parametrize(("distance", "expected"), [(0, 1.0), (10, 0.8), (50, 0.0), (80, 0.0)])
def test_flat_truth_is_measured_by_distance(distance, expected):
    flat = np.array([[[0.0, 0.0], [30.0, 0.0]]])
    value = oks(flat, flat + np.array([0, distance]), stddev=0.025)
    assert value[0] == pytest.approx(expected)


def test_flat_truth_with_a_scale_is_measured_as_any_other():
    flat = np.array([[[0.0, 0.0], [30.0, 0.0]]])
    value = oks(flat, flat + np.array([0, 3]), stddev=0.05, scale=100)
    assert value[0] == pytest.approx(math.exp(-9 / (8 * 0.05**2 * 100)))


def test_a_tiny_scale_is_not_taken_for_a_flat_truth():
    value = oks(square()[None], square(6)[None], stddev=0.05, scale=1e-10)
    assert value[0] == 0.0  # by distance it would be 0.88


def test_flat_truth_without_a_common_node_is_0():
    flat = np.array([[[0.0, 0.0], [np.nan, np.nan]]])
    assert oks(flat, flat[:, ::-1], stddev=0.05)[0] == 0.0


def test_areas_and_flatness():
    points = np.stack([square(), square(missing="bcd"), square(missing="abcd")])
    np.testing.assert_array_equal(box_areas(pose_boxes(points)), [1200, 0, np.nan])
    np.testing.assert_array_equal(is_flat(points), [False, True, False])
