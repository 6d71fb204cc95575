"""Centroid mode."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sleap_rt.evaluation import Evaluator
from sleap_rt.evaluation.pairing.centroids import nearest_pairs, predicted_centroids, true_centroids

from ..builders import Predicted, User, make_labels, square

ONE_NODE = {"nodes": ("centroid",), "edges": ()}


def point(x, y=0.0):
    return np.array([[float(x), float(y)]])


def test_the_true_centroid_is_the_anchor_or_the_mean_of_what_is_visible():
    points = np.stack([square(), square(missing="d"), square(missing="abcd")])
    np.testing.assert_allclose(true_centroids(points), [[20, 15], [40 / 3, 10], [np.nan, np.nan]])
    np.testing.assert_allclose(
        true_centroids(points, anchor=3), [[40, 30], [40 / 3, 10], [np.nan, np.nan]]
    )


def test_the_predicted_centroid_is_the_first_visible_node():
    points = np.stack([square(), square(missing="a"), square(missing="abcd")])
    np.testing.assert_array_equal(predicted_centroids(points), [[0, 0], [40, 0], [np.nan, np.nan]])


def test_pairs_are_optimal_where_greedy_would_not_be():
    # Greedy by distance would take (0, 0) at 1 px and leave 100 px; the optimum is 10 + 10.
    distances = np.array([[1.0, 10.0], [10.0, 100.0]])
    assert nearest_pairs(distances, 50) == [(0, 1), (1, 0)]


def test_the_threshold_is_inclusive():
    assert nearest_pairs(np.array([[50.0]]), 50) == [(0, 0)]
    assert nearest_pairs(np.array([[50.1]]), 50) == []


def test_animals_without_centroid_take_no_part():
    distances = np.array([[np.nan, np.nan], [3.0, np.nan]])
    assert nearest_pairs(distances, 50) == [(1, 0)]


@given(arrays(np.float64, (3, 3), elements=st.integers(0, 40).map(float)))
def test_total_distance_is_the_least_of_all_permutations(distances):
    pairs = nearest_pairs(distances, 1e9)
    least = min(
        sum(distances[row, column] for row, column in enumerate(columns))
        for columns in itertools.permutations(range(3))
    )
    assert sum(distances[pair] for pair in pairs) == least


@pytest.fixture
def labels():
    truth = make_labels({0: [User(square()), User(square(200))], 1: [User(square(missing="abcd"))]})
    predicted = make_labels(
        {
            0: [Predicted(point(23, 15)), Predicted(point(400))],
            1: [Predicted(point(9)), Predicted(point(np.nan, np.nan))],
        },
        **ONE_NODE,
    )
    return truth, predicted


def test_counts_and_distances_by_hand(labels):
    metrics = Evaluator(*labels, match_method="centroid", match_threshold=50).evaluate()
    assert set(metrics) == {"detection_metrics", "distance_metrics", "selection", "options"}
    detection = metrics["detection_metrics"]
    # Found: one at 3 px. Missed: the second square; the animal without nodes is none, and no person
    # labelled one in its frame. Too many: the point at 400.
    assert (detection["n_tp"], detection["n_fp"], detection["n_fn"]) == (1, 1, 1)
    assert detection["precision"] == detection["recall"] == pytest.approx(1 / 2)
    assert detection["avg"] == detection["p99"] == pytest.approx(3.0)
    assert metrics["distance_metrics"]["dists"].shape == (1,)
    assert metrics["distance_metrics"]["frame_idxs"] == [0]


def test_the_threshold_is_taken_literally_by_the_evaluator(labels):
    metrics = Evaluator(*labels, match_method="centroid").evaluate()
    assert metrics["detection_metrics"]["n_tp"] == 0
    assert np.isnan(metrics["detection_metrics"]["avg"])


def test_that_auto_means_centroid_is_said_with_what_it_makes_void(labels):
    notes = Evaluator(*labels, match_method="auto").evaluate()["selection"]["notes"]
    assert "compared by their centroids; oks_stddev, oks_scale and coco_max_dets" in notes[1]
    chosen = Evaluator(*labels, match_method="centroid").evaluate()["selection"]["notes"]
    assert not any("centroids" in note for note in chosen)


def test_auto_means_centroid_for_one_node_predictions(labels):
    evaluator = Evaluator(*labels, match_method="auto", match_threshold=5)
    assert evaluator.pairing.options.match_method == "centroid"
    evaluator = Evaluator(labels[0], labels[0], match_method="auto", user_labels_only=False)
    assert evaluator.pairing.options.match_method == "oks"


def test_anchor_by_index(labels):
    evaluator = Evaluator(*labels, match_method="centroid", match_threshold=50, anchor_ind=3)
    # Node d is at (40, 30), the prediction at (23, 15).
    (pair,) = evaluator.positive_pairs
    assert pair[2] == pytest.approx(np.hypot(17, 15))
