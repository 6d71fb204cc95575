"""Options: defaults, checks, and which cannot take effect."""

import math
from pathlib import Path

import pytest

from sleap_rt.errors import OptionError
from sleap_rt.evaluation import (
    CommandPoseOptions,
    EvalOptions,
    IdentityOptions,
    PoseOptions,
    run_eval,
)
from sleap_rt.evaluation.options import unused_options

GT, PR = Path("gt.slp"), Path("pr.slp")


def options(**more):
    return EvalOptions(**{"ground_truth_path": GT, "predicted_paths": (PR,)} | more)


def test_the_command_line_and_python_have_their_own_defaults():
    python, command = PoseOptions(), CommandPoseOptions()
    assert (python.oks_stddev, python.user_labels_only, python.match_method) == (0.025, True, "oks")
    assert (command.oks_stddev, command.user_labels_only) == (0.05, False)
    assert command.match_method == "auto"
    assert python.match_threshold == command.match_threshold == 0.0
    assert python.oks_scale is command.oks_scale is None
    assert isinstance(options().poses, CommandPoseOptions)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PoseOptions(oks_stddev=-1), "oks_stddev must be a number above 0, got -1"),
        (lambda: PoseOptions(oks_stddev=math.inf), "oks_stddev"),
        (lambda: PoseOptions(oks_scale=0), "oks_scale must be a number above 0, got 0"),
        (lambda: PoseOptions(match_threshold=math.nan), "match_threshold"),
        (lambda: PoseOptions(match_threshold=2), r"match_threshold must lie in \[0, 1\)"),
        (lambda: PoseOptions(match_method="best"), "auto, oks, centroid, got 'best'"),
        (lambda: PoseOptions(anchor_part="nose"), "anchor_part 'nose' has no effect"),
        (lambda: PoseOptions(coco_max_dets=0), "coco_max_dets must be at least 1"),
        (lambda: IdentityOptions(similarity="mask"), "oks, centroid, iou, got 'mask'"),
        (lambda: IdentityOptions(similarity_threshold=0), "similarity_threshold must lie in"),
        (lambda: IdentityOptions(similarity_threshold=1.1), "similarity_threshold must lie in"),
        (lambda: IdentityOptions(max_distance=-3), "max_distance must be a number above 0"),
        (lambda: options(predicted_paths=()), "predicted_path is missing"),
        (
            lambda: options(predicted_paths=(PR, PR)),
            "predicted_path pr.slp is given more than once",
        ),
        (lambda: options(measure_poses=False), "Nothing to measure"),
        (lambda: options(save_metrics=PR), "save_metrics pr.slp is one of the input files"),
        (lambda: options(report=GT), "report gt.slp is one of the input files"),
    ],
)
def test_bad_values_are_refused_in_words(make, message):
    with pytest.raises(OptionError, match=message):
        make()


def test_a_centroid_threshold_is_in_px():
    assert PoseOptions(match_method="centroid", match_threshold=80).match_threshold == 80


@pytest.mark.parametrize(
    ("case", "unused"),
    [
        (options(), {"similarity", "similarity_threshold", "max_distance"}),
        (options(identities=IdentityOptions()), {"max_distance"}),
        (options(identities=IdentityOptions(similarity="centroid")), set()),
        (
            options(identities=IdentityOptions(), measure_poses=False),
            {"max_distance", "coco_max_dets"},
        ),
        (
            options(identities=IdentityOptions(similarity="iou"), measure_poses=False),
            {"max_distance", "coco_max_dets", "oks_stddev", "oks_scale"},
        ),
        (
            options(poses=PoseOptions(match_method="centroid")),
            {"similarity", "similarity_threshold", "max_distance", "oks_stddev", "oks_scale"}
            | {"coco_max_dets"},
        ),
    ],
)
def test_options_that_cannot_take_effect(case, unused):
    assert set(unused_options(case)) == unused


def test_paths_may_be_texts():
    options = EvalOptions(
        ground_truth_path="a.slp", predicted_paths="b.slp", save_metrics="m.npz", report="r.html"
    )
    assert options == EvalOptions(
        ground_truth_path=Path("a.slp"),
        predicted_paths=(Path("b.slp"),),
        save_metrics=Path("m.npz"),
        report=Path("r.html"),
    )
    with pytest.raises(OptionError, match="report must be a path or None; got True"):
        EvalOptions(ground_truth_path="a.slp", predicted_paths="b.slp", report=True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"identities": True}, "IdentityOptions or None; got True: identities=IdentityOptions() "),
        ({"poses": {"oks_stddev": 0.1}}, "poses must be of type PoseOptions; got {'oks_stddev'"),
        ({"poses": IdentityOptions()}, "poses must be of type PoseOptions; got IdentityOptions("),
        ({"ground_truth_path": None}, "ground_truth_path must be a path; got None"),
        ({"predicted_paths": [3]}, "must be a path or a list of paths; got a list with int"),
        ({"measure_poses": 1}, "measure_poses must be True or False; got 1"),
        ({"overwrite": "yes"}, "overwrite must be True or False; got 'yes'"),
    ],
)
def test_values_of_other_types_are_told_in_words(given, words):
    with pytest.raises(OptionError) as refusal:
        options(**given)
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("predicted_path", "Did you mean 'predicted_paths'?"),
        ("tracks", "identities=IdentityOptions() measures them"),
        ("similarity", "Give it as identities=IdentityOptions(similarity=...)"),
        ("oks_stddev", "give it as poses=CommandPoseOptions(oks_stddev=...)"),
    ],
)
def test_names_of_others_are_answered_with_what_to_give(name, words):
    with pytest.raises(TypeError) as refusal:
        options(**{name: 1})
    assert words in str(refusal.value)


@pytest.mark.parametrize(("given", "error"), [(["a", "b"], TypeError), (["a"], OptionError)])
def test_files_for_run_eval_are_answered_with_what_takes_them(given, error):
    with pytest.raises(error) as refusal:
        run_eval(*given)
    assert "EvalOptions(ground_truth_path=..., predicted_paths=...)" in str(refusal.value)
    assert 'run_evaluation("labels.slp", "predictions.slp") takes two files' in str(refusal.value)
