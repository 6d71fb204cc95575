"""`eval` and `eval-tracking` as a user runs them: output, exit codes, messages."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from tolerances import SIX_DECIMALS

from sleap_rt.cli import main
from sleap_rt.errors import RunError

from .builders import (
    Predicted,
    User,
    make_labels,
    square,
    vector_ground_truth,
    vector_predictions,
)


@pytest.fixture
def sleap_nn(capsys, monkeypatch, tmp_path):
    """Run the program in a folder with small files; returns (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    vector_ground_truth().save("gt.slp", verbose=False)
    vector_predictions().save("pr.slp", verbose=False)
    make_labels({0: []}).save("empty.slp", verbose=False)
    make_labels({0: [Predicted(square())]}, video="w.mp4").save("other_video.slp", verbose=False)
    make_labels({50: [Predicted(square())]}).save("other_frame.slp", verbose=False)
    make_labels({0: [Predicted(square())]}, nodes=("w", "x", "y", "z"), edges=()).save(
        "other_nodes.slp", verbose=False
    )
    make_labels({0: [Predicted([[20.0, 15.0]])]}, nodes=("centroid",), edges=()).save(
        "centroids.slp", verbose=False
    )
    tracks = {f: [User(square(f), track="m"), User(square(400), track="n")] for f in range(4)}
    make_labels(tracks).save("tracks.slp", verbose=False)

    def run(*args):
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main(list(args))
        out, err = capsys.readouterr()
        return exit_.value.code, out, err

    return run


def test_eval_prints_the_command_lines_own_defaults(sleap_nn):
    code, out, err = sleap_nn("eval", "-g", "gt.slp", "-p", "pr.slp")
    assert code == 0
    values = dict(line.rsplit(maxsplit=1) for line in out.splitlines() if line.startswith("  m"))
    assert values["  mOKS"] == "0.6763"
    assert values["  mAP (OKS VOC)"] == "0.2520"
    assert "OKS with a spread of 0.05" in out
    assert err.startswith("Warning: 1 ground-truth frame with 1 instance is absent from pr.slp")


def test_hyphens_are_accepted_and_files_written(sleap_nn, tmp_path):
    code, _, err = sleap_nn(
        *("eval", "--ground-truth-path", "gt.slp", "--predicted-path", "pr.slp"),
        *("--save-metrics", "out/m.npz", "--oks-stddev", "0.025", "--user-labels-only"),
    )
    assert code == 0
    assert "Saved out/m.npz\nSaved out/m.json\nnext: " in err
    with np.load("out/m.npz") as stored:
        assert stored["mOKS"] == pytest.approx(0.433201, abs=SIX_DECIMALS)
    options = json.loads((tmp_path / "out" / "m.json").read_text())["options"]
    assert (options["oks_stddev"], options["user_labels_only"]) == (0.025, True)


def test_no_user_labels_only_can_be_said(sleap_nn):
    code, out, _ = sleap_nn("eval", "-g", "gt.slp", "-p", "pr.slp", "--no-user_labels_only")
    assert code == 0
    assert "truth: every instance of the file" in out


def test_no_predictions_are_said_and_the_file_is_written(sleap_nn, tmp_path):
    code, out, err = sleap_nn("eval", "-g", "gt.slp", "-p", "empty.slp", "-s", "m.npz")
    assert code == 0
    assert "undefined" in out
    assert "nan" not in out.lower()
    assert "empty.slp has no predicted instances" in err
    assert (tmp_path / "m.npz").is_file()


def test_centroid_predictions_are_recognised(sleap_nn):
    code, out, _ = sleap_nn("eval", "-g", "gt.slp", "-p", "centroids.slp")
    assert code == 0
    assert "centers (mean of the visible nodes) up to 50 px apart" in out
    assert "mOKS" not in out
    for label in ("Detection Precision", "Detection Recall", "Average Distance", "dist.p90"):
        assert label in out


def test_tracks_add_identities(sleap_nn):
    code, out, _ = sleap_nn("eval", "-g", "tracks.slp", "-p", "tracks.slp", "--tracks")
    assert code == 0
    assert "HOTA" in out
    assert "Switches, tracks: none" in out


def test_eval_tracking_measures_identities_alone_without_scores(sleap_nn):
    code, out, err = sleap_nn("eval-tracking", "-g", "tracks.slp", "-p", "tracks.slp")
    said = [line for line in err.splitlines() if line[:5] != "next:"]
    assert (code, len(said)) == (0, 1)
    assert "tracks.slp is compared with itself" in said[0]
    assert "mOKS" not in out
    line = next(line for line in out.splitlines() if line.startswith("  IDF1 "))
    assert line.endswith(" 1.0000")


def test_several_predictions_are_columns(sleap_nn):
    code, out, err = sleap_nn("eval", "-g", "gt.slp", "-p", "pr.slp", "-p", "centroids.slp")
    assert code == 0
    moks = next(line for line in out.splitlines() if line.startswith("  mOKS"))
    assert moks.split()[1:] == ["0.6763", "-"]
    assert "Warning: some files were compared by OKS and others by centroids" in err
    assert "pr: animals paired by OKS above 0" in out
    assert "centroids: animals paired by their centers" in out


EVAL = ("eval", "-g", "gt.slp", "-p", "pr.slp")
TRACKING = ("eval-tracking", "-g", "tracks.slp", "-p", "tracks.slp")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("eval", "-p", "pr.slp"), "ground_truth_path"),
        (("eval", "-g", "gt.slp"), "predicted_path"),
        ((*EVAL, "--bogus"), "bogus"),
        ((*EVAL, "--oks_stddev", "wide"), "oks_stddev"),
        ((*EVAL, "--oks_stddev", "0"), "oks_stddev must be a number above 0, got 0.0"),
        ((*EVAL, "--oks_scale", "-5"), "oks_scale must be a number above 0, got -5.0"),
        ((*EVAL, "--match_threshold", "-1"), "match_threshold must be a number of at least 0"),
        ((*EVAL, "--match_threshold", "3"), "match_threshold must lie in [0, 1)"),
        ((*EVAL, "--match_method", "mask"), "'auto', 'oks', 'centroid'; mask needs masks, and"),
        ((*EVAL, "--match_method", "bbox"), "; bbox needs boxes, and sleap-rt does poses."),
        ((*EVAL, "--match_method", "semantic"), "; semantic needs masks, and"),
        (
            (*EVAL, "--match_method", "oks", "--anchor_part", "a"),
            "--anchor_part 'a' has no effect with --match_method oks",
        ),
        ((*EVAL, "--anchor_part", "a"), "--anchor_part 'a' has no effect with --match_method oks"),
        ((*EVAL, "--coco_max_dets", "0"), "coco_max_dets must be at least 1, got 0"),
        ((*EVAL, "-p", "pr.slp"), "predicted_path pr.slp is given more than once"),
        ((*EVAL, "-s", "gt.slp"), "save_metrics gt.slp is one of the input files"),
        ((*EVAL, "-s", "met.txt"), "save_metrics met.txt: must end in .npz or .json, or in"),
        ((*EVAL, "-s", ""), "-s is empty"),
        ((*EVAL, "--report", ""), "--report is empty"),
        ((*EVAL, "--report", "."), "report is not the name of a file"),
        ((*EVAL, "--report", "r.pdf"), "report r.pdf: must end in .html"),
        ((*EVAL, "--report", "r"), "report r: must end in .html"),
        ((*EVAL, "--report", "../"), "must end in .html"),
        ((*EVAL, "--overwrite"), "--overwrite has no effect without --save_metrics or --report"),
        ((*EVAL, "--similarity", "iou"), "similarity: no effect here"),
        ((*EVAL, "--max_distance", "9"), "max_distance: no effect here"),
        ((*EVAL, "--tracks", "--max_distance", "9"), "not used with similarity oks"),
        (
            (*EVAL, "--match_method", "centroid", "--oks_stddev", "0.1"),
            "oks_stddev: no effect here: nothing is compared by OKS",
        ),
        ((*TRACKING, "--similarity", "mask"), "'oks', 'centroid', 'iou'; mask needs"),
        ((*TRACKING, "--similarity_threshold", "0"), "similarity_threshold must lie in (0, 1]"),
        ((*TRACKING, "--similarity", "iou", "--oks_scale", "9"), "oks_scale: no effect here"),
        ((*TRACKING, "--match_method", "oks"), "match_method"),
    ],
)
def test_wrong_usage_is_exit_code_2(sleap_nn, args, message):
    code, out, err = sleap_nn(*args)
    assert code == 2
    assert out == ""
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize("args", [EVAL, TRACKING], ids=["eval", "eval-tracking"])
def test_wrong_values_are_told_before_any_file_is_opened(sleap_nn, args):
    command = [arg.replace(".slp", ".none.slp") for arg in args]
    code, _, err = sleap_nn(*command, "--oks_stddev", "-1")
    assert code == 2
    assert "oks_stddev" in err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("eval", "-g", "none.slp", "-p", "pr.slp"), "There is no labels file none.slp"),
        (("eval", "-g", "gt.slp", "-p", "none.slp"), "There is no labels file none.slp"),
        (("eval", "-g", "gt.slp", "-p", "other_video.slp"), "`sio filenames other_video.slp -o"),
        (("eval", "-g", "gt.slp", "-p", "other_frame.slp"), "Empty frame pairs"),
        (("eval", "-g", "gt.slp", "-p", "other_nodes.slp"), "No node name is common"),
        (("eval", "-g", "pr.slp", "-p", "pr.slp", "--user_labels_only"), "user_labels_only is on"),
        ((*EVAL, "--tracks"), "has no tracks"),
        ((*EVAL, "--report", "gt.slp/r.html"), "gt.slp is a file, not a folder"),
        ((*EVAL, "-s", "gt.slp/m.npz"), "gt.slp is a file, not a folder"),
        ((*EVAL, "-s", "../"), "it is a folder; name a file in it"),
        (("eval", "-g", ".", "-p", "pr.slp"), "is a folder; name a .slp labels file"),
        (
            ("eval-tracking", "-g", "tracks.slp", "-p", "pr.slp"),
            "pr.slp (the predictions) has no tracks",
        ),
    ],
)
def test_bad_data_is_exit_code_1_in_one_line(sleap_nn, args, message):
    code, out, err = sleap_nn(*args)
    assert code == 1
    assert out == ""
    assert message in err
    assert err.startswith("Error: ")
    assert err.count("\n") == 1


