"""The evaluator on the specification's test vector and its corner cases."""

import copy
import math

import numpy as np
import pytest
import sleap_io as sio
from tolerances import SIX_DECIMALS

from sleap_rt.errors import DataError, OptionError
from sleap_rt.evaluation import Evaluator

from .builders import (
    Predicted,
    User,
    make_labels,
    square,
    vector_ground_truth,
    vector_predictions,
)

OKS = {
    0.05: [1, 0.959189, 0.846482, 0.515467, 0.513417, 0.223130],
    0.025: [1, 0.846482, 0.513417, 0.167348, 0.069483, 0.002479],
}
OKS_AP = {
    0.05: [0.594059] + [0.260726] * 6 + [0.120462] * 3,
    0.025: [0.260726] + [0.120462] * 6 + [0.024752] * 3,
}
OKS_AR = {
    0.05: [0.714286] + [0.428571] * 6 + [0.285714] * 3,
    0.025: [0.428571] + [0.285714] * 6 + [0.142857] * 3,
}
MEANS = {0.05: (0.676281, 0.251980, 0.414286), 0.025: (0.433201, 0.105776, 0.257143)}


@pytest.fixture(params=[0.05, 0.025])
def stddev(request):
    return request.param


@pytest.fixture
def evaluator(stddev):
    return Evaluator(vector_ground_truth(), vector_predictions(), oks_stddev=stddev)


def test_vector_oks(evaluator, stddev):
    metrics = evaluator.evaluate()
    voc = metrics["voc_metrics"]
    moks, mean_ap, mean_ar = MEANS[stddev]
    np.testing.assert_allclose(
        [score for _, _, score in evaluator.positive_pairs], OKS[stddev], atol=SIX_DECIMALS
    )
    assert metrics["mOKS"]["mOKS"] == pytest.approx(moks, abs=SIX_DECIMALS)
    np.testing.assert_allclose(voc["oks_voc.AP"], OKS_AP[stddev], atol=SIX_DECIMALS)
    np.testing.assert_allclose(voc["oks_voc.AR"], OKS_AR[stddev], atol=SIX_DECIMALS)
    assert voc["oks_voc.mAP"] == pytest.approx(mean_ap, abs=SIX_DECIMALS)
    assert voc["oks_voc.mAR"] == pytest.approx(mean_ar, abs=SIX_DECIMALS)


def test_vector_pck_and_distances(evaluator):
    metrics = evaluator.evaluate()
    voc, pck, distances = (metrics[k] for k in ("voc_metrics", "pck_metrics", "distance_metrics"))
    np.testing.assert_allclose(voc["pck_voc.match_scores"], [0.4, 0.9, 0.6, 0.525, 0.6, 1])
    expected_ap = [0.594059] + [0.382838] * 2 + [0.120462] * 6 + [0.024752]
    expected_ar = [0.714286] + [0.571429] * 2 + [0.285714] * 6 + [0.142857]
    np.testing.assert_allclose(voc["pck_voc.AP"], expected_ap, atol=SIX_DECIMALS)
    np.testing.assert_allclose(voc["pck_voc.AR"], expected_ar, atol=SIX_DECIMALS)
    assert voc["pck_voc.mAP"] == pytest.approx(0.210726, abs=SIX_DECIMALS)
    assert voc["pck_voc.mAR"] == pytest.approx(0.371429, abs=SIX_DECIMALS)
    assert distances["avg"] == pytest.approx(2.681818, abs=SIX_DECIMALS)
    summary = [distances[key] for key in ("p50", "p75", "p90", "p95", "p99")]
    np.testing.assert_allclose(summary, [2.5, 4, 6, 6, 6])
    np.testing.assert_allclose(
        pck["mPCK_parts"], [0.616667, 0.733333, 0.733333, 0.6], atol=SIX_DECIMALS
    )
    values = (pck["mPCK"], pck["PCK@5"], pck["PCK@10"])
    assert values == pytest.approx((0.670833, 0.75, 0.916667), abs=SIX_DECIMALS)


