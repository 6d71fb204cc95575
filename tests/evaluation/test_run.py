"""Evaluating files: names, saving, several predictions, the Python entry point."""

from pathlib import Path

import numpy as np
import pytest
from tolerances import SIX_DECIMALS

from sleap_rt.errors import DataError, OptionError
from sleap_rt.evaluation import EvalOptions, IdentityOptions, load_metrics, run_eval, run_evaluation
from sleap_rt.evaluation.run import short_names
from sleap_rt.evaluation.tables import table_text

from .builders import (
    Predicted,
    User,
    make_labels,
    square,
    vector_ground_truth,
    vector_predictions,
)


@pytest.fixture
def files(tmp_path):
    vector_ground_truth().save(str(tmp_path / "gt.slp"), verbose=False)
    vector_predictions().save(str(tmp_path / "pr.slp"), verbose=False)
    make_labels({0: []}).save(str(tmp_path / "empty.slp"), verbose=False)
    worse = {f: [Predicted(square(3 + f), 0.5)] for f in range(5)}
    make_labels(worse).save(str(tmp_path / "worse.slp"), verbose=False)
    return tmp_path


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["x/a.slp"], ["a"]),
        (["x/a.slp", "y/b.slp"], ["a", "b"]),
        (["x/a.slp", "y/a.slp"], ["x_a", "y_a"]),
        (["x/m/a.slp", "y/m/a.slp"], ["x_m_a", "y_m_a"]),
        (["a.predictions.slp"], ["a.predictions"]),
    ],
)
def test_predictions_have_short_and_distinct_names(paths, names):
    assert short_names(tuple(map(Path, paths))) == names


def test_run_evaluation_returns_and_saves(files):
    metrics = run_evaluation(
        files / "gt.slp", files / "pr.slp", save_metrics=files / "out" / "m.npz"
    )
    assert metrics["mOKS"]["mOKS"] == pytest.approx(0.433201, abs=SIX_DECIMALS)
    stored = load_metrics(files / "out" / "m.npz", allow_pickle=True)
    np.testing.assert_equal(stored, metrics)
    assert (files / "out" / "m.json").is_file()


def test_no_predictions_are_written_all_the_same(files):
    metrics = run_evaluation(files / "gt.slp", files / "empty.slp", save_metrics=files / "m.npz")
    assert np.isnan(metrics["mOKS"]["mOKS"])
    with np.load(files / "m.npz") as stored:
        assert np.isnan(stored["mOKS"])
        assert stored["mAP"] == 0


def test_centroid_threshold_0_means_50_px(files):
    points = {0: [Predicted([[60.0, 15.0]])], 1: [Predicted([[71.0, 15.0]])]}
    labels = make_labels(points, nodes=("centroid",), edges=())
    labels.save(str(files / "centroids.slp"), verbose=False)
    # The squares' centroid is (20, 15): 40 px and 51 px away.
    metrics = run_evaluation(files / "gt.slp", files / "centroids.slp", match_method="centroid")
    detection = metrics["detection_metrics"]
    assert (detection["n_tp"], detection["n_fp"], detection["n_fn"]) == (1, 1, 1)
    assert detection["avg"] == pytest.approx(40)
    assert metrics["options"]["match_threshold"] == 50.0


def test_an_anchor_that_auto_cannot_use_is_refused(files):
    with pytest.raises(OptionError, match="has no effect with match_method oks"):
        run_evaluation(files / "gt.slp", files / "pr.slp", match_method="auto", anchor_part="a")


def test_an_unknown_anchor_is_refused_with_a_near_name(files):
    with pytest.raises(DataError, match=r"no node 'aa'.*its nodes are a, b.* Did you mean 'a'"):
        run_evaluation(
            files / "gt.slp", files / "pr.slp", match_method="centroid", anchor_part="aa"
        )


def test_several_predictions_side_by_side(files):
    run = run_eval(
        EvalOptions(
            ground_truth_path=files / "gt.slp",
            predicted_paths=(files / "pr.slp", files / "worse.slp"),
            save_metrics=files / "m.npz",
        )
    )
    assert [e.name for e in run.evaluations] == ["pr", "worse"]
    for evaluation in run.evaluations:
        stored = load_metrics(files / f"m.{evaluation.name}.npz", allow_pickle=True)
        np.testing.assert_equal(stored, evaluation.metrics)
        assert (files / f"m.{evaluation.name}.json").is_file()
    text = table_text(run)
    first, second = (e.metrics["mOKS"]["mOKS"] for e in run.evaluations)
    assert _line(text, "mOKS").split() == ["mOKS", f"{first:.4f}", f"{second:.4f}"]
    assert _line(text, "matched instances").split()[-2:] == ["6", "5"]
    assert run.notes[-1] == ("the files were not compared on the same frames: pr on 6, worse on 5")
    assert run.notes[0].startswith("pr: 1 ground-truth frame with 1 instance is absent")


