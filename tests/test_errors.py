"""Messages name options as they were given: typed in a command, keywords in Python."""

import pickle
import shutil
from pathlib import Path

import pytest

from sleap_rt.cli import main
from sleap_rt.errors import (
    DataError,
    ModelError,
    SleapRtError,
    SomeInputsFailedError,
    as_given,
    as_keywords,
    did_you_mean,
    did_you_mean_path,
    flags_are,
    log_of,
    naming,
    nearest,
    options_are_typed,
)


@pytest.mark.parametrize(
    ("typed", "keywords"),
    [
        ("another -o, or pass --overwrite.", "another output_path, or pass overwrite=True."),
        ("Pass --resume, or --no-resume.", "Pass resume=True, or resume=False."),
        ("or pass `--engine ort --device cpu`.", "or pass `engine='ort', device='cpu'`."),
        ("`track` takes it as --data_path (-i)", "run_inference takes it as data_path"),
        ("here it is --device cuda:1.", "here it is device='cuda:1'."),
        ("choose another --engine, or wait", "choose another engine, or wait"),
        ("of axes need --video_input_format.", "of axes need video_input_format."),
        ("e.g. --frame_size 1280x1024", "e.g. frame_size=(1280, 1024)"),
        ("it is given with data_path (-i).", "it is given with data_path."),
        ("`sleap-nn export A -o B` with --engine", "`sleap-rt export A -o B` with engine"),
        ("give it as ground_truth_path (-g)", "give it as ground_truth_path"),
        ("pass it to track, or leave", "pass it to run_inference or PosePredictor, or leave"),
        ("create it with `--system-site-packages`", "create it with `--system-site-packages`"),
        ("by `ffmpeg -i a -c copy b.mp4` or -i", "by `ffmpeg -i a -c copy b.mp4` or data_path"),
        ("a--resume.mp4, b/--resume.mp4, top-o", "a--resume.mp4, b/--resume.mp4, top-o"),
    ],
)
def test_python_is_told_keywords(typed, keywords):
    assert as_keywords(typed) == keywords
    assert str(DataError(typed)) == keywords
    with options_are_typed():
        assert str(DataError(typed)) == typed


def test_a_command_is_told_what_it_was_typed(tmp_path, capsys):
    (tmp_path / "there.slp").write_text("not ours")
    words = ["track", "samples/crawlers.mp4", "-m", "samples/models/bottomup"]
    with pytest.raises(SystemExit):
        main([*words, "-o", str(tmp_path / "there.slp")])
    assert "choose another -o, or pass --overwrite" in capsys.readouterr().err
    assert "overwrite=True" in str(DataError("--overwrite"))  # and Python again, from now on


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("model.heads sets none", "model: model.heads sets none"),
        ("a pose model needs its skeleton", "model: a pose model needs its skeleton"),
        ("model/best.ckpt does not exist", "model/best.ckpt does not exist"),
        ("model: damaged", "model: damaged"),
    ],
)
def test_a_path_is_named_once_also_where_it_is_a_common_word(message, named):
    with pytest.raises(ModelError) as error, naming("model"):
        raise ModelError(message)
    assert str(error.value) == named


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        (
            "anchor_part, n_points: no effect with it",
            "--anchor_part, --n_points: no effect with it",
        ),
        ("frames must be a range", "--frames must be a range"),
        ("No frames, no models: see frames", "No frames, no models: see frames"),
        ("resume and n_points exclude each other", "resume and --n_points exclude each other"),
        ("model_paths (-m) takes it", "--model_paths (-m) takes it"),
        ("--anchor_part, 'anchor_part', a/n_points, n_points.mp4", ...),
        ("`sleap-nn export anchor_part -o B`", ...),
        ("as_json: no effect; pass n_points.", "--json: no effect; pass --n_points."),
    ],
)
def test_a_command_is_told_its_options_as_they_are_typed(written, typed):
    flags = {name: f"--{name}" for name in ("anchor_part", "n_points", "frames", "model_paths")}
    with options_are_typed():
        flags_are({**flags, "as_json": "--json"})
        assert str(DataError(written)) == (written if typed is ... else typed)
    assert as_given("anchor_part: no") == "anchor_part: no"


def test_options_of_a_command_are_named_in_its_errors_and_warnings(tmp_path, capsys):
    words = ["track", "samples/crawlers.mp4", "-m", "samples/models/bottomup"]
    with pytest.raises(SystemExit):
        main([*words, "--anchor_part", "head", "-o", str(tmp_path / "a.slp")])
    assert "Error: --anchor_part: no effect with" in capsys.readouterr().err


def test_logs_in_python_name_arguments_and_the_program_that_is_ours(caplog):
    log_of("sleap_rt.test").warning("pass --resume, or see `sleap-nn info`")
    assert caplog.messages == ["pass resume=True, or see `sleap-rt info`"]


NAMES = ("--json", "--precision", "--frames", "--resume", "--max_height", "--max_tracks", "h5_old")
OF_LIVE = ("--rate", "--crop_size", "--zmq", "--view", "--no_empty_frames")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("--precison", "--precision"),
        ("--sam", None),
        ("--fram", "--frames"),
        ("--max_trcks", "--max_tracks"),
        ("--Max_Height", "--max_height"),
        ("--prec", "--precision"),
        ("--re", None),
        ("--zzz", None),
        ("h5", "h5_old"),
        ("tracks", "--max_tracks"),
    ],
)
def test_the_nearest_name_is_suggested_or_none(typed, meant):
    assert nearest(typed, NAMES) == meant
    assert did_you_mean(typed, NAMES) == (f" Did you mean {meant!r}?" if meant else "")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("--frames", None), ("--batch_size", None), ("--zmp", "--zmq"), ("--veiw", "--view")],
)
def test_a_name_of_another_meaning_is_not_suggested(typed, meant):
    assert nearest(typed, OF_LIVE) == meant


