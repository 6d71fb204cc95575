"""The numbers that the released program recorded, printed and in both file layouts."""

import math
import re

import numpy as np
import pytest
from tolerances import ORACLE

from sleap_rt.cli import main
from sleap_rt.evaluation import Evaluator, load_metrics, run_evaluation
from sleap_rt.evaluation.storage import GROUPS
from sleap_rt.labels import load_labels

pytestmark = pytest.mark.parity

FLIES = ("flies_bottomup.labels_gt.val.0.slp", "flies_bottomup.labels_pr.val.0.slp")
NOISY = ("noisy.gt.slp", "noisy.pred.slp")
RECORDED = [
    ("flies_bottomup.stddev_0.025", FLIES, 0.025, 0.0),
    ("flies_bottomup.stddev_0.05", FLIES, 0.05, 0.0),
    *(
        (f"noisy.stddev_{stddev}.match_{threshold}", NOISY, stddev, threshold)
        for stddev in (0.025, 0.05)
        for threshold in (0.0, 0.5)
    ),
]


def assert_equal_groups(actual, expected):
    """Counts exactly, values to ORACLE, shapes and kinds as they are."""
    for group in GROUPS:
        assert set(actual[group]) >= set(expected[group])
        for key, value in expected[group].items():
            ours, name = actual[group][key], f"{group}/{key}"
            if key == "video_paths":  # recorded on another machine
                assert len(ours) == len(value), name
                continue
            assert np.shape(ours) == np.shape(value), name
            exact = np.asarray(value).dtype.kind in "iub"
            np.testing.assert_allclose(
                ours, value, rtol=0, atol=0 if exact else ORACLE, err_msg=name
            )


@pytest.mark.parametrize(("name", "files", "stddev", "threshold"), RECORDED)
def test_recorded_results(shared_data, name, files, stddev, threshold):
    folder = shared_data / "evaluation"
    metrics = run_evaluation(
        folder / files[0], folder / files[1], oks_stddev=stddev, match_threshold=threshold
    )
    recorded = load_metrics(folder / f"{name}.npz", allow_pickle=True)
    assert_equal_groups(metrics, recorded)
    for group in GROUPS:  # the layout is the same, not a larger one
        assert set(metrics[group]) == set(recorded[group])


PRINTED_COUNTS = r"pairs: (\d+), Matched instances: (\d+), Unmatched GT: (\d+)"


@pytest.mark.parametrize(("name", "files", "stddev", "threshold"), RECORDED)
def test_recorded_print(shared_data, tmp_path, capsys, name, files, stddev, threshold):
    """The command prints every figure that the released program printed, and saves them plainly."""
    folder = shared_data / "evaluation"
    truth, predicted = (str(folder / file) for file in files)
    files_and_flags = ("-g", truth, "-p", predicted, "--user_labels_only")
    numbers = ("--oks_stddev", str(stddev), "--match_threshold", str(threshold))
    with pytest.raises(SystemExit) as exit_:
        main(["eval", *files_and_flags, *numbers, "-s", str(tmp_path / "m.npz")])
    assert exit_.value.code == 0
    table = capsys.readouterr().out
    ours = dict(re.findall(r"^  (\S.*?) {2,}([\d.]+(?: px)?)$", table, re.MULTILINE))
    printed = (folder / f"{name}.txt").read_text()
    theirs = dict(re.findall(r"^  ([\w .()@]+): ([\d.]+(?: px)?)$", printed, re.MULTILINE))
    assert len(theirs) == 12
    assert {label: ours[label] for label in theirs} == theirs
    labels = ("frame pairs", "matched instances", "unmatched ground truth")
    assert tuple(ours[label] for label in labels) == re.search(PRINTED_COUNTS, printed).groups()
    recorded = load_metrics(folder / f"{name}.npz", allow_pickle=True)
    with np.load(tmp_path / "m.npz", allow_pickle=False) as saved:
        for plain, (group, key) in PLAIN_NUMBERS.items():
            assert abs(saved[plain] - recorded[group][key]) <= ORACLE, plain


PLAIN_NUMBERS = {  # as the oldest releases stored them
    "mOKS": ("mOKS", "mOKS"),
    "mAP": ("voc_metrics", "oks_voc.mAP"),
    "mAR": ("voc_metrics", "oks_voc.mAR"),
    "avg_distance": ("distance_metrics", "avg"),
    "mPCK": ("pck_metrics", "mPCK"),
    "visibility_precision": ("visibility_metrics", "precision"),
    "visibility_recall": ("visibility_metrics", "recall"),
}


def test_metrics_stored_by_training(shared_data):
    folder = shared_data / "evaluation"
    metrics = run_evaluation(folder / FLIES[0], folder / FLIES[1])
    stored = load_metrics(folder / "flies_bottomup.metrics.val.0.npz", allow_pickle=True)
    assert_equal_groups(metrics, stored)


def test_metrics_stored_by_the_oldest_releases(shared_data):
    folder = shared_data / "evaluation"
    metrics = run_evaluation(
        folder / "single_instance.labels_val_gt_0.slp", folder / "single_instance.pred_val_0.slp"
    )
    stored = load_metrics(folder / "single_instance.val_0_pred_metrics.npz", allow_pickle=True)
    assert_equal_groups(metrics, stored)


def test_two_node_clip(shared_data):
    # Section 16 of the specification, from the file whose truth has the same two nodes.
    truth = load_labels(shared_data / "labels" / "clip.slp")
    predicted = load_labels(shared_data / "labels" / "clip.predictions.slp")
    for name in truth.skeletons[0].node_names:
        if name not in ("head", "thorax"):
            truth.remove_nodes([name])
    evaluator = Evaluator(truth, predicted)
    metrics = evaluator.evaluate()
    assert metrics["selection"]["n_frame_pairs"] == 1500
    assert metrics["selection"]["n_matched"] == 2727
    assert metrics["selection"]["n_unmatched_gt"] == 273
    assert math.isclose(metrics["mOKS"]["mOKS"], 0.0112, abs_tol=5e-5)
    assert math.isclose(metrics["distance_metrics"]["avg"], 17.72, abs_tol=5e-3)
    assert math.isclose(metrics["distance_metrics"]["p50"], 5.00, abs_tol=5e-3)
    assert math.isclose(metrics["pck_metrics"]["mPCK"], 0.3770, abs_tol=5e-5)
    assert math.isclose(metrics["voc_metrics"]["pck_voc.mAP"], 0.1271, abs_tol=5e-5)