def test_several_predictions_are_named_alike_with_either_ending(files):
    for name in ("m.json", "m.npz", "m"):
        run_eval(
            EvalOptions(
                ground_truth_path=files / "gt.slp",
                predicted_paths=(files / "pr.slp", files / "worse.slp"),
                save_metrics=files / name,
            )
        )
    saved = {path.name for path in files.glob("m*")}
    assert saved == {f"m.{one}.{kind}" for one in ("pr", "worse") for kind in ("npz", "json")}


def test_an_earlier_result_is_replaced_only_by_one_of_the_same_files(files, monkeypatch):
    monkeypatch.chdir(files)
    for truth in ("gt.slp", files / "gt.slp"):
        run_evaluation(truth, "pr.slp", save_metrics="m")
    with pytest.raises(
        DataError, match=r"m\.npz exists and compares .*pr\.slp with .*gt\.slp, not"
    ):
        run_evaluation("gt.slp", "worse.slp", save_metrics="m")
    stored = load_metrics("m.npz", allow_pickle=True)
    assert stored["options"]["predictions"] == "pr.slp"
    run_evaluation("gt.slp", "worse.slp", save_metrics="m", overwrite=True)
    assert load_metrics("m.npz", allow_pickle=True)["options"]["predictions"] == "worse.slp"


def test_files_of_others_are_refused_before_anything_is_read(files):
    np.savez(files / "weights.npz", metrics=np.zeros(3))
    (files / "coco.json").write_text('{"images": [], "annotations": []}')
    (files / "bare.json").write_text("[")
    (files / "deep.json").write_text('{"sleap_rt_evaluation": ' + "[" * 100_000)
    for name in ("weights.npz", "weights", "coco", "coco.npz", "coco.json", "bare", "deep"):
        with pytest.raises(DataError, match=r"is no result of eval.* or pass overwrite=True"):
            run_evaluation(files / "none.slp", files / "pr.slp", save_metrics=files / name)
    assert {path.name for path in files.glob("coco*")} == {"coco.json"}
    assert (files / "coco.json").read_text().startswith('{"images"')


def test_long_names_go_on_below_in_their_column(files):
    long = "a_model_with_a_long_name"
    (files / "pr.slp").rename(files / f"{long}.slp")
    run = run_eval(
        EvalOptions(
            ground_truth_path=files / "gt.slp",
            predicted_paths=(files / f"{long}.slp", files / "worse.slp"),
        )
    )
    lines = table_text(run).splitlines()
    start = lines.index("What was compared") + 1
    first, second, values = lines[start : start + 3]
    assert (first.split(), second.split()) == ([long[:16], "worse"], [long[16:]])
    assert first.index("worse") + len("worse") == len(values)
    assert second.index(long[16:]) + len(long[16:]) == first.index("worse") - 2


def test_results_print_as_a_line_each(files):
    run = run_eval(
        EvalOptions(
            ground_truth_path=files / "gt.slp",
            predicted_paths=(files / "pr.slp", files / "worse.slp"),
        )
    )
    told = (
        f"<EvaluationRun against {files}/gt.slp: <Evaluation pr: poses>, <Evaluation worse: poses>>"
    )
    assert repr(run) == told
    assert repr(run.evaluations[0].pairing) == "<PosePairing 6 matched pairs in 6 frames>"
    assert repr(run.ground_truth).startswith(f"<PoseTable {files}/gt.slp: ")


def _line(text, label):
    (line,) = (line for line in text.splitlines() if line.strip().startswith(f"{label}  "))
    return line


def test_the_table_of_the_vector(files):
    run = run_eval(
        EvalOptions(ground_truth_path=files / "gt.slp", predicted_paths=(files / "pr.slp",))
    )
    text = table_text(run)
    expected = {
        "mOKS": "0.6763",
        "mAP (OKS VOC)": "0.2520",
        "mAR (OKS VOC)": "0.4143",
        "Average Distance": "2.68 px",
        "dist.p50": "2.50 px",
        "dist.p95": "6.00 px",
        "mPCK": "0.6708",
        "PCK@5px": "0.7500",
        "PCK@10px": "0.9167",
        "Visibility Precision": "0.9565",
        "Visibility Recall": "0.9565",
        "frame pairs": "6",
        "ground-truth frames left out": "1",
        "not an animal (FP)": "1",
    }
    for label, value in expected.items():
        assert _line(text, label).endswith(f" {value}"), label
    assert (
        "Poses: animals paired by OKS above 0, OKS with a spread of 0.05, size from each animal's "
        "box, truth: every instance of the file\n"
    ) in text