def test_files_that_are_no_results_are_kept(sleap_nn, tmp_path):
    for name, option in (("mine.html", "--report"), ("mine.json", "--save_metrics")):
        (tmp_path / name).write_text("mine")
        code, out, err = sleap_nn(*EVAL, option, name)
        assert (code, out) == (1, "")
        assert err == (
            f"Error: {name} exists and is no result of eval. It is not replaced: choose another "
            f"{option}, or pass --overwrite.\n"
        )
        assert (tmp_path / name).read_text() == "mine"
    assert not (tmp_path / "mine.npz").exists()


def test_a_repeated_command_replaces_its_own_results(sleap_nn, tmp_path):
    pytest.importorskip("matplotlib")
    results = ("-s", "m", "--report", "r.html")
    for stddev in ("0.05", "0.1"):
        code, _, err = sleap_nn(*EVAL, *results, "--oks_stddev", stddev)
        assert (code, err.count("Saved ")) == (0, 3)
    assert "spread of 0.1" in (tmp_path / "r.html").read_text(encoding="utf8")
    other = ("eval", "-g", "gt.slp", "-p", "empty.slp", "--report", "r.html")
    code, out, err = sleap_nn(*other)
    assert (code, out) == (1, "")
    assert "r.html exists and compares " in err
    code, _, _ = sleap_nn(*other, "--overwrite")
    assert code == 0