def test_vector_visibility_detection_and_selection(evaluator):
    metrics = evaluator.evaluate()
    visibility = metrics["visibility_metrics"]
    assert [visibility[key] for key in ("tp", "fp", "fn", "tn")] == [22, 1, 1, 0]
    assert visibility["precision"] == pytest.approx(0.956522, abs=SIX_DECIMALS)
    assert visibility["recall"] == pytest.approx(0.956522, abs=SIX_DECIMALS)
    detection = metrics["detection_metrics"]
    assert [detection[key] for key in ("n_tp", "n_fp", "n_fn")] == [6, 1, 1]
    selection = metrics["selection"]
    assert (selection["n_frame_pairs"], selection["n_videos_paired"]) == (6, 1)
    assert (selection["n_gt_frames_skipped"], selection["n_gt_instances_skipped"]) == (1, 1)
    assert any(
        "1 ground-truth frame with 1 instance is absent" in note for note in selection["notes"]
    )


def test_methods_give_what_evaluate_gives(evaluator):
    metrics = evaluator.evaluate()
    for name in ("mOKS", "distance_metrics", "pck_metrics", "visibility_metrics"):
        assert_same(getattr(evaluator, name)(), metrics[name])
    assert_same(evaluator.voc_metrics("oks") | evaluator.voc_metrics("pck"), metrics["voc_metrics"])
    assert_same(evaluator.dists_dict["dists"], metrics["distance_metrics"]["dists"])


def assert_same(actual, expected):
    np.testing.assert_equal(actual, expected)


def test_pairs_hold_the_callers_own_instances():
    truth, predicted = vector_ground_truth(), vector_predictions()
    evaluator = Evaluator(truth, predicted)
    frames = {frame.frame_idx: frame for frame in truth.labeled_frames}
    assert [pair[0].frame_idx for pair in evaluator.frame_pairs] == [0, 1, 2, 3, 4, 5]
    assert evaluator.frame_pairs[0][1] is predicted.labeled_frames[0]
    first, prediction, score = evaluator.positive_pairs[0]
    assert first.instance is frames[0].instances[0]
    assert prediction.instance is predicted.labeled_frames[0].instances[0]
    assert (first.frame_idx, first.video_path, score) == (0, "clips/mice.mp4", 1.0)
    (missed,) = evaluator.false_negatives
    assert missed.instance is frames[4].instances[1]


def test_labels_are_not_modified():
    truth, predicted = vector_ground_truth(), vector_predictions()
    truth.labeled_frames[0].instances.append(vector_predictions()[0].instances[0])
    before = copy.deepcopy([(f.frame_idx, f.numpy()) for f in truth.labeled_frames])
    Evaluator(truth, predicted).evaluate()
    np.testing.assert_equal([(f.frame_idx, f.numpy()) for f in truth.labeled_frames], before)


def test_defaults_are_those_of_python():
    options = Evaluator(vector_ground_truth(), vector_predictions()).evaluate()["options"]
    assert (options["oks_stddev"], options["oks_scale"]) == (0.025, None)
    assert (options["match_threshold"], options["user_labels_only"]) == (0.0, True)
    assert options["match_method"] == "oks"


def test_unknown_match_score_is_refused():
    evaluator = Evaluator(vector_ground_truth(), vector_predictions())
    with pytest.raises(OptionError, match="match_score_by must be one of oks, pck, got 'iou'"):
        evaluator.voc_metrics("iou")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"oks_stddev": 0}, "oks_stddev must be a number above 0"),
        ({"oks_stddev": math.nan}, "oks_stddev must be a number above 0"),
        ({"oks_scale": -1}, "oks_scale must be a number above 0"),
        ({"match_threshold": -0.1}, "match_threshold must be a number of at least 0"),
        ({"match_threshold": 1.0}, r"match_threshold must lie in \[0, 1\)"),
        ({"match_method": "mask"}, "match_method must be one of auto, oks, centroid"),
        ({"anchor_ind": 1}, "has no effect with match_method oks"),
        ({"anchor_ind": 9, "match_method": "centroid"}, "anchor_ind must be a node"),
    ],
)
def test_bad_options_are_refused_in_words(options, message):
    with pytest.raises(OptionError, match=message):
        Evaluator(vector_ground_truth(), vector_predictions(), **options)


