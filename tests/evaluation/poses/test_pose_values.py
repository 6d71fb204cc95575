"""Distances, PCK, visibility, detection: small cases worked by hand, plain loops."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tolerances import SAME_FORMULA

from sleap_rt.evaluation.poses.detection import detection_metrics
from sleap_rt.evaluation.poses.distances import distance_summary, node_distances, per_node_summary
from sleap_rt.evaluation.poses.pck import correct_nodes, pair_pck, pck_curve, pck_metrics
from sleap_rt.evaluation.poses.visibility import visibility_metrics

from ..builders import square

NAN = math.nan
distances = arrays(
    np.float64, (3, 4), elements=st.one_of(st.just(NAN), st.floats(0, 12), st.integers(0, 12))
)


def test_distances_by_hand():
    truth, predicted = square(missing="d")[None], square(3, 4)[None]
    np.testing.assert_array_equal(node_distances(truth, predicted), [[5, 5, 5, NAN]])


def test_summary_by_hand():
    # 1, 2, 3, 4: mean 2.5; percentile q lies at place 3 q / 100, between neighbours by a line.
    values = distance_summary(np.array([[4.0, 1.0], [NAN, 3.0], [2.0, NAN]]))
    assert values == pytest.approx(
        {"avg": 2.5, "p50": 2.5, "p75": 3.25, "p90": 3.7, "p95": 3.85, "p99": 3.97}
    )


def test_summary_of_nothing_is_undefined():
    values = distance_summary(np.full((2, 3), NAN))
    assert len(values) == 6
    assert all(math.isnan(value) for value in values.values())


def test_per_node_by_hand():
    table = per_node_summary(np.array([[1.0, NAN], [3.0, NAN]]), ["nose", "tail"])
    assert table["node_names"] == ["nose", "tail"]
    assert table["n"] == [2, 0]
    np.testing.assert_allclose(table["avg"], [2, NAN])
    np.testing.assert_allclose(table["p50"], [2, NAN])
    np.testing.assert_allclose(table["p95"], [2.9, NAN])


def test_pck_by_hand():
    # One pair: distances 0.5 and 4; thresholds 1 .. 10. Node 0 is right at all ten, node 1 from
    # 5 on (4 < 4 is false): six of ten.
    values = pck_metrics(np.array([[0.5, 4.0]]))
    np.testing.assert_allclose(values["mPCK_parts"], [1.0, 0.6])
    assert values["mPCK"] == pytest.approx(0.8)
    assert values["PCK@5"] == 1.0
    assert values["PCK@10"] == 1.0
    assert values["pcks"].shape == (1, 2, 10)
    assert values["pcks"].dtype == bool


def test_pck_is_strict_and_a_missing_node_is_wrong():
    assert not correct_nodes(np.array([[5.0, NAN]]), np.array([5.0])).any()


def test_pck_over_labelled_nodes_and_area_by_hand():
    # Node 0 at 2.5 px, node 1 not labelled. PCK over all: 0 0 .5 .5 ...; over labelled: 0 0 1 1 ..
    # Area by trapezoids over 10 px: 0.5 px at half height, then 7 px: (0.5 + 7) * height / 10.
    values = pck_curve(np.array([[2.5, NAN]]), np.array([[True, False]]))
    np.testing.assert_allclose(values["PCK"], [0, 0] + [0.5] * 8)
    np.testing.assert_allclose(values["PCK_visible"], [0, 0] + [1.0] * 8)
    assert values["mPCK_visible"] == pytest.approx(0.8)
    assert values["AUC"] == pytest.approx(0.375)
    assert values["AUC_visible"] == pytest.approx(0.75)


def test_pck_of_no_pairs_is_undefined():
    values = pck_metrics(np.zeros((0, 4)))
    assert values["pcks"].shape == (0, 4, 10)
    assert np.isnan(values["mPCK_parts"]).all()
    assert all(math.isnan(values[key]) for key in ("mPCK", "PCK@5", "PCK@10"))
    curve = pck_curve(np.zeros((0, 4)), np.zeros((0, 4), bool))
    assert all(math.isnan(curve[key]) for key in ("mPCK_visible", "AUC", "AUC_visible"))


@given(distances)
def test_pck_matches_plain_loops(values):
    right = [[[d < t for t in range(1, 11)] for d in row] for row in values.tolist()]
    result = pck_metrics(values)
    assert result["pcks"].tolist() == right
    parts = [sum(sum(row[node]) for row in right) / 30 for node in range(4)]
    np.testing.assert_allclose(result["mPCK_parts"], parts, atol=SAME_FORMULA)
    assert result["mPCK"] == pytest.approx(sum(parts) / 4)
    expected = [sum(map(sum, row)) / 40 for row in right]
    np.testing.assert_allclose(pair_pck(values), expected, atol=SAME_FORMULA)


def test_visibility_by_hand():
    truth = np.array([[True, True, False, False]])
    predicted = np.array([[True, False, True, False]])
    values = visibility_metrics(truth, predicted)
    assert {key: values[key] for key in ("tp", "fn", "fp", "tn")} == dict.fromkeys(
        ("tp", "fn", "fp", "tn"), 1
    )
    assert values["precision"] == values["recall"] == 0.5


def test_visibility_of_nothing_is_undefined():
    values = visibility_metrics(np.zeros((0, 4), bool), np.zeros((0, 4), bool))
    assert [values[key] for key in ("tp", "fp", "tn", "fn")] == [0, 0, 0, 0]
    assert math.isnan(values["precision"])
    assert math.isnan(values["recall"])


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((3, 1, 2), (0.75, 0.6, 2 / 3)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
        ((0, 4, 0), (0.0, 0.0, 0.0)),
    ],
)
def test_detection_by_hand(counts, expected):
    values = detection_metrics(*counts)
    assert (values["precision"], values["recall"], values["f1"]) == pytest.approx(expected)
    assert (values["n_tp"], values["n_fp"], values["n_fn"]) == counts