def test_results_that_cannot_be_saved_are_still_printed(sleap_nn, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sleap_rt.evaluation.outputs.os.replace", full)
    code, out, err = sleap_nn(*EVAL, "-s", "m.npz")
    assert code == 1
    assert "mOKS" in out
    assert "Error: m.npz cannot be written: No space left on device" in err
    assert [path for path in os.listdir() if path.startswith((".saving", "m."))] == []


def test_a_reader_that_has_seen_enough_costs_no_file(sleap_nn, tmp_path):
    command = [sys.executable, "-m", "sleap_rt", "eval", "gt.slp", "pr.slp", "--report", "r.html"]
    reader, writer = os.pipe()
    os.close(reader)  # as `head` does when it has its lines
    with os.fdopen(writer, "wb") as closed:
        done = subprocess.run(
            command, cwd=tmp_path, stdout=closed, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (tmp_path / "r.html").stat().st_size > 10_000
    assert done.returncode == 0
    assert "Warning: " in done.stderr
    assert "Saved r.html\n" in done.stderr


def test_files_are_written_and_warnings_said_ahead_of_the_numbers(sleap_nn, monkeypatch):
    def no_numbers(run):
        raise RunError("no numbers")

    monkeypatch.setattr("sleap_rt.evaluation.tables.parts_of", no_numbers)
    code, _, err = sleap_nn(*EVAL, "-s", "m.npz", "--report", "r.html")
    assert (code, "Warning: " in err, err.splitlines()[-1]) == (1, True, "Error: no numbers")
    assert {"m.npz", "m.json", "r.html"} <= {*os.listdir()}


def test_no_predictions_with_tracks_are_said_and_written(sleap_nn):
    empty = ("-p", "empty.slp", "--tracks", "-s", "m.npz")
    code, out, err = sleap_nn("eval", "-g", "tracks.slp", *empty)
    assert code == 0
    assert "nan" not in out.lower()
    assert "empty.slp has no instances, so nothing is tracked" in err
    with np.load("m.npz") as stored:
        assert stored["mAP"] == 0


def test_the_size_of_both_files_is_printed(sleap_nn):
    _, out, _ = sleap_nn(*EVAL)
    assert out.startswith(
        "ground truth: gt.slp (1 video, 7 frames, 8 instances)\n"
        "pr: pr.slp (1 video, 6 frames, 7 instances)\n"
    )


def test_a_node_that_was_never_found_is_said_in_the_table(sleap_nn):
    frames = {0: [Predicted(square(missing="c"), 0.5)]}
    make_labels(frames).save("no_c.slp", verbose=False)
    _, out, _ = sleap_nn("eval", "-g", "gt.slp", "-p", "no_c.slp")
    assert "  c  never measured\n" in out


@pytest.mark.parametrize("name", ["eval", "eval-tracking"])
def test_help_names_every_option_with_its_default(sleap_nn, name):
    code, out, _ = sleap_nn(name, "--help")
    assert code == 0
    for option in ("--ground_truth_path", "--save_metrics", "--report", "--similarity"):
        assert option in out
    assert "default: 0.05" in out


HEAVY = ("sleap_io", "scipy", "cv2", "matplotlib", "numpy", "h5py")


def test_help_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from sleap_rt.cli import main\n"
        "try:\n    main(['eval', '--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert result.stderr.strip() == "[]"


def test_a_file_compared_with_itself_is_said(sleap_nn):
    _, _, err = sleap_nn("eval", "-g", "pr.slp", "-p", "./pr.slp")
    assert "pr.slp is compared with itself" in err
    assert "with itself" not in sleap_nn(*EVAL)[2]