# Corner cases -----------------------------------------------------------------------------------


def evaluate(truth, predicted, **options):
    return Evaluator(truth, predicted, **options).evaluate()


def test_identical_poses_are_perfect():
    truth = make_labels({0: [User(square())], 1: [User(square(9)), User(square(300))]})
    predicted = make_labels(
        {0: [Predicted(square())], 1: [Predicted(square(9)), Predicted(square(300))]}
    )
    metrics = evaluate(truth, predicted)
    assert metrics["mOKS"]["mOKS"] == 1.0
    assert metrics["distance_metrics"]["avg"] == metrics["distance_metrics"]["p99"] == 0.0
    assert metrics["pck_metrics"]["mPCK"] == 1.0
    assert metrics["voc_metrics"]["oks_voc.mAP"] == pytest.approx(1.0)
    assert metrics["voc_metrics"]["oks_voc.mAR"] == 1.0
    assert metrics["coco_metrics"]["AP"] == pytest.approx(1.0)
    assert metrics["detection_metrics"]["f1"] == 1.0
    assert metrics["selection"]["notes"] == []


@pytest.mark.parametrize("frames", [{}, {0: []}], ids=["no frames", "no instances"])
def test_no_predictions_are_said_and_nothing_is_made_up(frames):
    truth = make_labels({0: [User(square())]})
    metrics = evaluate(truth, make_labels(frames))
    assert_nothing_matched(metrics)
    assert any("no predicted instances" in note for note in metrics["selection"]["notes"])
    assert metrics["detection_metrics"]["n_fn"] == len(frames)
    assert metrics["selection"]["n_gt_frames_skipped"] == 1 - len(frames)


def assert_nothing_matched(metrics):
    assert math.isnan(metrics["mOKS"]["mOKS"])
    assert set(map(type, metrics["voc_metrics"].values())) == {int}
    assert set(metrics["voc_metrics"].values()) == {0}
    assert math.isnan(metrics["distance_metrics"]["avg"])
    assert metrics["distance_metrics"]["dists"].shape == (0, 4)
    assert math.isnan(metrics["pck_metrics"]["mPCK"])
    visibility = metrics["visibility_metrics"]
    assert [visibility[key] for key in ("tp", "fp", "tn", "fn")] == [0, 0, 0, 0]
    assert math.isnan(visibility["precision"])


def test_predictions_that_all_miss():
    metrics = evaluate(
        make_labels({0: [User(square())]}), make_labels({0: [Predicted(square(9000))]})
    )
    assert_nothing_matched(metrics)
    detection = metrics["detection_metrics"]
    assert (detection["n_tp"], detection["n_fp"], detection["n_fn"]) == (0, 1, 1)
    assert metrics["selection"]["notes"] == [
        "no prediction was matched with an animal (an oks above 0.0 is needed), so every average "
        "over matched pairs is undefined"
    ]


def test_predictions_that_coco_does_not_look_at_are_said():
    crowd = [User(square(400 * i)) for i in range(23)]
    found = [Predicted(square(400 * i), i / 23) for i in range(23)]
    metrics = evaluate(make_labels({0: crowd}), make_labels({0: found}))
    assert metrics["coco_metrics"]["AR"] == pytest.approx(20 / 23)
    (note,) = metrics["selection"]["notes"]
    assert note.startswith("COCO AP and AR look at the best 20 predictions of a frame; 3 more")


def test_user_instances_in_the_prediction_file_are_no_predictions():
    truth = make_labels({0: [User(square())]})
    metrics = evaluate(truth, make_labels({0: [User(square())]}))
    assert_nothing_matched(metrics)
    assert any(
        note.endswith("no predictions: 1 user label") for note in metrics["selection"]["notes"]
    )
    # A user instance ahead of two predictions: both predictions are looked at.
    mixed = make_labels(
        {0: [User(square()), Predicted(square(800), 0.9), Predicted(square(1), 0.1)]}
    )
    metrics = evaluate(truth, mixed)
    assert metrics["distance_metrics"]["avg"] == 1.0
    assert metrics["detection_metrics"]["n_fp"] == 1