def test_another_number_is_no_typing_error():
    assert nearest("track_9", ["track_1", "track_2"]) is None
    assert nearest("trak_1", ["track_1", "track_2"]) == "track_1"
    assert nearest("fp61", ["fp16", "fp32"]) == "fp16"


def test_a_mistyped_option_gets_one_suggestion(capsys):
    for words, told in (
        (["export", "a", "--precison", "fp16"], "'--precison'. Did you mean '--precision'?"),
        (["export", "a", "--sam", "x"], "No such option '--sam'.\n"),
        (["track", "a", "-m", "b", "--output_format", "h5"], "Did you mean 'analysis_h5'?"),
    ):
        with pytest.raises(SystemExit):
            main(words)
        assert told in capsys.readouterr().err


@pytest.mark.export
def test_a_checkpoint_of_another_model_is_told_in_one_line(tmp_path, capsys):
    shutil.copytree("samples/models/bottomup", tmp_path / "mixed")
    shutil.copy("samples/models/single_instance/best.ckpt", tmp_path / "mixed/best.ckpt")
    with pytest.raises(SystemExit):
        main(["export", str(tmp_path / "mixed"), "-o", str(tmp_path / "out")])
    (told,) = [one for one in capsys.readouterr().err.splitlines() if one.startswith("Error")]
    assert "of another network than the configuration describes" in told
    assert len(told.replace(str(tmp_path), "")) < 330


@pytest.mark.parametrize(
    ("missing", "meant"),
    [
        ("crawler.mp4", "crawlers.mp4"),
        ("Crawlers.mp4", "crawlers.mp4"),
        ("day 1/clip.mp4", "day 1/clip.MP4"),
        ("day 1/clip9.mp4", "day 1/clip.MP4"),
        ("export", "exports"),
        ("crawlers.mpg", "crawlers.mp4"),
        ("crawlers.avi", "crawlers.mp4"),  # a video as well
        ("crawlers.slp", None),  # of another kind
        ("crawlers", None),
        ("flies.onx", "flies.onnx"),
        ("flies.hdf5", "flies.h5"),
        ("mice.overlay.avi", "mice.overlay.mp4"),  # named in full
        ("fly_7.mp4", None),  # another recording
        ("2024-05-06.mp4", None),
        ("mice.mp4", None),  # drawn
        ("b.mp4", None),  # of so short a name nothing is alike
        ("nowhere/crawlers.mp4", None),
        ("exprots/fly/centroid", "exports/fly/centroid"),
        ("exprots/flys/centriod", "exports/fly/centroid"),
        ("exprots/mice", None),
        ("day 2/clip.MP4", None),  # of another day
        ("\0.mp4", None),
    ],
)
def test_a_path_that_does_not_exist_gets_near_names_of_its_folders(tmp_path, missing, meant):
    (tmp_path / "exports/fly/centroid").mkdir(parents=True)
    (tmp_path / "day 1").mkdir()
    for name in (
        "crawlers.mp4",
        "mice.overlay.mp4",
        "fly_2.mp4",
        "2024-05-07.mp4",
        "a.mp4",
        "flies.h5",
        "flies.onnx",
        "day 1/clip.MP4",
    ):
        (tmp_path / name).touch()
    hint = did_you_mean_path(tmp_path / missing)
    assert hint == ("" if meant is None else f" Did you mean '{tmp_path / meant}'?")


@pytest.mark.parametrize("name", ["day 1", "fly.mp4"])
def test_a_blank_behind_a_path_is_told(tmp_path, name):
    (tmp_path / name).touch()
    hint = did_you_mean_path(tmp_path / f"{name} ")
    assert hint == f" Did you mean '{tmp_path / name}', without the blank?"


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("info samples/models/centroids", "samples/models/centroid"),
        ("info samples/modls/centroid", "samples/models/centroid"),
        ("track -i sampels/crawlers.mp4 -m samples/models/bottomup", "samples/crawlers.mp4"),
        ("track -i samples/crawler.mp4 -m samples/models/bottomup", "samples/crawlers.mp4"),
        ("track -i samples/crawlers.mpg -m samples/models/bottomup", "samples/crawlers.mp4"),
        ("track -i samples/crawler.slp -t", "samples/crawlers.slp"),
        ("eval -g samples/crawlers.spl -p samples/one_crawler.slp", "samples/crawlers.slp"),
        ("eval -g samples/crawler.slp -p samples/one_crawler.slp", "samples/crawlers.slp"),
    ],
)
def test_commands_suggest_what_lies_beside_a_mistyped_path(
    words, meant, request, monkeypatch, capsys
):
    monkeypatch.chdir(request.config.rootpath)
    with pytest.raises(SystemExit, match="1"):
        main(words.split())
    assert f"Did you mean '{Path(meant)}'?" in capsys.readouterr().err


def kinds_of(kind):
    return {kind}.union(*map(kinds_of, kind.__subclasses__()))


def test_every_error_goes_from_one_process_to_another():
    for kind in kinds_of(SleapRtError) - {SomeInputsFailedError}:
        received = pickle.loads(pickle.dumps(kind("a.mp4 is damaged.")))
        assert (type(received), str(received)) == (kind, "a.mp4 is damaged.")
    failed = pickle.loads(pickle.dumps(SomeInputsFailedError("1 of 2 failed", [None, 3])))
    assert (str(failed), failed.results) == ("1 of 2 failed", [None, 3])
