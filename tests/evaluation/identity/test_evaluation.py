"""Identities from tables: pairing, tracks, notes, several videos."""

import numpy as np
import pytest

from sleap_rt.errors import DataError
from sleap_rt.evaluation.identity import evaluation as evaluation_module
from sleap_rt.evaluation.identity.evaluation import evaluate_identities
from sleap_rt.evaluation.options import IdentityOptions, PoseOptions
from sleap_rt.evaluation.reading.labels import table_from_labels
from sleap_rt.labels import load_labels

from ..builders import Predicted, User, make_table, square

OPTIONS = PoseOptions(oks_stddev=0.05, user_labels_only=False)


def evaluate(truth, predicted, poses=OPTIONS, **options):
    return evaluate_identities(
        make_table(truth, "truth.slp"),
        make_table(predicted, "tracked.slp"),
        IdentityOptions(**options),
        poses,
    ).metrics


def two_mice(n_frames, tracks=("left", "right"), swapped_from=None, of=User, video="v.mp4"):
    """Two mice far apart; from `swapped_from` on their tracks are exchanged."""
    frames = {}
    for frame in range(n_frames):
        names = tracks[::-1] if swapped_from is not None and frame >= swapped_from else tracks
        frames[(video, frame)] = [
            of(square(frame), track=names[0]),
            of(square(300 + frame), track=names[1]),
        ]
    return frames


def test_tracked_perfectly():
    metrics = evaluate(two_mice(5), two_mice(5, ("t0", "t1"), of=Predicted))
    assert metrics["HOTA"] == metrics["MOTA"] == metrics["IDF1"] == pytest.approx(1.0)
    assert (metrics["n_gt_tracks"], metrics["n_pr_tracks"]) == (2, 2)
    assert metrics["switches"] == []
    assert metrics["notes"] == []


@pytest.mark.parametrize("similarity", ["oks", "centroid", "iou"])
def test_a_swap_is_found_by_every_similarity(similarity):
    metrics = evaluate(
        two_mice(5), two_mice(5, swapped_from=3, of=Predicted), similarity=similarity
    )
    assert metrics["IDSW"] == 2
    assert [(s["frame_idx"], s["animal"], s["to_track"]) for s in metrics["switches"]] == [
        (3, "left", "right"),
        (3, "right", "left"),
    ]


def test_videos_are_measured_apart_and_pooled():
    truth = two_mice(4, video="a.mp4") | two_mice(4, video="b.mp4")
    predicted = two_mice(4, swapped_from=2, of=Predicted, video="b.mp4")
    predicted |= two_mice(4, of=Predicted, video="a.mp4")
    metrics = evaluate(truth, predicted)
    assert [(v["video"], v["IDSW"], v["n_frames"]) for v in metrics["videos"]] == [
        ("a.mp4", 0, 4),
        ("b.mp4", 2, 4),
    ]
    assert [v["IDTP"] for v in metrics["videos"]] == [8, 4]
    assert (metrics["IDSW"], metrics["IDTP"], metrics["TP"]) == (2, 12, 16)
    assert metrics["IDF1"] == pytest.approx(12 / 16)
    assert metrics["MOTA"] == pytest.approx(14 / 16)


def test_a_ground_truth_frame_without_prediction_is_missed_and_said():
    predicted = two_mice(4, of=Predicted)
    del predicted[("v.mp4", 1)]
    predicted[("v.mp4", 2)] = []
    metrics = evaluate(two_mice(4), predicted)
    assert (metrics["TP"], metrics["FN"], metrics["IDSW"]) == (4, 4, 0)
    assert metrics["notes"] == [
        "nothing is predicted in 2 ground-truth frames: for identities, the animals there are "
        "missed. To judge a part of a video, cut the ground truth to the same frames"
    ]


def test_frames_count_in_temporal_order_whatever_the_order_in_the_file():
    truth, predicted = two_mice(6), two_mice(6, swapped_from=3, of=Predicted)
    shuffled = {key: truth[key] for key in sorted(truth, key=lambda key: (key[1] * 5) % 6)}
    metrics = evaluate(shuffled, predicted)
    assert metrics["IDSW"] == 2
    assert [s["frame_idx"] for s in metrics["switches"]] == [3, 3]


def test_instances_without_track_are_animals_of_their_own_and_said():
    predicted = {
        ("v.mp4", f): [Predicted(square(f), track="t" if f < 2 else None)] for f in range(4)
    }
    truth = {("v.mp4", f): [User(square(f), track="m")] for f in range(4)}
    metrics = evaluate(truth, predicted)
    assert metrics["TP"] == 4
    assert metrics["n_pr_tracks"] == 3
    assert metrics["IDSW"] == 2
    assert metrics["notes"] == [
        "2 instances of tracked.slp without a track; each counts as an animal of its own"
    ]


@pytest.mark.parametrize("side", ["truth", "tracked"])
def test_a_side_without_tracks_is_an_error_that_says_what_to_do(side):
    tracked, bare = two_mice(2), two_mice(2, (None, None))
    files = (bare, tracked) if side == "truth" else (tracked, bare)
    with pytest.raises(DataError, match=rf"{side}\.slp \(the .*\) has no tracks.*track -t"):
        evaluate(*files)


def test_no_predictions_are_said():
    metrics = evaluate(two_mice(2), {("v.mp4", 0): []})
    assert (metrics["FN"], metrics["ML"], metrics["HOTA"], metrics["IDF1"]) == (4, 2, 0.0, 0.0)
    assert "tracked.slp has no instances, so nothing is tracked" in metrics["notes"]


