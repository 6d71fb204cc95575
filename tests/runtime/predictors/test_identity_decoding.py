"""Class assignment against plain loops that try every pairing."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tolerances import FLOAT32

from sleap_rt.runtime.predictors.identity import assign_classes, classify_peaks

PROBS = st.floats(0, 1, width=32)


def pairings(n_rows, n_classes):
    """Every way to pair as many rows with classes as there can be."""
    if n_rows <= n_classes:
        for classes in permutations(range(n_classes), n_rows):
            yield dict(enumerate(classes))
    else:
        for rows in permutations(range(n_rows), n_classes):
            yield {row: c for c, row in enumerate(rows)}


def best_pairings(probs):
    """All pairings whose total probability is the largest."""
    totals = [
        (sum(float(probs[r, c]) for r, c in pairing.items()), pairing)
        for pairing in pairings(*probs.shape)
    ]
    largest = max(total for total, _ in totals)
    return [pairing for total, pairing in totals if total == largest]


@st.composite
def probabilities(draw):
    shape = (draw(st.integers(1, 4)), draw(st.integers(1, 3)))
    return draw(arrays(np.float32, shape, elements=PROBS))


@settings(deadline=None)
@given(probs=probabilities())
def test_animals_get_the_classes_of_largest_total_probability(probs):
    classes, values = assign_classes(probs)
    found = {row: int(c) for row, c in enumerate(classes) if c >= 0}
    expected = best_pairings(probs)
    if len(expected) == 1:
        assert found == expected[0]
    total = sum(float(probs[r, c]) for r, c in found.items())
    assert total == pytest.approx(
        sum(float(probs[r, c]) for r, c in expected[0].items()), abs=FLOAT32
    )
    for row, c in enumerate(classes):
        assert np.isnan(values[row]) if c < 0 else values[row] == probs[row, c]


def test_an_improbable_class_is_still_given_and_surplus_animals_get_none():
    probs = np.array([[0.9, 0.1], [1.0, 3e-9], [0.95, 0.05]], np.float32)
    classes, values = assign_classes(probs)
    # 1.0 + 0.1 exceeds 1.0 + 0.05 and 0.95 + 0.1; nobody is left for the third.
    assert classes.tolist() == [1, 0, -1]
    np.testing.assert_array_equal(values, np.array([0.1, 1.0, np.nan], np.float32))


def named_by_plain_loops(peaks, vals, probs):
    """class -> node -> (x, y, value, probability); only for unambiguous assignments."""
    n_nodes, _, n_classes = probs.shape
    named = {}
    for node in range(n_nodes):
        present = [i for i in range(peaks.shape[1]) if not np.isnan(peaks[node, i, 0])]
        if not present:
            continue
        candidates = best_pairings(probs[node, present])
        if len(candidates) > 1:
            return None
        for row, c in candidates[0].items():
            i = present[row]
            if all(probs[node, i, c] >= probs[node, i, other] for other in range(n_classes)):
                named.setdefault(c, {})[node] = (*peaks[node, i], vals[node, i], probs[node, i, c])
    return named


@st.composite
def frames(draw):
    n_nodes, k, n_classes = (draw(st.integers(1, n)) for n in (3, 4, 3))
    probs = draw(arrays(np.float32, (n_nodes, k, n_classes), elements=PROBS))
    peaks = draw(arrays(np.float32, (n_nodes, k, 2), elements=st.floats(0, 100, width=32)))
    vals = draw(arrays(np.float32, (n_nodes, k), elements=st.floats(0.125, 1, width=32)))
    n_found = draw(st.lists(st.integers(0, k), min_size=n_nodes, max_size=n_nodes))
    for node, n in enumerate(n_found):
        peaks[node, n:], vals[node, n:], probs[node, n:] = np.nan, np.nan, np.nan
    return peaks, vals, probs


@settings(deadline=None)
@given(frame=frames())
def test_peaks_are_named_as_by_plain_loops(frame):
    peaks, vals, probs = frame
    expected = named_by_plain_loops(peaks, vals, probs)
    if expected is None:
        return
    found = classify_peaks(peaks, vals, probs)
    assert found.classes.tolist() == sorted(expected)
    for i, c in enumerate(found.classes.tolist()):
        nodes = expected[c]
        for node in range(len(peaks)):
            if node in nodes:
                x, y, value, _ = nodes[node]
                assert (*found.points[i, node], found.point_scores[i, node]) == (x, y, value)
            else:
                assert np.isnan(found.points[i, node]).all()
                assert np.isnan(found.point_scores[i, node])
        values = [entry[2] for entry in nodes.values()]
        assert found.scores[i] == pytest.approx(sum(values) / len(values), rel=FLOAT32)
        of_class = [entry[3] for entry in nodes.values()]
        assert found.class_probs[i] == pytest.approx(sum(of_class) / len(of_class), abs=FLOAT32)


def test_no_peak_gets_its_second_choice():
    # Together 0.9 + 0.6 is best, but the second peak itself prefers class 0: it is dropped.
    probs = np.array([[[0.9, 0.1], [0.7, 0.6]]], np.float32)
    peaks = np.array([[[1, 2], [3, 4]]], np.float32)
    found = classify_peaks(peaks, np.array([[0.5, 0.8]], np.float32), probs)
    assert found.classes.tolist() == [0]
    assert found.points.tolist() == [[[1, 2]]]
    assert found.class_probs.tolist() == [pytest.approx(0.9)]


def test_the_best_instances_stay_in_order_of_their_classes():
    probs = np.eye(3, dtype=np.float32)[None]
    peaks = np.arange(6, dtype=np.float32).reshape(1, 3, 2)
    vals = np.array([[0.4, 0.2, 0.6]], np.float32)
    assert classify_peaks(peaks, vals, probs, max_instances=2).classes.tolist() == [0, 2]


def test_a_frame_without_peaks_has_no_instances():
    empty = np.full((2, 4, 2), np.nan, np.float32)
    found = classify_peaks(empty, empty[..., 0], np.full((2, 4, 3), np.nan, np.float32))
    assert found.points.shape == (0, 2, 2)
    assert found.scores.shape == found.classes.shape == found.class_probs.shape == (0,)
