"""How alike a predicted animal is to a true one."""

import numpy as np
import pytest

from sleap_rt.evaluation.identity.similarity import (
    box_similarity,
    centroid_similarity,
    oks_similarity,
    similarity_function,
)
from sleap_rt.evaluation.options import IdentityOptions, PoseOptions

from ..builders import square


@pytest.mark.parametrize(
    ("distance", "expected"), [(0, 1.0), (25, 0.75), (50, 0.5), (100, 0.0), (170, 0.0)]
)
def test_centroid_similarity_is_half_at_max_distance(distance, expected):
    value = centroid_similarity(square()[None], square(distance)[None], max_distance=50)
    assert value[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("dx", "dy", "expected"),
    [(0, 0, 1.0), (20, 0, 600 / 1800), (0, 15, 600 / 1800), (40, 0, 0.0), (500, 0, 0.0)],
)
def test_box_overlap_by_hand(dx, dy, expected):
    assert box_similarity(square()[None], square(dx, dy)[None])[0] == pytest.approx(expected)


def test_boxes_without_area_have_no_overlap():
    flat = square(missing="cd")[None]
    assert box_similarity(flat, flat)[0] == 0.0


@pytest.mark.parametrize("similarity", ["oks", "centroid", "iou"])
@pytest.mark.parametrize("side", [0, 1])
def test_an_animal_without_nodes_is_like_nothing(similarity, side):
    function = similarity_function(IdentityOptions(similarity=similarity), PoseOptions())
    points = [square()[None], square()[None]]
    assert function(*points)[0] == 1.0
    points[side] = square(missing="abcd")[None]
    assert function(*points)[0] == 0.0


def test_oks_uses_sigma_and_scale():
    function = similarity_function(IdentityOptions(), PoseOptions(oks_stddev=0.1, oks_scale=500))
    points = square()[None], square(9)[None]
    np.testing.assert_array_equal(function(*points), oks_similarity(*points, stddev=0.1, scale=500))
    assert function(*points)[0] == pytest.approx(np.exp(-81 / (8 * 0.1**2 * 500)))