def test_ground_truth_of_predictions_only():
    truth = make_labels({0: [Predicted(square())]})
    predicted = make_labels({0: [Predicted(square(1))]})
    with pytest.raises(DataError, match="user_labels_only is on"):
        evaluate(truth, predicted)
    metrics = evaluate(truth, predicted, user_labels_only=False)
    assert metrics["distance_metrics"]["avg"] == 1.0


def test_a_left_over_prediction_in_the_truth_is_missed_without_user_labels_only():
    truth = make_labels({0: [User(square()), Predicted(square(400))]})
    predicted = make_labels({0: [Predicted(square())]})
    metrics = evaluate(truth, predicted, user_labels_only=False)
    assert metrics["detection_metrics"]["n_fn"] == 1
    assert evaluate(truth, predicted)["detection_metrics"]["n_fn"] == 0


def test_ground_truth_without_frames_is_an_error():
    with pytest.raises(DataError, match="has no labelled frame"):
        evaluate(make_labels({}), make_labels({0: [Predicted(square())]}))


def test_an_empty_predicted_frame_counts_a_missing_one_does_not():
    truth = make_labels({0: [User(square())], 1: [User(square())]})
    hit = {0: [Predicted(square())]}
    assert evaluate(truth, make_labels(hit | {1: []}))["detection_metrics"]["recall"] == 0.5
    metrics = evaluate(truth, make_labels(hit))
    assert metrics["detection_metrics"]["recall"] == 1.0
    assert metrics["selection"]["n_gt_frames_skipped"] == 1


def test_wrong_extra_predictions_change_detection_and_coco_only():
    truth = make_labels({0: [User(square())]})
    clean = evaluate(truth, make_labels({0: [Predicted(square(1), 0.5)]}))
    extra = evaluate(
        truth, make_labels({0: [Predicted(square(1), 0.5), Predicted(square(900), 0.99)]})
    )
    for group in ("voc_metrics", "mOKS", "distance_metrics", "pck_metrics", "visibility_metrics"):
        assert_same(extra[group], clean[group])
    assert extra["detection_metrics"]["precision"] == 0.5
    assert extra["coco_metrics"]["AP"] < clean["coco_metrics"]["AP"]


def test_truth_without_a_visible_node_is_no_animal_and_said_once():
    truth = make_labels({0: [User(square(missing="abcd")), User(square(300))]})
    metrics = evaluate(truth, make_labels({0: [Predicted(square(300))]}))
    detection = metrics["detection_metrics"]
    assert (detection["n_tp"], detection["n_fp"], detection["n_fn"]) == (1, 0, 0)
    assert detection["recall"] == 1.0
    assert metrics["selection"]["notes"] == [
        "1 instance of ground_truth_instances without a visible node: no animal"
    ]


def test_predictions_in_frames_that_a_person_marked_as_empty_count():
    """By hand: one animal found, one prediction where a person said that nothing is there."""
    truth = make_labels({0: [User(square())], 1: [], 2: [], 3: [User(square(missing="abcd"))]})
    truth.labeled_frames[1].is_negative = True
    hits = {frame: [Predicted(square())] for frame in range(4)}
    by_person = evaluate(truth, make_labels(hits), user_labels_only=True)
    detection = by_person["detection_metrics"]
    assert (detection["n_tp"], detection["n_fp"], detection["n_fn"]) == (1, 1, 0)
    assert by_person["selection"]["n_frame_pairs"] == 2
    detection = evaluate(truth, make_labels(hits), user_labels_only=False)["detection_metrics"]
    assert (detection["n_tp"], detection["n_fp"], detection["n_fn"]) == (1, 3, 0)


