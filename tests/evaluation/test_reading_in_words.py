"""The sentences that an evaluation begins with; every number by hand."""

import math
import re

import numpy as np
import pytest

from sleap_rt.errors import DataError
from sleap_rt.evaluation import EvalOptions, Evaluator, IdentityOptions, run_eval
from sleap_rt.evaluation.options import PoseOptions
from sleap_rt.evaluation.reading_in_words import body_length, sentences
from sleap_rt.evaluation.report import write_report
from sleap_rt.evaluation.storage import run_as_json
from sleap_rt.evaluation.tables import table_text

from .builders import Predicted, User, make_labels, square


def evaluated(tmp_path, truth, predicted, **options):
    make_labels(truth).save(str(tmp_path / "gt.slp"), embed=False, verbose=False)
    make_labels(predicted).save(str(tmp_path / "pr.slp"), embed=False, verbose=False)
    return run_eval(
        EvalOptions(
            ground_truth_path=tmp_path / "gt.slp", predicted_paths=(tmp_path / "pr.slp",), **options
        )
    )


def test_body_length_is_the_median_of_the_longest_distances():
    points = np.stack([square(), square(7), 3 * square(), square(missing="bcd")])
    assert body_length(points) == 50  # the diagonal of 40 x 30; the third is three times as long
    assert math.isnan(body_length(points[3:]))
    assert math.isnan(body_length(points[:0]))


def test_error_in_px_and_body_lengths_and_animals_found(tmp_path):
    """Every point of two animals is 2 px off; one of three is missed, two are made up."""
    truth = {0: [User(square())], 1: [User(square()), User(square(500))]}
    predicted = {
        0: [Predicted(square(2)), Predicted(square(900))],
        1: [Predicted(square(2)), Predicted(square(900, 900))],
    }
    run = evaluated(tmp_path, truth, predicted)
    assert sentences(run.evaluations[0]) == [
        "A point is typically 2.0 px off (4.0% of a body length of 50 px), and nine in ten are "
        "within 2.0 px.",
        "2 of 3 animals found (66.7%); 2 predictions on no animal.",
    ]
    assert "\nIn short\n  A point is typically 2.0 px off" in table_text(run)


def test_points_that_are_far_off_are_no_animals_found(tmp_path):
    """Half a body length beside the animal, where OKS is next to 0, is a pair still."""
    run = evaluated(tmp_path, {0: [User(square())]}, {0: [Predicted(square(15))]})
    told = sentences(run.evaluations[0])
    assert told[1].startswith("These are hardly the same animals: ")
    assert told[2] == "1 of 1 animal found (100.0%); 0 predictions on no animal."


def test_centers_of_animals(tmp_path):
    """The prediction's center is its first node, 20 px beside and 15 px above the square's mean."""
    options = PoseOptions(match_method="centroid", match_threshold=50)
    run = evaluated(tmp_path, {0: [User(square())]}, {0: [Predicted(square())]}, poses=options)
    assert sentences(run.evaluations[0])[0] == (
        "A center of an animal is typically 25 px off (50.0% of a body length of 50 px), and nine "
        "in ten are within 25 px."
    )


def test_switches(tmp_path):
    truth = {f: [User(square(), "a"), User(square(500), "b")] for f in range(4)}
    predicted = {
        f: [Predicted(square(), track="xy"[f > 1]), Predicted(square(500), track="yx"[f > 1])]
        for f in range(4)
    }
    run = evaluated(tmp_path, truth, predicted, identities=IdentityOptions())
    assert sentences(run.evaluations[0])[-1] == (
        "2 switches of identity in 4 frames, one in 2 frames."
    )


def test_frames_without_predictions_are_none_without_a_switch(tmp_path):
    """Frames without animals miss nothing."""
    truth = {f: [User(square(), "a")] for f in range(4)} | {4: []}
    predicted = {f: [Predicted(square(), track="x")] for f in range(1)}
    run = evaluated(tmp_path, truth, predicted, identities=IdentityOptions())
    assert sentences(run.evaluations[0])[-2:] == [
        "No switch of identity in 2 frames.",
        "3 of 5 frames hold no prediction; for identities, the animals there are missed.",
    ]
    assert any("predicted in 3 ground-truth frames" in note for note in run.notes)


def test_identities_that_cannot_be_followed_are_not_called_unswitched(tmp_path):
    truth = {f: [User(square(), "a")] for f in range(4)}
    predicted = {f: [Predicted(square(30), track="x")] for f in range(4)}
    run = evaluated(tmp_path, truth, predicted, identities=IdentityOptions())
    assert sentences(run.evaluations[0])[-1].startswith("Identities cannot be told: ")
    text, found = table_text(run), run_as_json(run)["predictions"][0]["metrics"]["identity_metrics"]
    assert re.search(r"switches \(IDSW\) +undefined\n", text)
    assert re.search(r"switches while in sight +undefined\n", text)
    assert text.endswith(": undefined, no prediction is similar enough to an animal")
    assert (found["IDSW"], found["Frag"], found["shares"]["switches_after_loss"]) == (None,) * 3
    write_report(run, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert '<b class="words">undefined</b><span>Identity switches</span>' in page
    assert "Switches: undefined, no prediction is similar enough to an animal</h3>" in page


def test_points_that_were_not_predicted(tmp_path):
    """Two of four points; the error of the others is none."""
    run = evaluated(tmp_path, {0: [User(square())]}, {0: [Predicted(square(missing="ab"))]})
    told = sentences(run.evaluations[0])
    assert told[2:] == ["Only 50% of the labelled points of the animals found were predicted."]


def test_swapped_files_are_recognised():
    labels = make_labels({0: [User(square())]})
    predictions = make_labels({0: [Predicted(square())]})
    with pytest.raises(DataError, match=r"they are swapped\. Give the labels first"):
        Evaluator(predictions, labels, user_labels_only=False)


def test_files_without_a_common_video_are_an_error_also_with_labels_as_predictions():
    truth = make_labels({0: [User(square())]}, video="one.mp4")
    other = make_labels({0: [User(square())]}, video="two.mp4")
    with pytest.raises(DataError, match=r"No video is in both.* --map OLD NEW`$"):
        Evaluator(truth, other)