def test_predictions_on_other_videos_are_refused_even_if_there_are_none():
    with pytest.raises(DataError, match="No video is in both"):
        evaluate(two_mice(2) | two_mice(3, video="b.mp4"), {("w.mp4", 0): []})


def test_nothing_alike_is_said():
    far = {("v.mp4", 0): [Predicted(square(9000), track="t")]}
    metrics = evaluate(two_mice(1), far)
    assert (metrics["TP"], metrics["FP"], metrics["FN"], metrics["HOTA"]) == (0, 1, 2, 0.0)
    assert metrics["notes"] == [
        "no predicted animal reaches a similarity (oks) of 0.5, so there is no identity to follow; "
        "--similarity centroid goes by places"
    ]


def test_no_common_video_is_an_error():
    with pytest.raises(DataError, match="No video is in both"):
        evaluate(two_mice(2), two_mice(2, of=Predicted, video="w.mp4"))


def test_videos_that_were_not_predicted_are_left_out_and_said():
    metrics = evaluate(two_mice(2) | two_mice(3, video="b.mp4"), two_mice(2, of=Predicted))
    assert metrics["FN"] == 0
    assert metrics["notes"] == [
        "3 ground-truth frames are in videos that tracked.slp does not have, and left out"
    ]


def test_a_track_twice_in_a_frame_is_an_error_that_names_it():
    twice = {("v.mp4", 7): [User(square(), track="m"), User(square(90), track="m")]}
    with pytest.raises(DataError, match=r"Track 'm' is on 2 instances of frame 7 of v\.mp4"):
        evaluate(twice, two_mice(8, of=Predicted))


def test_a_user_label_replaces_the_prediction_it_was_made_from():
    truth = {("v.mp4", 0): [Predicted(square(90), track="m"), User(square(), track="m")]}
    metrics = evaluate(truth, {("v.mp4", 0): [Predicted(square(), track="t")]})
    assert (metrics["TP"], metrics["FN"], metrics["FP"]) == (1, 0, 0)


def test_a_corrected_prediction_is_no_animal_whatever_its_track():
    corrected = Predicted(square(90), track="other")
    truth = {("v.mp4", 0): [corrected, User(square(), track="m", made_from=corrected)]}
    metrics = evaluate(truth, {("v.mp4", 0): [Predicted(square(), track="t")]})
    assert (metrics["TP"], metrics["FN"], metrics["FP"]) == (1, 0, 0)
    assert metrics["n_gt_tracks"] == 1


def test_a_correction_stands_for_no_other_prediction_on_its_track():
    corrected = Predicted(square(90), track="m")
    other = Predicted(square(300), track="n")
    truth = {("v.mp4", 0): [corrected, other, User(square(), track="n", made_from=corrected)]}
    with pytest.raises(DataError, match="Track 'n' is on 2 instances of frame 0"):
        evaluate(truth, {("v.mp4", 0): [Predicted(square(), track="t")]})


def test_user_labels_only_leaves_out_tracked_predictions_in_the_truth():
    truth = {("v.mp4", 0): [User(square(), track="m"), Predicted(square(300), track="n")]}
    predicted = {("v.mp4", 0): [Predicted(square(), track="t")]}
    assert evaluate(truth, predicted)["FN"] == 1
    only = PoseOptions(user_labels_only=True)
    assert evaluate(truth, predicted, poses=only)["FN"] == 0


def test_more_tracks_than_can_be_compared_are_refused_in_words(monkeypatch):
    monkeypatch.setattr(evaluation_module, "_MAX_TRACK_PAIRS", 3)
    with pytest.raises(DataError, match="2 true and 2 predicted tracks"):
        evaluate(two_mice(2), two_mice(2, of=Predicted))


def test_another_skeleton_is_aligned_by_name_for_oks():
    truth = make_table(two_mice(3), "truth.slp")
    frames = two_mice(3, of=Predicted)
    for instances in frames.values():
        for one in instances:
            one.points = one.points[::-1]
    predicted = make_table(frames, "tracked.slp", nodes=("d", "c", "b", "a"), edges=())
    found = evaluate_identities(truth, predicted, IdentityOptions(), OPTIONS)
    assert repr(found) == "<IdentityEvaluation 1 video>"
    metrics = found.metrics
    assert metrics["HOTA"] == pytest.approx(1.0)


@pytest.mark.parity
def test_the_true_tracks_of_the_clip_against_themselves(shared_data):
    table = table_from_labels(load_labels(shared_data / "labels" / "clip.slp"), "clip.slp")
    metrics = evaluate_identities(table, table, IdentityOptions(), OPTIONS).metrics
    assert metrics["HOTA"] == metrics["IDF1"] == metrics["MOTA"] == pytest.approx(1.0)
    assert (metrics["IDSW"], metrics["Frag"], metrics["MT"], metrics["TP"]) == (0, 0, 2, 3000)


@pytest.mark.parity
def test_an_animal_s_similarity_with_itself_is_1_on_real_poses(shared_data):
    table = table_from_labels(load_labels(shared_data / "labels" / "clip.slp"), "clip.slp")
    metrics = evaluate_identities(
        table, table, IdentityOptions(similarity="centroid"), OPTIONS
    ).metrics
    np.testing.assert_allclose(metrics["LocA"], 1.0)
