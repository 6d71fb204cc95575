"""Greedy matching within a frame, and its bookkeeping over frames."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sleap_rt.evaluation.pairing.candidates import CandidatePairs, candidate_pairs
from sleap_rt.evaluation.pairing.frames import FramePairs
from sleap_rt.evaluation.pairing.matching import greedy_pairs, match_greedily

from ..builders import Predicted, User, make_table, square

similarity = st.sampled_from([np.nan, 0.0, 0.25, 0.5, 0.5, 0.75, 1.0])
score = st.sampled_from([np.nan, 0.1, 0.5, 0.5, 0.9])


def greedy_by_plain_loops(oks, scores, threshold):
    """PASCAL VOC style, written down without arrays."""
    ranked = sorted(
        range(len(scores)), key=lambda i: (np.isnan(scores[i]), -np.nan_to_num(scores[i]))
    )
    free, pairs = list(range(len(oks))), []
    for column in ranked:
        best = None
        for row in free:
            value = oks[row][column]
            if value > threshold and (best is None or value > oks[best][column]):
                best = row
        if best is not None:
            free.remove(best)
            pairs.append((best, column))
    return pairs


@given(st.data(), st.integers(0, 4), st.integers(0, 4), st.sampled_from([0.0, 0.3, 0.5]))
def test_matches_plain_loops(data, n_gt, n_pr, threshold):
    oks = data.draw(arrays(np.float64, (n_gt, n_pr), elements=similarity))
    scores = data.draw(arrays(np.float64, n_pr, elements=score))
    assert greedy_pairs(oks, scores, threshold) == greedy_by_plain_loops(oks, scores, threshold)


def test_the_surest_prediction_chooses_first_even_if_it_fits_worse():
    # Greedy, not optimal: prediction 0 takes the truth that prediction 1 fits exactly.
    oks = np.array([[0.6, 1.0], [0.0, 0.0]])
    assert greedy_pairs(oks, np.array([0.9, 0.8]), 0.0) == [(0, 0)]


def test_the_threshold_is_strict():
    assert greedy_pairs(np.array([[0.5]]), np.array([1.0]), 0.5) == []
    assert greedy_pairs(np.array([[0.5]]), np.array([1.0]), 0.49) == [(0, 0)]


def test_of_equal_truths_the_earlier_is_taken():
    assert greedy_pairs(np.array([[0.7], [0.7]]), np.array([1.0]), 0.0) == [(0, 0)]


def test_nan_score_comes_last():
    oks = np.array([[0.9, 0.8]])
    assert greedy_pairs(oks, np.array([np.nan, 0.1]), 0.0) == [(0, 1)]


@pytest.fixture
def two_frames() -> tuple[CandidatePairs, np.ndarray]:
    truth = make_table({0: [User(square()), User(square(100))], 7: [User(square())]})
    predicted = make_table(
        {0: [Predicted(square(100), 0.2)], 7: [Predicted(square(), 0.4), Predicted(square(9), 0.6)]}
    )
    frames = FramePairs(
        video_pairs={0: 0},
        gt_frames=np.array([0, 1]),
        pr_frames=np.array([0, 1]),
        n_gt_frames_skipped=0,
        n_gt_instances_skipped=0,
        n_pr_frames_ignored=0,
    )
    candidates = candidate_pairs(frames, truth, predicted)
    x_distance = lambda g, p: np.abs(g[:, 0, 0] - p[:, 0, 0])  # noqa: E731
    return candidates, candidates.measure(x_distance, truth, predicted)


def test_candidates_are_all_pairs_within_a_frame(two_frames):
    candidates, distances = two_frames
    pairs = list(zip(candidates.gt_rows.tolist(), candidates.pr_rows.tolist(), strict=True))
    assert pairs == [(0, 0), (1, 0), (2, 1), (2, 2)]
    first, second = candidates.matrices(distances)
    np.testing.assert_array_equal(first, [[100], [0]])
    np.testing.assert_array_equal(second, [[0, 9]])


def test_matches_of_all_frames_keep_their_order_and_what_is_left(two_frames):
    candidates, distances = two_frames
    matches = match_greedily(candidates, 1 - distances / 200, np.array([0.2, 0.4, 0.6]), 0.9)
    assert matches.gt_rows.tolist() == [1, 2]
    assert matches.pr_rows.tolist() == [0, 2]
    np.testing.assert_allclose(matches.values, [1.0, 1 - 9 / 200])
    assert matches.missed_rows.tolist() == [0]
    assert matches.extra_rows.tolist() == [1]


def test_measuring_in_chunks_changes_nothing(two_frames, monkeypatch):
    candidates, distances = two_frames
    monkeypatch.setattr("sleap_rt.evaluation.pairing.candidates._CHUNK_VALUES", 8)
    truth = make_table({0: [User(square()), User(square(100))], 7: [User(square())]})
    predicted = make_table(
        {0: [Predicted(square(100), 0.2)], 7: [Predicted(square(), 0.4), Predicted(square(9), 0.6)]}
    )
    chunked = candidates.measure(lambda g, p: np.abs(g[:, 0, 0] - p[:, 0, 0]), truth, predicted)
    np.testing.assert_array_equal(chunked, distances)