def test_undefined_values_are_a_word_in_the_table(files):
    run = run_eval(
        EvalOptions(ground_truth_path=files / "gt.slp", predicted_paths=(files / "empty.slp",))
    )
    text = table_text(run)
    assert "nan" not in text.lower()
    assert _line(text, "mOKS").endswith(" undefined")
    assert any("no predicted instances" in note for note in run.evaluations[0].notes)


def test_switches_are_listed_and_long_lists_are_cut_with_a_word(files):
    def tracked(frame, names):
        return [Predicted(square(frame), track=names[0]), Predicted(square(400), track=names[1])]

    truth = {f: [User(square(f), track="m"), User(square(400), track="n")] for f in range(14)}
    swapping = {f: tracked(f, ("s", "t") if f % 2 else ("t", "s")) for f in range(14)}
    make_labels(truth).save(str(files / "tt.slp"), verbose=False)
    make_labels(swapping).save(str(files / "ts.slp"), verbose=False)
    run = run_eval(
        EvalOptions(
            ground_truth_path=files / "tt.slp",
            predicted_paths=(files / "ts.slp",),
            identities=IdentityOptions(),
        )
    )
    text = table_text(run)
    assert "mice.mp4 frame 1: m, t -> s" in text
    assert "... and 6 more" in text
    assert _line(text, "switches (IDSW)").endswith(" 26")


def test_missing_files_are_errors_in_words(files):
    with pytest.raises(DataError, match=r"There is no labels file .*none\.slp"):
        run_evaluation(files / "none.slp", files / "pr.slp")
    with pytest.raises(DataError, match=r"There is no labels file .*none\.slp"):
        run_evaluation(files / "gt.slp", files / "none.slp")


def test_in_python_a_video_or_a_model_is_told_before_any_file_is_opened(files):
    (files / "v.mp4").write_bytes(b"")
    with pytest.raises(OptionError, match=r"ground_truth_path .*v\.mp4 is a video; name a `\.slp`"):
        run_evaluation(files / "v.mp4", files / "none.slp")
    with pytest.raises(OptionError, match=r"predicted_path .*v\.mp4 is a video; name a `\.slp`"):
        run_evaluation(files / "none.slp", files / "v.mp4")


def test_in_python_notes_are_logged(files, caplog):
    run_evaluation(files / "gt.slp", files / "gt.slp")
    assert "gt.slp is compared with itself: it was given as the ground truth, too" in caplog.text
    assert "gt.slp has no predicted instances: there is nothing to score" in caplog.text
    caplog.clear()
    run_evaluation(files / "gt.slp", files / "pr.slp", user_labels_only=False)
    assert "1 ground-truth frame with 1 instance is absent from" in caplog.text


def test_overwrite_without_a_file_to_write_is_refused(files):
    with pytest.raises(OptionError, match=r"^overwrite has no effect without save_metrics or repo"):
        run_evaluation(files / "gt.slp", files / "pr.slp", overwrite=True)


@pytest.mark.parametrize("name", ["tracks", "report", "similarity", "coco_max_dets"])
def test_what_the_command_does_besides_is_told_where_it_is(name):
    with pytest.raises(TypeError, match=rf"'{name}': run_eval\(EvalOptions\(\.\.\.\)\) takes it"):
        run_evaluation("labels.slp", "predictions.slp", **{name: 1})


def test_results_of_different_videos_are_told_how_to_become_one(tmp_path):
    truth = {(f"{name}.mp4", frame): [User(square(3))] for frame, name in enumerate("ab")}
    make_labels(truth).save(str(tmp_path / "gt.slp"), verbose=False)
    for frame, name in enumerate("ab"):
        found = make_labels({(f"{name}.mp4", frame): [Predicted(square(3), 0.5)]})
        found.save(str(tmp_path / f"{name}.slp"), verbose=False)
    paths = (tmp_path / "a.slp", tmp_path / "b.slp")
    run = run_eval(EvalOptions(ground_truth_path=tmp_path / "gt.slp", predicted_paths=paths))
    assert "They are of different videos: `sio merge RESULT... -o ALL.slp`" in run.notes[-1]
