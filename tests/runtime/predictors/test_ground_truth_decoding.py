"""Crop centers and poses that come from labelled animals, by hand."""

import numpy as np
import pytest

from sleap_rt.runtime.predictors.ground_truth import (
    anchor_node,
    instance_centers,
    nearest_instances,
)
from sleap_rt.skeleton import Skeleton

NAN = np.nan
ANIMALS = np.array(
    [
        [[0, 0], [10, 4], [NAN, NAN]],
        [[NAN, NAN], [20, 20], [30, 40]],
        [[NAN, NAN], [NAN, NAN], [NAN, NAN]],
    ],
    np.float32,
)


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        (None, [[5, 2], [25, 30], [NAN, NAN]]),
        ("a", [[0, 0], [25, 30], [NAN, NAN]]),  # the mean where the anchor is hidden
        ("b", [[10, 4], [20, 20], [NAN, NAN]]),
    ],
)
def test_crops_are_centered_on_the_anchor_or_the_visible_nodes(anchor, expected):
    np.testing.assert_array_equal(_centers(ANIMALS, anchor), expected)


@pytest.mark.parametrize(("anchor", "expected"), [(None, [12, 4]), ("b", [16, 8]), ("c", [12, 4])])
def test_crops_may_be_centered_on_the_bounding_box_as_legacy_models_are(anchor, expected):
    # Of the fourth node, between the others, the box takes no notice; a mean would.
    animal = [[8, 0], [16, 8], [NAN, NAN], [9, 1]]
    animals = np.array([animal, [[NAN, NAN]] * 4], np.float32)
    found = _centers(animals, anchor, "bbox_center")
    np.testing.assert_array_equal(found, [expected, [NAN, NAN]])


def _centers(animals, anchor, method="center_of_mass"):
    skeleton = Skeleton("s", ("a", "b", "c"))
    return instance_centers(animals, anchor_node(skeleton, anchor), method)


@pytest.mark.parametrize(
    ("animal", "expected"),
    [
        ([[0, 0], [1, 0], [9, 0]], [1, 0]),  # on a line: the middle one
        ([[0, 0], [4, 0], [4, 4], [0, 4]], [2, 2]),  # of a square: where its diagonals cross
        ([[0, 0], [6, 0], [3, 1]], [3, 1]),  # an angle above 120 degrees: its own vertex
        ([[0, 0], [NAN, NAN], [2, 2]], [1, 1]),
        ([[5, 7]], [5, 7]),
    ],
)
def test_the_geometric_median_has_the_least_total_distance(animal, expected):
    found = _centers(np.array([animal], np.float32), None, "geometric_median")
    np.testing.assert_allclose(found, [expected], atol=1e-3)


def test_the_geometric_median_of_a_triangle_sees_its_sides_at_equal_angles():
    triangle = np.array([[0, 0], [10, 1], [3, 8]], np.float32)
    (found,) = _centers(triangle[None], None, "geometric_median")
    towards = (triangle - found) / np.linalg.norm(triangle - found, axis=1)[:, None]
    np.testing.assert_allclose(towards.sum(axis=0), 0, atol=1e-5)


def test_each_centroid_takes_the_animal_with_the_nearest_node():
    # (11, 11) is sqrt(50) px from the first animal and sqrt(162) px from the second.
    centroids = np.array([[28, 38], [11, 11], [1, 0]], np.float32)
    found = nearest_instances(centroids, ANIMALS)
    np.testing.assert_array_equal(found, ANIMALS[[1, 0, 0]])


def test_two_centroids_may_take_one_animal():
    centroids = np.array([[0, 1], [9, 4]], np.float32)
    np.testing.assert_array_equal(nearest_instances(centroids, ANIMALS), ANIMALS[[0, 0]])


@pytest.mark.parametrize("animals", [ANIMALS[:0], ANIMALS[2:]])
def test_without_a_visible_animal_there_is_no_pose(animals):
    found = nearest_instances(np.array([[1, 2]], np.float32), animals)
    assert found.shape == (1, 3, 2)
    assert np.isnan(found).all()
