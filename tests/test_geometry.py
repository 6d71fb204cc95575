"""Boxes and similarities by hand and by plain loops, under each convention."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tolerances import SAME_FORMULA

from sleap_rt.geometry import (
    BORDER_PX,
    box_areas,
    box_iou,
    keypoint_similarity,
    oks_matrix,
    oks_spread,
    pose_boxes,
    squared_distances,
    visible_nodes,
)

BOX = np.array([0.0, 0.0, 9.0, 9.0])
RIGHT = np.array([5.0, 0.0, 14.0, 9.0])  # 4 px in common without border pixels, 5 with them
COORDINATES = st.one_of(st.just(math.nan), st.integers(-50, 50).map(float))
STDDEV = 0.1


def poses():
    return arrays(np.float64, (3, 4, 2), elements=COORDINATES).map(
        lambda points: np.where(np.isnan(points).any(axis=-1, keepdims=True), np.nan, points)
    )


@pytest.mark.parametrize(
    ("border", "expected"), [(0.0, 36 / (81 + 81 - 36)), (BORDER_PX, 50 / (100 + 100 - 50))]
)
def test_overlap_with_and_without_border_pixels(border, expected):
    assert box_iou(BOX, RIGHT, border=border) == pytest.approx(expected, rel=SAME_FORMULA)


def test_boxes_without_area_overlap_by_0_and_missing_ones_by_nan():
    point = np.zeros(4)
    assert box_iou(point, point) == 0.0
    assert np.isnan(box_iou(point, np.full(4, np.nan)))


def test_a_box_lies_around_the_visible_nodes():
    points = np.array([[[3, 1], [np.nan, np.nan], [1, 2]], np.full((3, 2), np.nan)])
    np.testing.assert_array_equal(pose_boxes(points), [[1, 1, 3, 2], [np.nan] * 4])


def similarity(a, b, spread, counted):
    """The mean over the counted nodes, one after another."""
    total, n = 0.0, 0
    for node, counts in enumerate(counted):
        squared = ((a[node] - b[node]) ** 2).sum()
        n += counts
        total += 0.0 if np.isnan(squared) else math.exp(-squared / spread)
    return total / n if n else math.nan


@given(a=poses(), b=poses(), count_both=st.booleans())
def test_similarity_matches_plain_loops(a, b, count_both):
    counted = visible_nodes(a) & visible_nodes(b) if count_both else visible_nodes(a)
    found = keypoint_similarity(squared_distances(a, b), np.full(3, 200.0), counted)
    triples = zip(a, b, counted, strict=True)
    expected = [similarity(one, other, 200.0, nodes) for one, other, nodes in triples]
    np.testing.assert_allclose(found, expected, atol=SAME_FORMULA)


@given(a=poses(), b=poses())
def test_the_matrix_has_the_similarity_of_every_pair(a, b):
    spread = oks_spread(box_areas(pose_boxes(a)), STDDEV)
    expected = keypoint_similarity(
        squared_distances(a[:, None], b[None]), spread[:, None], visible_nodes(a)[:, None]
    )
    np.testing.assert_allclose(oks_matrix(a, b, stddev=STDDEV), expected, atol=SAME_FORMULA)
