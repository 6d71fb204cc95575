"""VOC-style average precision and recall."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tolerances import SAME_FORMULA

from sleap_rt.evaluation.poses.voc import RECALL_THRESHOLDS, precision_curve, voc_metrics


def voc_by_plain_loops(match_scores, scores, n_missed):
    """Mean AP and mean AR, the definition step by step."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    n_all = len(scores) + n_missed
    precisions, recalls = [], []
    for threshold in [0.5 + 0.05 * i for i in range(10)]:
        tp, points = 0, []
        for rank, place in enumerate(order, 1):
            tp += match_scores[place] >= threshold - 1e-12
            points.append((tp / n_all, tp / rank))
        for level in np.linspace(
            0, 1, 101
        ):  # 0.7 is a bit more than 7 / 10, as in the stored numbers
            reached = [p for r, p in points if r >= level]
            precisions.append(max(reached, default=0.0))
        recalls.append(points[-1][0])
    return sum(precisions) / len(precisions), sum(recalls) / len(recalls)


# Match scores between thresholds: at a threshold the two ways of rounding may differ.
pairs = st.lists(
    st.tuples(st.integers(0, 40).map(lambda i: (i + 0.5) / 40), st.floats(0, 1)),
    min_size=1,
    max_size=12,
)


@given(pairs, st.integers(0, 5))
@example([(0.0125, 0.0), *[(0.5125, 0.0)] * 7], 2)  # a recall of 7 / 10
def test_matches_plain_loops(pairs, n_missed):
    match_scores, scores = np.array(pairs).T
    expected = voc_by_plain_loops(match_scores, scores, n_missed)
    values = voc_metrics(match_scores, scores, n_missed)
    assert (values["mAP"], values["mAR"]) == pytest.approx(expected, abs=1e-9)


def test_case_worked_by_hand():
    # Surest first: right, wrong, right; one animal missed. Recall 1/4, 1/4, 2/4; precision
    # 1, 1/2, 2/3, from the right at most 1, 2/3, 2/3. Levels 0 .. 0.25 read 1, .26 .. .50 2/3.
    values = voc_metrics(np.array([0.97, 0.1, 0.97]), np.array([0.9, 0.8, 0.7]), 1)
    np.testing.assert_allclose(
        values["AP"], np.full(10, (26 + 25 * 2 / 3) / 101), atol=SAME_FORMULA
    )
    np.testing.assert_allclose(values["AR"], np.full(10, 0.5), atol=SAME_FORMULA)
    assert values["mAP"] == pytest.approx((26 + 50 / 3) / 101)
    assert values["mAR"] == pytest.approx(0.5)
    np.testing.assert_array_equal(values["match_scores"], [0.97, 0.1, 0.97])


def test_match_scores_are_in_order_of_detection_scores_ties_as_they_come():
    values = voc_metrics(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.5, np.nan, 0.9, 0.5]), 0)
    np.testing.assert_array_equal(values["match_scores"], [0.3, 0.1, 0.4, 0.2])


def test_without_a_pair_every_value_is_the_integer_0():
    values = voc_metrics(np.zeros(0), np.zeros(0), 3)
    assert len(values) == 9
    assert all(type(value) is int and value == 0 for value in values.values())


def test_precision_curve_of_nothing_is_0():
    curve, recall = precision_curve(np.zeros(0, bool), 4, RECALL_THRESHOLDS)
    assert recall == 0.0
    np.testing.assert_array_equal(curve, np.zeros(101))