def test_a_video_saved_twice_is_one_on_both_sides():
    """Four animals in two entries of one file; all are found, two of them by the second entry."""
    truth = make_labels({("a.mp4", 0): [User(square())], ("b.mp4", 1): [User(square(2))]})
    predicted = make_labels(
        {("a.mp4", 1): [Predicted(square(2))], ("b.mp4", 0): [Predicted(square())]}
    )
    for labels in (truth, predicted):
        labels.videos[1].filename = "a.mp4"
        labels.labeled_frames[0].video, labels.labeled_frames[1].video = labels.videos
    evaluator = Evaluator(truth, predicted)
    metrics = evaluator.evaluate()
    assert metrics["detection_metrics"]["n_tp"] == 2
    assert metrics["mOKS"]["mOKS"] == 1.0
    assert metrics["selection"]["n_gt_videos"] == 1
    assert [note for note in metrics["selection"]["notes"] if "video" in note] == [
        "1 video of ground_truth_instances saved twice; the same file is one video",
        "1 video of predicted_instances saved twice; the same file is one video",
    ]
    assert [(a.frame_idx, b.frame_idx) for a, b in evaluator.frame_pairs] == [(0, 0), (1, 1)]


def test_packages_of_one_video_are_one_video():
    """Two packages were made from one video: each has a dataset of its own."""
    truth = make_labels({("a.mp4", 0): [User(square())], ("b.mp4", 1): [User(square(2))]})
    original = sio.Video("clips/mice.mp4", open_backend=False)
    for number, frame in enumerate(truth.labeled_frames):
        truth.videos[number] = frame.video = sio.Video(
            "l.pkg.slp",
            open_backend=False,
            source_video=original,
            backend_metadata={"dataset": f"video{number}/video"},
        )
    predicted = make_labels({0: [Predicted(square())], 1: [Predicted(square(2))]})
    assert evaluate(truth, predicted)["detection_metrics"]["n_tp"] == 2


def test_a_prediction_beside_what_a_person_made_of_it_is_told():
    """Both count, as in the field's evaluators, so the file's own predictions miss an animal."""
    corrected = Predicted(square(9), 0.9)
    beside = [corrected, User(square(), made_from=corrected), Predicted(square(300), 0.8)]
    truth = make_labels({0: beside})
    predicted = make_labels({0: [Predicted(square(9), 0.9), Predicted(square(300), 0.8)]})
    metrics = evaluate(truth, predicted, user_labels_only=False)
    assert metrics["detection_metrics"]["n_fn"] == 1
    assert [note for note in metrics["selection"]["notes"] if "person" in note] == [
        "1 prediction of ground_truth_instances corrected by a person, and still beside the "
        "correction: both count as animals, so one of the two is missed. Delete them from the "
        "file; where a person labelled every animal, user_labels_only leaves them out too"
    ]


def test_animals_that_a_person_left_to_predictions_are_told_where_they_are_no_truth():
    corrected = Predicted(square(9), 0.9)
    beside = [corrected, User(square(), made_from=corrected), Predicted(square(300), 0.8)]
    truth = make_labels({0: beside, 1: [Predicted(square())], 2: [User(square())]})
    predicted = make_labels({0: [Predicted(square()), Predicted(square(300))]})
    metrics = evaluate(truth, predicted, user_labels_only=True)
    assert metrics["detection_metrics"]["n_fp"] == 1
    assert metrics["selection"]["notes"][0] == (
        "1 prediction of ground_truth_instances left out beside what a person labelled in the "
        "same frames (user_labels_only): an animal that only they show counts as none"
    )


def test_a_perfect_prediction_of_an_occluded_animal():
    truth = make_labels({0: [User(square(missing="d"))]})
    metrics = evaluate(truth, make_labels({0: [Predicted(square())]}))
    assert metrics["mOKS"]["mOKS"] == 1.0
    assert metrics["pck_metrics"]["mPCK"] == 0.75
    assert metrics["voc_metrics"]["pck_voc.mAP"] == pytest.approx(0.6)
    assert metrics["pck_curve"]["mPCK_visible"] == 1.0
    assert metrics["visibility_metrics"]["fp"] == 1


def test_animals_without_box_area_are_counted():
    flat = np.array([[0.0, 5.0], [40.0, 5.0], [80.0, 5.0], [np.nan, np.nan]])
    truth = make_labels({0: [User(flat), User(square(300))]})
    predicted = make_labels({0: [Predicted(flat + np.array([0, 10]))]})
    metrics = evaluate(truth, predicted)
    assert metrics["selection"]["n_flat_gt"] == 1
    assert metrics["mOKS"]["mOKS"] == pytest.approx(0.8)


