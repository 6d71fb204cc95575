"""What the reference answered with a traceback, or not at all: one message and the right code."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
import sleap_io as sio

from sleap_rt import run_inference
from sleap_rt.errors import OptionError
from sleap_rt.export import cache

CLIP = "samples/crawlers.mp4"
LABELS = "samples/crawlers.slp"

# Arguments after `track`, exit code, words of the message. {model}: a model folder, never opened.
WRONG_USE = [
    ("-m {model}", 2, "No input was given; name a video, a folder or"),
    ("-i {clip}", 2, "Neither --model_paths (predict poses) nor --tracking (follow the"),
    ("-i {clip} -t", 2, "tracking without a model needs poses"),
    ("-m {model} {clip}", 2, "is a video, not a model. Inputs stand ahead of -m, which takes all"),
    ("-m {clip} -i {model}", 2, "track samples/crawlers.mp4 -m samples/models/bottomup`"),
    ("{labels} -m {model} {clip}", 2, "track samples/crawlers.slp samples/crawlers.mp4 -m"),
    ("-m {model} {clip}", 2, "track samples/crawlers.mp4 -m samples/models/bottomup`"),
    ("{clip} -m {model} {labels} -t", 2, "crawlers.slp is a labels file, not a model"),
    ("-m {model} samples", 2, "samples is a folder of videos, not a model"),
    ("{clip} -m {model} --frames 0-9 12", 2, "12 is no file; as a part of --frames, write it"),
    ("{clip} -m {model} --frames 0-9 12", 2, "without spaces: --frames 0-9,12"),
    ("{clip} -m {model} --frames=0-9 12 14-20", 2, "without spaces: --frames 0-9,12"),
    ("{clip} -m {model} -n 2 3", 2, "3 is no file; -n takes one value, 2, so leave out 3"),
    ("{clip} -m {model} -n 2 2", 2, "2 is no file; -n takes one value, 2, so leave out 2"),
    ("{clip} -m {model} tracking", 2, "There is no file 'tracking'; the option is --tracking"),
    ("{clip} -m {model} --config {labels}", 2, "crawlers.slp is a labels file, not a YAML file"),
    ("{clip} 12-20 -m {model}", 2, "12-20 is no file; frames are chosen by --frames 12-20"),
    ("2024-01-05 -m {model}", 2, "2024-01-05 is no file; name a file, or the option that it"),
    ("{clip} -m {model} 12", 2, "12 is no file; frames are chosen by --frames 12"),
    ("{clip} -m {model} -o x.pkg.slp", 2, "results hold no images, so they are no package"),
    ("{labels} -t -o x.pkg.slp", 2, "results hold no images, so they are no package"),
    (
        "{clip} -m {model} -o x.nwb",
        2,
        "predict with tracking (-t), with --max_instances 1 (-n 1) for one animal",
    ),
    ("-i {clip} -m {model} --bogus", 2, "No such option '--bogus'"),
    ("-i {clip} -m {model} --max_track 3", 2, "--max_tracks"),
    ("-i {clip} -m {model} -t --max_tracks x", 2, "'x' is not a valid integer"),
    ("-i {clip} -m {model} -t --features foo", 2, "'foo' is not one of"),
    ("-i {clip} -m {model} -t --scoring_method foo", 2, "'foo' is not one of"),
    ("-i {clip} -m {model} -t --scoring_reduction foo", 2, "'foo' is not one of"),
    ("-i {clip} -m {model} -t --track_matching_method foo", 2, "'foo' is not one of"),
    ("-i {clip} -m {model} -t --candidates_method foo", 2, "'foo' is not one of"),
    (
        "-i {clip} -m {model} -t --features bboxes",
        2,
        "features 'bboxes': does not go with the usual --scoring_method",
    ),
    ("-i {clip} -m {model} -t --post_connect_single_breaks", 2, "needs the number of animals"),
    ("-i {clip} -m {model} -t --of_window_size 11", 2, "use_flow is on"),
    ("-i {clip} -m {model} -t --motion_model kalman --use_flow", 2, "motion_model is none"),
    ("-i {clip} -m {model} -b 0", 2, "batch_size must be at least 1, got 0"),
    ("-i {clip} -m {model} --queue_maxsize 0", 2, "queue_maxsize must be at least 1"),
    ("-i {clip} -m {model} -n 0", 2, "max_instances must be at least 1"),
    ("-i {clip} -m {model} --peak_threshold nan", 2, "peak_threshold must be a number"),
    ("-i {clip} -m {model} --integral_refinement fast", 2, "'integral' or 'none', got 'fast'"),
    ("-i {clip} -m {model} --engine warp", 2, "No engine named 'warp'"),
    ("-i {clip} -m {model} --frames 5-3", 2, "runs backwards; write 3-5"),
    ("-i {clip} -m {model} --frames a", 2, "neither a frame nor a range"),
    ("-i {clip} -m {model} --frames 1..3", 2, "neither a frame nor a range"),
    ("-i {clip} -m {model} --only_labeled_frames", 2, "has no labels to choose by"),
    ("-i {clip} -m {model} --video_index 0", 2, "has no labels to choose by"),
    ("-i {clip} -m {model} --video_dataset x", 2, "video_dataset is for HDF5"),
    ("-i {labels} -m {model} --video_index 5", 2, "the labels have 1 video, 0 to 0"),
    ("-i {labels} -m {model} --video_index -1", 2, "video_index must be 0 or more"),
    ("-i {labels} -m {model} --only_labeled_frames --exclude_user_labeled", 2, "exclude each"),
    ("-i {clip} -m {model} --ensure_rgb --ensure_grayscale", 2, "exclude each other"),
    ("-i {clip} -m {model} --centroid-output foo", 2, "'foo' is not one of"),
    (
        "-i {clip} -m {model} --integral_refinement none --integral_patch_size 7",
        2,
        "--integral_patch_size: no effect with --integral_refinement 'none'",
    ),
    ("-i {clip} -m {model} --crop_size 0", 2, "crop_size must be at least 1"),
    ("-i {clip} -m {model} -o out.txt", 2, "must end in .slp"),
    ("-i {clip} -m {model} -o out.slp --output_format csv", 2, "must end in .csv"),
    ("-i {clip} -m {model} --output_format xls", 2, "'xls' is not one of"),
    ("-i {labels} -t --peak_threshold 0.1", 2, "peak_threshold: no effect with tracking without"),
    ("-i pyproject.toml -t", 2, "that is a `.slp` file; give --model_paths to predict them"),
    ("-i a.csv -t", 2, "this is a table; name the `.slp` file that has the poses"),
    ("-i a.nwb -t", 2, "this is an NWB file; name the `.slp` file that has the poses"),
    ("-i 1.part -t", 2, "this is a part of a run; `sleap-nn merge` puts the parts together"),
    ("-i {clip} -m {model} --frame_range_of 1/3 -o parts", 2, "name parts.part, or leave it out"),
    ("-i {clip} -m {model} --frame_range_of 1/3 -o docs", 2, "name docs/NAME.part, or leave"),
    (
        "-i {clip} {labels} -m {model} --frame_range_of 1/3",
        2,
        "name of its part (-o NAME.part)",
    ),
    ("-i {labels} -t --only_labeled_frames", 2, "only_labeled_frames: no effect"),
    ("-i {labels} -t --video_index 3", 2, "video_index 3: the labels have 1 video, 0 to 0"),
]
BAD_DATA = [
    ("-i none.mp4 -m {model}", 1, "none.mp4 does not exist"),
    ("-i none.slp -m {model}", 1, "none.slp does not exist"),
    ("{clip} --max_tracks 2", 2, "Error: Neither --model_paths (predict poses) nor --tracking"),
    ("-i none.slp -t", 1, "There is no labels file none.slp"),
    ("-i {clip} -m none", 1, "none does not exist; expected an export folder"),
    ("-i {clip} -m tests", 1, "tests is no model (it holds"),
    ("-i README.md -m {model}", 1, "not a video that can be read"),
    ("-i {clip} -m {model} --frames 500-600", 1, "the video has frames 0 to 179"),
    ("-i {labels} -t --frames 500-600", 1, "none of the frames asked for has labels"),
    ("-i {labels} -m {model} -o {labels}", 1, "never overwritten"),
    ("-i {labels} -t -o {labels}", 1, "never overwritten"),
]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.csv", "is a table, no images; name the video, or the `.slp` file that has the poses"),
        ("a.nwb", "is an NWB file, no images; name the video, or the `.slp` file"),
        ("a.json", "is a JSON file, no images; name the video, or the `.slp` file"),
        ("a.part", "is a part of a run, no images; `sleap-nn merge` puts the parts together"),
    ],
)
def test_results_in_place_of_a_video_are_told(call, name, words, tmp_path, request):
    (tmp_path / name).write_text("x")
    done = call("track", tmp_path / name, "-m", request.config.rootpath / "samples/models/bottomup")
    assert done.code == 1
    assert words in done.err


def test_folders_with_videos_in_a_folder_without_are_named(call, tmp_path, request):
    for name in ("day1", "day2", "notes"):
        (tmp_path / "exp" / name).mkdir(parents=True)
    for name in ("day1/a.mp4", "day2/b.avi", "notes/c.txt"):
        (tmp_path / "exp" / name).touch()
    model = request.config.rootpath / "samples/models/bottomup"
    done = call("track", tmp_path / "exp", "-m", model)
    assert done.code == 1
    below = tmp_path / "exp/day1", tmp_path / "exp/day2"
    assert f"There are videos in {below[0]}, {below[1]}; name" in done.err


@pytest.mark.parametrize("words", ["render {0}", "eval {1} {0}", "eval {1} -p {0}"])
def test_a_part_in_place_of_poses_is_told(call, words, tmp_path):
    part = tmp_path / "1.part"
    part.touch()
    done = call(*words.format(part, LABELS).split())
    assert done.code == 2
    assert "1.part is a part of a run; `sleap-nn merge` puts the parts together" in done.err


@pytest.mark.parametrize(("arguments", "code", "words"), [*WRONG_USE, *BAD_DATA])
def test_wrong_calls_are_answered_in_words(call, arguments, code, words, request, monkeypatch):
    monkeypatch.chdir(request.config.rootpath)
    values = {"model": "samples/models/bottomup", "clip": CLIP, "labels": LABELS}
    done = call("track", *(part.format(**values) for part in arguments.split()))
    assert words in done.err
    assert done.code == code
    assert "Traceback" not in done.err
    assert not done.out


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        ("--output_format csv", "crawlers.csv"),
        ("-o out.h5", "out.h5"),
        ("-o out.json", "out.json"),
        ("--output_format nwb -o a.nwb", "a.nwb"),
    ],
)
def test_poses_that_are_only_converted_are_answered_with_what_does_it(
    call, asked, made, request, monkeypatch, tmp_path
):
    shutil.copy(request.config.rootpath / LABELS, tmp_path)
    monkeypatch.chdir(tmp_path)
    done = call("track", "crawlers.slp", *asked.split())
    assert (done.code, done.out) == (2, "")
    program, *words = re.search("`(sio convert [^`]*)` of sleap-io", done.err)[1].split()
    assert program == "sio"
    with pytest.raises(OptionError, match=re.escape(" ".join(words))):
        run_inference("crawlers.slp", **as_arguments(asked))
    sleap_io_cli = "from sleap_io.io.cli import cli; cli()"
    subprocess.run([sys.executable, "-c", sleap_io_cli, *words], check=True, capture_output=True)
    assert (tmp_path / made).exists()


def as_arguments(asked):
    names = {"--output_format": "output_format", "-o": "output_path"}
    words = asked.split()
    return {names[flag]: value for flag, value in zip(words[::2], words[1::2], strict=True)}


@pytest.mark.parametrize("name", ["out.slp", "out.part", "out.txt"])
def test_poses_that_are_not_converted_are_not_answered_with_it(call, name):
    done = call("track", "crawlers.slp", "-o", name)
    assert (done.code, "sio convert" in done.err) == (2, False)
    assert "Neither --model_paths (predict poses) nor --tracking" in done.err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("track my videos -m {model}", "my videos"),
        ("track {clip} -m my videos/one model -t", "my videos/one model"),
        ("info my videos/one model", "my videos/one model"),
        ("eval -g {labels} -p my videos/the last poses.slp", "my videos/the last poses.slp"),
    ],
)
def test_a_path_with_spaces_and_no_quotes_is_told(call, words, meant, request, tmp_path):
    model = tmp_path / "my videos/one model"
    model.mkdir(parents=True)
    (tmp_path / "my videos/the last poses.slp").touch()
    root = request.config.rootpath
    given = {
        "model": root / "samples/models/bottomup",
        "clip": root / CLIP,
        "labels": root / LABELS,
    }
    words = words.format(**given).replace("my videos", str(tmp_path / "my videos"))
    done = call(*words.split())
    assert f"but '{tmp_path / meant}' does; a path with spaces stands in quotes" in done.err
    assert done.code == 2


def test_the_name_of_an_option_in_that_of_a_file_stays(call):
    told = call("track", "fly max_tracks 2.mp4", "-m", "samples/models/bottomup").err
    assert "fly max_tracks 2.mp4 does not exist" in told


def test_options_without_effect_on_the_model_are_refused(call, request, sample_graphs, tmp_path):
    clip = request.config.rootpath / CLIP
    (graph,) = sample_graphs("bottomup")
    for options, words in (
        (["--centroid_peak_threshold", "0.1"], "no effect with bottomup"),
        (["--centroid_only"], "centroid_only: no effect"),
        (["--crop_size", "32"], "crop_size: no effect with bottomup; leave it out"),
    ):
        done = call("track", "-i", clip, "-m", graph, "-o", tmp_path / "out.slp", *options)
        assert words in done.err
        assert done.code == 2
    done = call("track", "-i", clip, "-m", graph, "-o", tmp_path / "o.slp", "--device", "abacus")
    assert done.code == 2
    assert "No engine serves device 'abacus'" in done.err


def test_a_crop_model_alone_needs_labelled_animals(call, request, sample_graphs, tmp_path):
    graphs = sample_graphs("centroid", "centered_instance")
    crops = next(path for path in graphs if path.stem == "centered_instance")
    clip = request.config.rootpath / CLIP
    done = call("track", "-i", clip, "-m", crops, "-o", tmp_path / "out.slp")
    assert "Error: This model alone works on labelled animals, and the input has none" in done.err
    assert done.code == 1


def test_an_error_is_a_json_line_for_programs(call):
    done = call("track", "-i", "none.mp4", "-m", "none", "--gui")
    line = json.loads(done.out)
    assert line["error"] is True
    assert line["type"] == "DataError"
    assert line["message"] in done.err


def test_verbose_shows_where_an_error_came_from(call):
    assert "Traceback" in call("track", "-i", "none.mp4", "-m", "none", "--verbose").err
    both = call("track", "-i", "none.mp4", "-m", "none", "--verbose", "--quiet")
    assert "--verbose and --quiet exclude each other" in both.err
    assert both.code == 2


def test_options_without_tracking_are_warned_about(call, request, sample_graphs, tmp_path):
    (graph,) = sample_graphs("bottomup")
    clip, out = request.config.rootpath / CLIP, tmp_path / "out.slp"
    done = call("track", "-i", clip, "-m", graph, "-o", out, "--frames", "0", "--max_tracks", "2")
    assert done.code == 0
    assert "Warning: --max_tracks: no effect without --tracking" in done.err


@pytest.mark.parametrize(("threshold", "n_steps"), [("0.2", 2), ("0.999", 0)])
def test_nothing_found_leads_nowhere(call, request, sample_graphs, tmp_path, threshold, n_steps):
    (graph,) = sample_graphs("bottomup")
    clip, output = str(request.config.rootpath / CLIP), str(tmp_path / "out.slp")
    given = ["-i", clip, "-m", str(graph), "--frames", "0", "-o", output]
    done = call("track", *given, "--peak_threshold", threshold)
    assert (done.code, done.err.count("\nnext")) == (0, n_steps)


def test_who_gets_centroids_is_told_how_to_get_poses(call, request, sample_graphs, tmp_path):
    clip, (graph,) = request.config.rootpath / CLIP, sample_graphs("centroid")
    for given, n_told in ((), 1), (("--centroid_only",), 0):
        done = call("track", clip, "-m", graph, "--frames", "0", "-o", tmp_path / "c.slp", *given)
        assert (done.code, done.err.count("poses need a crop model beside it")) == (0, n_told)


@pytest.mark.export
def test_overrides_reach_the_export(call, request, sample_graphs, tmp_path, monkeypatch):
    graphs, found = sample_graphs("bottomup"), []

    def cached_graphs(models, overrides, on_step):
        found.append((models, overrides))
        return graphs

    monkeypatch.setattr(cache, "cached_graphs", cached_graphs)
    root = request.config.rootpath
    model = root / "samples/models/bottomup"
    command = ("track", "-i", root / CLIP, "-m", model, "-o", tmp_path / "out.slp", "--frames", "0")
    given = "--input_scale 0.25 --max_height 300 --max_width 256 --no-ensure_rgb"
    done = call(*command, *given.split(), "--n_points", "7", "--integral_patch_size", "7")
    assert done.code == 0, done.err
    ((models, overrides),) = found
    assert models == (model,)
    assert set(overrides.given) == {
        *("input_scale", "max_height", "max_width", "ensure_rgb", "n_points"),
        "integral_patch_size",
    }
    assert (overrides.input_scale, overrides.max_height, overrides.ensure_rgb) == (0.25, 300, False)


@pytest.mark.e2e
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interrupted_run_goes_on(call, request, sample_graphs, tmp_path, ctrl_c_raises):
    (graph,) = sample_graphs("bottomup")
    root = request.config.rootpath
    out, journal = tmp_path / "out.slp", tmp_path / "out.slp.journal"
    arguments = ["track", "-i", root / CLIP, "-m", graph, "-o", out, "-t", "-b", "2"]
    command = [sys.executable, "-m", "sleap_rt", *map(str, arguments)]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=root)
    end = time.monotonic() + 120
    while not (journal.exists() and journal.stat().st_size > 10_000) and time.monotonic() < end:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, words = running.communicate(timeout=60)
    assert running.returncode == 130, words
    assert "frames are kept in" in words
    assert "--resume" in words
    assert "Traceback" not in words
    assert [path.name for path in tmp_path.iterdir()] == ["out.slp.journal"]
    resumed = call(*arguments, "--resume")
    assert resumed.code == 0, resumed.err
    whole = call(*arguments[:6], tmp_path / "whole.slp", *arguments[7:])
    assert whole.code == 0
    assert _content(out) == _content(tmp_path / "whole.slp")
    assert not journal.exists()


def _content(path):
    labels = sio.load_slp(str(path), open_videos=False)
    return [
        (frame.frame_idx, one.numpy(scores=True).tobytes(), one.score, one.track.name)
        for frame in labels
        for one in frame.instances
    ]


@pytest.mark.export
@pytest.mark.parametrize(
    ("call_", "words"),
    [
        (
            "-i {clip} -m {models}/single_instance --min_line_scores 0.1",
            "min_line_scores: no effect with single",
        ),
        (
            "-i {clip} -m {models}/bottomup --anchor_part head",
            "anchor_part: no effect with bottomup",
        ),
        ("-i {clip} -m {models}/bottomup --crop_size 64", "crop_size: no effect with bottomup"),
        ("-i {clip} -m {models}/bottomup --centroid_only", "centroid_only: no effect"),
        (
            "-i {clip} -m {models}/bottomup --centroid-output both",
            "--centroid_output 'both': only for the centroids of a centroid model alone",
        ),
        (
            "-i {labels} -m {models}/centered_instance --anchor_part wing",
            "anchor_part 'wing' is no node of the model's skeleton; its nodes are nose, head",
        ),
    ],
)
def test_what_has_no_effect_is_refused_before_a_model_is_exported(
    call, request, tmp_path, monkeypatch, call_, words
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.chdir(request.config.rootpath)
    values = {"clip": CLIP, "labels": LABELS, "models": "samples/models"}
    done = call("track", "-o", tmp_path / "out.slp", *call_.format(**values).split())
    assert words in done.err
    assert "exporting" not in done.err
    assert done.code == 2


@pytest.mark.export
def test_a_crop_model_without_labelled_animals_is_refused_before_it_is_exported(
    call, request, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    root = request.config.rootpath
    model = root / "samples/models/centered_instance"
    done = call("track", "-i", root / CLIP, "-m", model, "-o", tmp_path / "out.slp")
    assert "works on labelled animals, and the input has none" in done.err
    assert "exporting" not in done.err
    assert done.code == 1
