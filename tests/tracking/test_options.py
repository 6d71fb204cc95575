from dataclasses import fields

import pytest
from tracker_defaults import TRACKER_DEFAULTS

from sleap_rt.cli import main
from sleap_rt.errors import OptionError
from sleap_rt.tracking import Tracker, TrackerOptions

FLAGS = {"use_flow": False, "post_connect_single_breaks": False}
BOXES = {"features": "bboxes", "scoring_method": "iou"}


def test_names_and_defaults_are_the_seed_s():
    defaults = {field.name: field.default for field in fields(TrackerOptions)}
    expected = {**TRACKER_DEFAULTS, **FLAGS}
    assert {name: defaults[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("tracking_window_size", 0, "1 or more"),
        ("min_new_track_points", -1, "0 or more"),
        ("candidates_method", "foo", "fixed_window, local_queues"),
        ("features", "foo", "keypoints, centroids, bboxes, image"),
        ("scoring_method", "foo", "oks, cosine_sim, iou, euclidean_dist"),
        ("scoring_reduction", "foo", "mean, max, robust_quantile"),
        ("track_matching_method", "foo", "hungarian, greedy"),
        ("motion_model", "foo", "none, kalman"),
        ("robust_best_instance", 0.0, "(0, 1]"),
        ("robust_best_instance", 1.1, "(0, 1]"),
        ("robust_best_instance", float("nan"), "(0, 1]"),
        ("robust_best_instance", 0.9, "scoring_reduction is robust_quantile"),
        ("max_tracks", 0, "1 or more"),
        ("oks_stddev", 0.0, "above 0"),
        ("of_img_scale", 0.5, "use_flow is on"),
        ("of_window_size", 31, "use_flow is on"),
        ("of_max_levels", 1, "use_flow is on"),
        ("post_connect_single_breaks", True, "max_tracks or max_instances"),
        ("tracking_pre_cull_to_target", 1, "max_tracks or max_instances"),
        ("tracking_pre_cull_iou_threshold", 0.5, "tracking_pre_cull_to_target is on"),
        ("tracking_clean_iou_threshold", 0.5, "tracking_clean_instance_count is above 0"),
        ("tracking_clean_iou_threshold", 1.5, "[0, 1]"),
        ("tracking_target_instance_count", 2, "post_connect_single_breaks"),
        ("tracking_clean_instance_count", -1, "0 or more"),
    ],
)
def test_a_bad_value_is_refused_by_name_with_what_is_allowed(name, value, said):
    with pytest.raises(OptionError) as refusal:
        TrackerOptions(**{name: value})
    given = name if value is True else f"{name} {value!r}"
    assert str(refusal.value).startswith(f"{given}:")
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"use_flow": True, "of_window_size": 20}, "must be odd"),
        ({"use_flow": True, "of_window_size": 1}, "3 or more"),
        ({"use_flow": True, "of_img_scale": 0.0}, "above 0"),
        ({"use_flow": True, "features": "image", "scoring_method": "cosine_sim"}, "image"),
        ({**BOXES, "oks_stddev": 0.1}, "scoring_method is oks"),
        ({"motion_model": "kalman", "use_flow": True}, "motion_model is none"),
        ({"motion_model": "kalman", "oks_stddev": 0.1}, "motion_model is none"),
        ({"motion_model": "kalman", "tracking_window_size": 9}, "motion_model is none"),
    ],
)
def test_options_that_cannot_take_effect_together_are_refused(options, said):
    with pytest.raises(OptionError, match=r"^\w+( .*)?:") as refusal:
        TrackerOptions(**options)
    assert said in str(refusal.value)


PAIRS = {
    "keypoints": {"oks", "euclidean_dist", "cosine_sim"},
    "centroids": {"euclidean_dist", "cosine_sim"},
    "bboxes": {"iou", "euclidean_dist", "cosine_sim"},
    "image": {"euclidean_dist", "cosine_sim"},
}


@pytest.mark.parametrize("scoring_method", ["oks", "cosine_sim", "iou", "euclidean_dist"])
@pytest.mark.parametrize("features", PAIRS)
def test_features_go_only_with_their_scores(features, scoring_method):
    pair = {"features": features, "scoring_method": scoring_method}
    if scoring_method in PAIRS[features]:
        assert TrackerOptions(**pair).scoring_method == scoring_method
        return
    with pytest.raises(OptionError) as refusal:
        TrackerOptions(**pair)
    assert all(partner in str(refusal.value) for partner in PAIRS[features])


def test_any_of_the_counts_serves_connecting_breaks():
    for count in ("tracking_target_instance_count", "max_tracks", "tracking_clean_instance_count"):
        assert TrackerOptions(post_connect_single_breaks=True, **{count: 2}).connects_breaks


@pytest.mark.parametrize("make", [Tracker, TrackerOptions])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("use_kalman", "here is a motion model .motion_model kalman"),
        ("kf_node_indices", "here is a motion model .motion_model kalman"),
        ("track_buffer", "is of sleap-nn's multi-object trackers; here are"),
    ],
)
def test_options_of_sleap_nn_are_told_with_what_is_here(make, name, words):
    with pytest.raises(OptionError, match=f"{name} .*{words}"):
        make(**{name: 1})
    with pytest.raises(TypeError, match="Did you mean 'use_flow'"):
        make(use_flo=True)


def test_max_tracks_switches_to_local_queues_and_says_so(caplog):
    caplog.set_level("INFO", "sleap_rt.tracking")
    options = TrackerOptions(max_tracks=1).resolved(n_nodes=4)
    assert options.candidates_method == "local_queues"
    assert "local_queues" in caplog.text


def test_a_one_node_skeleton_switches_to_centroids_and_says_so(caplog):
    options = TrackerOptions().resolved(n_nodes=1)
    assert (options.features, options.scoring_method) == ("centroids", "euclidean_dist")
    assert "one node" in caplog.text
    chosen = TrackerOptions(**BOXES)
    assert chosen.resolved(n_nodes=1) == chosen


@pytest.mark.parametrize(
    "options",
    [
        ["--features", "image", "--scoring_method", "oks"],
        ["--scoring_reduction", "robust_quantile", "--robust_best_instance", "0"],
        ["--post_connect_single_breaks"],
    ],
)
def test_the_command_refuses_them_before_it_looks_at_any_file(options, capsys):
    with pytest.raises(SystemExit) as refusal:
        main(["track", "-i", "nowhere.slp", "-t", *options])
    assert refusal.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("Error: ")
    assert "nowhere.slp" not in said