def test_several_videos():
    truth = make_labels(
        {("a/v.mp4", 0): [User(square())], ("b/v.mp4", 0): [User(square(50))], ("c.mp4", 0): []}
    )
    predicted = make_labels(
        {("/new/b/v.mp4", 0): [Predicted(square(52))], ("/new/a/v.mp4", 0): [Predicted(square(1))]}
    )
    metrics = evaluate(truth, predicted, user_labels_only=False)
    assert metrics["distance_metrics"]["video_paths"] == ["a/v.mp4", "b/v.mp4"]
    np.testing.assert_allclose(metrics["distance_metrics"]["dists"][:, 0], [1, 2])
    assert any("c.mp4" in note for note in metrics["selection"]["notes"])


def test_labels_changed_in_memory_need_no_update():
    """Frames of a video, and tracks, that the lists of the labels do not have yet."""
    truth = make_labels({0: [User(square())]})
    added = make_labels({("b/w.mp4", 3): [User(square(), track="m")]})
    added.labeled_frames[0].instances[0].skeleton = truth.skeletons[0]
    truth.labeled_frames.append(added.labeled_frames[0])
    predicted = make_labels({0: [Predicted(square())], ("b/w.mp4", 3): [Predicted(square(6))]})
    evaluator = Evaluator(truth, predicted, oks_stddev=0.05)
    assert len(truth.videos) == 1
    assert [pair[2] for pair in evaluator.positive_pairs] == pytest.approx([1, np.exp(-1.5)])
    assert evaluator.frame_pairs[1] == (truth.labeled_frames[1], predicted.labeled_frames[1])


def test_swapped_sides_are_told_in_words_of_python():
    with pytest.raises(DataError) as error:
        Evaluator(vector_predictions(), vector_ground_truth())
    assert str(error.value).endswith("swapped. Give the labels first, then the predictions.")


def test_a_centroid_threshold_that_pairs_nothing_is_explained(caplog):
    Evaluator(vector_ground_truth(), vector_predictions(), match_method="centroid")
    assert "match_threshold 0 px pairs only points that coincide" in caplog.text


def test_what_a_reader_needs_to_know_is_logged(caplog):
    truth = vector_ground_truth()
    Evaluator(truth, truth)
    said = caplog.text
    assert "predicted_instances is compared with itself: it was given as the ground truth" in said
    assert "predicted_instances has no predicted instances: there is nothing to score" in said
    caplog.clear()
    Evaluator(vector_ground_truth(), vector_predictions())
    assert "1 ground-truth frame with 1 instance is absent from predicted_instances" in caplog.text
    assert "compared with itself" not in caplog.text


@pytest.mark.parametrize("match_method", ["oks", "auto"])
def test_an_anchor_without_effect_is_told_as_it_was_given(match_method):
    with pytest.raises(OptionError, match=r"^anchor_ind 2 has no effect with match_method oks; "):
        Evaluator(
            vector_ground_truth(), vector_predictions(), anchor_ind=2, match_method=match_method
        )


@pytest.mark.parametrize("given", [[], [float("nan")], [-5], np.array([0.5, -0.1])])
def test_thresholds_are_numbers_of_0_or_more(evaluator, given):
    for name, call in (
        ("thresholds", lambda: evaluator.pck_metrics(given)),
        ("match_score_thresholds", lambda: evaluator.voc_metrics("oks", given)),
        ("recall_thresholds", lambda: evaluator.voc_metrics("oks", [0.5], given)),
    ):
        with pytest.raises(OptionError, match=f"^{name} must be numbers of 0 or more, at least "):
            call()


def test_sides_without_a_common_video_are_told_by_their_arguments():
    other = make_labels({0: [Predicted(square())]}, video="w.mp4")
    with pytest.raises(
        DataError, match=r"both: ground_truth_instances has .*; predicted_instances"
    ):
        Evaluator(vector_ground_truth(), other)


def test_an_evaluator_shows_what_it_compared():
    shown = repr(Evaluator(vector_ground_truth(), vector_predictions()))
    assert shown == "<Evaluator 6 matched pairs in 6 frames>"
