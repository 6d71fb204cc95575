"""Identities in the reference: cases worked by hand."""

import numpy as np
from tolerances import FLOAT32

from sleap_rt.models.reference.identity import assign, first_choices, probabilities_at
from sleap_rt.models.reference.pipeline import REFERENCES, FramePeaks, name


def test_nobody_gets_a_second_choice() -> None:
    probs = np.array([[0.9, 0.1], [0.8, 0.2]], np.float32)
    assert first_choices(probs) == [0, -1]
    assert assign(probs) == [0, 1]
    assert first_choices(np.array([[0.1, 0.9], [0.8, 0.2]], np.float32)) == [1, 0]


def test_where_classes_run_out_some_stay_without() -> None:
    probs = np.array([[0.6, 0.4], [0.9, 0.1], [0.5, 0.5]], np.float32)
    assert assign(probs) == [-1, 0, 1]


def test_crops_that_get_a_second_choice_stay_only_in_native_models() -> None:
    probs = np.array([[0.9, 0.1], [0.8, 0.2]], np.float32)
    assert REFERENCES["legacy"].named_crops(probs) == [(0, 0)]
    assert REFERENCES["native"].named_crops(probs) == [(0, 0), (1, 1)]
    swapped = np.array([[0.1, 0.9], [0.8, 0.2]], np.float32)
    assert REFERENCES["legacy"].named_crops(swapped) == [(1, 0), (0, 1)]  # in order of class
    assert REFERENCES["native"].named_crops(swapped) == [(0, 1), (1, 0)]  # in order of crops


def test_classes_are_assigned_node_by_node() -> None:
    probs = [
        np.array([[0.9, 0.1], [0.2, 0.7]], np.float32),
        np.array([[0.3, 0.6]], np.float32),
    ]
    points = [np.array([[1, 2], [3, 4]], np.float32), np.array([[5, 6]], np.float32)]
    values = [np.array([0.5, 0.25], np.float32), np.array([0.75], np.float32)]
    found = name(FramePeaks([], points, points, values), probs, None, 2)
    assert found.track_ids.tolist() == [0, 1]
    np.testing.assert_array_equal(found.points, [[[1, 2], [np.nan] * 2], [[3, 4], [5, 6]]])
    np.testing.assert_array_equal(found.point_scores, [[0.5, np.nan], [0.25, 0.75]])
    np.testing.assert_array_equal(found.scores, [0.5, 0.5])
    np.testing.assert_allclose(found.tracking_scores, [0.9, (0.7 + 0.6) / 2], rtol=FLOAT32)


def test_class_maps_are_read_at_the_nearest_cell() -> None:
    maps = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
    points = [(5.0, 3.0), (3.0, 2.9), (99.0, 0.0)]  # cells (2, 2), (2, 1)
    found = [probabilities_at(maps, x, y, 2) for x, y in points]
    np.testing.assert_array_equal(found, [[10], [6], [3]])
