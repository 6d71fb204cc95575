"""Choosing ground truth, pairing frames, aligning nodes."""

import numpy as np
import pytest

from sleap_rt.errors import DataError
from sleap_rt.evaluation.pairing.frames import pair_frames, pair_tables, select_ground_truth
from sleap_rt.evaluation.pairing.nodes import align_nodes

from ..builders import Predicted, User, make_table, square


def test_user_labels_only_drops_predictions_and_frames_without_labels():
    table = make_table(
        {0: [User(square())], 1: [Predicted(square())], 2: [Predicted(square()), User(square(1))]}
    )
    selected = select_ground_truth(table, user_labels_only=True)
    assert selected.frame_idxs.tolist() == [0, 2]
    assert selected.instances_per_frame.tolist() == [1, 1]
    assert selected.points[1, 0].tolist() == [1, 0]
    assert selected.rows_in_file.tolist() == [0, 3]
    assert select_ground_truth(table, user_labels_only=False) is table


def test_frames_pair_by_index_and_what_is_left_out_is_counted():
    truth = make_table({5: [User(square())], 9: [User(square())] * 2, 2: []})
    predicted = make_table({2: [Predicted(square())], 5: [], 30: [Predicted(square())]})
    frames = pair_frames(truth, predicted, {0: 0})
    assert list(zip(frames.gt_frames.tolist(), frames.pr_frames.tolist(), strict=True)) == [
        (0, 1),
        (2, 0),
    ]
    assert (frames.n_gt_frames_skipped, frames.n_gt_instances_skipped) == (1, 2)
    assert frames.n_pr_frames_ignored == 1


def test_frames_of_several_videos_do_not_mix():
    truth = make_table({("a.mp4", 0): [User(square())], ("b.mp4", 0): [User(square(7))]})
    predicted = make_table({("b.mp4", 0): [Predicted(square(7))]})
    frames = pair_frames(truth, predicted, pair_tables(truth, predicted))
    assert frames.video_pairs == {1: 0}
    assert frames.gt_frames.tolist() == [1]
    assert frames.n_gt_frames_skipped == 1


def test_no_common_frame_is_an_error_in_words():
    truth, predicted = make_table({1: [User(square())]}), make_table({2: [Predicted(square())]})
    with pytest.raises(DataError, match="no frame is labelled in both") as error:
        pair_frames(truth, predicted, {0: 0})
    assert "1 frame (1 to 1)" in str(error.value)


def test_no_common_video_is_an_error_that_names_both():
    truth = make_table({0: [User(square())]}, video="x/one.mp4")
    predicted = make_table({0: [Predicted(square())]}, video="x/two.mp4")
    with pytest.raises(DataError, match=r"one\.mp4.*two\.mp4"):
        pair_tables(truth, predicted)


def test_a_video_that_several_fit_is_named():
    truth = make_table({("a/v.mp4", 0): [User(square())], ("b/v.mp4", 0): [User(square())]})
    predicted = make_table({("c/v.mp4", 0): [Predicted(square())]}, "predictions.slp")
    with pytest.raises(DataError, match=r"only one fits, but several fit c/v\.mp4; correct"):
        pair_tables(truth, predicted)


def test_nodes_are_aligned_by_name():
    truth = make_table({0: [User(square())]})
    swapped = square()[[3, 1, 2, 0]]
    predicted = make_table({0: [Predicted(swapped)]}, nodes=("d", "b", "c", "a"), edges=())
    aligned = align_nodes(predicted, truth)
    np.testing.assert_array_equal(aligned.points[0], square())
    assert aligned.notes == ()


def test_lacking_nodes_are_missing_and_extra_ones_are_dropped_both_are_said():
    truth = make_table({0: [User(square())]})
    predicted = make_table({0: [Predicted(square())]}, nodes=("a", "b", "x", "d"), edges=())
    aligned = align_nodes(predicted, truth)
    np.testing.assert_array_equal(aligned.points[0], square(missing="c"))
    lacking, extra = aligned.notes
    assert "1 of 4 nodes are not in the predicted skeleton" in lacking
    assert lacking.endswith(": c")
    assert extra.endswith("left out: x")


def test_no_common_node_is_an_error_in_words():
    truth = make_table({0: [User(square())]})
    predicted = make_table({0: [Predicted(square())]}, nodes=("w", "x", "y", "z"), edges=())
    with pytest.raises(DataError, match="No node name is common to both skeletons"):
        align_nodes(predicted, truth)
