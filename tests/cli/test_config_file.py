"""`--config` says what the command line says; `--save_config` writes what repeats the run."""

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sleap_rt.cli.app import _COMMANDS, app
from sleap_rt.cli.options.parameters import (
    Crop,
    FileOrAddress,
    FrameList,
    NumberOrAuto,
    TrackNames,
)
from sleap_rt.cli.options.resume import resume_asked
from sleap_rt.cli.options.saved_config import NOT_SAVED

TEXTS = ("no", "null", "1e-3", "a: b", "# x", "'", "é ✓", "two words", "1_000", "[a]", "", "0x10")
PATHS = ("a b.slp", "null", "~x", "sub/../c.slp", "/elsewhere/d.slp", "rtsp://camera/1", "*.mp4")

_NINE = [", ".join([f"*a{level}"] * 9) for level in range(9)]
ALIAS_BOMB = "a: &a0 [x]\n" + "".join(
    f"b{level}: &a{level + 1} [{items}]\n" for level, items in enumerate(_NINE)
)


def command(name):
    return app.get_command(click.Context(app), name)


def parsed(name, words):
    """Parameters, paths in full, and which of them were given."""
    group = app.context_class(app, info_name="sleap-nn", **app.context_settings)
    ctx = command(name).make_context(name, [str(word) for word in words], parent=group)
    source = click.core.ParameterSource.COMMANDLINE
    given = {one for one in ctx.params if ctx.get_parameter_source(one) is source}
    given -= {one.name for one in ctx.command.params if isinstance(one, click.Argument)}
    return {key: _full(value) for key, value in ctx.params.items()}, given


def _full(value):
    if isinstance(value, tuple):
        return tuple(map(_full, value))
    is_path = isinstance(value, Path) and value.parts[:1] != ("rtsp:",)
    is_file = isinstance(value, str) and os.path.isfile(value)
    return Path(os.path.abspath(value)) if is_path or is_file else value


def values_for(option):
    if isinstance(option.type, click.Choice):
        return list(option.type.choices)
    if isinstance(option.type, FrameList):
        return ["0-100,200-300", "7", "1, 3,5"]
    if isinstance(option.type, Crop):
        return ["0,10,20,300"]
    if isinstance(option.type, TrackNames):
        return ["a", "a, b"]
    if isinstance(option.type, NumberOrAuto):
        return ["auto", "8"]
    if isinstance(option.type, click.Path):
        return PATHS
    if option.type is click.INT:
        return ["3", "-1"]
    if option.type is click.FLOAT:
        return ["0.25", "1e-3", "-2", "inf"]
    if option.name in ("frame_size", "size"):
        return ["640x480"]
    if isinstance(option.type, FileOrAddress):
        return ["0", "/dev/video0", "rtsp://camera/1", "there.mp4", "no such file.mp4"]
    assert isinstance(option.type, click.types.StringParamType), f"{option.name}: add values"
    return TEXTS


def calls_of(parameter):
    """Words that give one parameter, in every way worth trying."""
    if isinstance(parameter, click.Argument):
        values = list(values_for(parameter))
        many = values if parameter.nargs == -1 else values[:1]
        return [many[:1], [one for one in many if not one.startswith("-")]]
    name = max(parameter.opts, key=len)
    if parameter.name == "view":
        return [[name], [f"{name}=8080"]]
    if parameter.is_flag:
        return [[name], *([other] for other in parameter.secondary_opts)]
    calls = [[f"{name}={value}"] for value in values_for(parameter)]
    return [*calls, [word for call in calls for word in call]] if parameter.multiple else calls


def first(parameter):
    """Words that give a parameter, one way."""
    return next(words for words in calls_of(parameter) if words)


@pytest.mark.parametrize("name", _COMMANDS)
def test_what_was_saved_repeats_the_run(name, tmp_path, monkeypatch):
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    (here / "there.mp4").write_bytes(b"")
    saved = tmp_path / "run.yaml"
    required = [one for one in command(name).params if one.required]
    for parameter in command(name).params:
        if parameter.name in NOT_SAVED:
            continue
        for words in calls_of(parameter):
            monkeypatch.chdir(here)
            others = [first(one) for one in required if one is not parameter]
            words = [*words, *(word for other in others for word in other)]
            typed = parsed(name, words)
            parsed(name, ["--save_config", saved, *words])
            monkeypatch.chdir(elsewhere)
            assert parsed(name, ["--config", saved]) == typed, (words, saved.read_text())


_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


@example(text="\x85")  # a line break to YAML
@example(text="a\n b\u2028")
@given(text=st.text(_CHARACTERS, min_size=1, max_size=60))  # a name has 255 bytes at most
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_and_any_name_of_a_file_are_repeated(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = [f"--video_dataset={text}", f"--data_path={text}", f"--data_path={text}.mp4"]
    typed = parsed("track", words)
    parsed("track", [*words, "--save_config", "run.yaml"])
    assert parsed("track", ["--config", tmp_path / "run.yaml"]) == typed


def test_relative_paths_start_from_the_folder_of_the_file(tmp_path, monkeypatch):
    (tmp_path / "project").mkdir()
    config = tmp_path / "project/run.yaml"
    config.write_text("data_path: [a.mp4, /b.mp4, ~/c.mp4]\nmodel-paths: ../models\n")
    monkeypatch.chdir(tmp_path)
    params, _ = parsed("track", ["--config", "project/run.yaml"])
    assert params["data_path"] == (
        tmp_path / "project/a.mp4",
        Path("/b.mp4"),
        Path.home() / "c.mp4",
    )
    assert params["model_paths"] == (tmp_path / "models",)


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_relative_paths_of_standard_input_start_from_the_current_folder(name, request, tmp_path):
    if name != "-" and not Path(name).exists():
        pytest.skip("this system has no file for standard input")
    shutil.copy(request.config.rootpath / "samples/crawlers.slp", tmp_path / "here.slp")
    words = ["track", "--config", name, "-o", "out.slp", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-m", "sleap_rt", *words],
        input=b"data_path: here.slp\ntracking: true\nframes: 0-3\n",
        env={**os.environ, "PYTHONPATH": str(request.config.rootpath)},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.slp").exists()


def test_standard_input_is_named_where_it_is_wrong(call, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"tracing: true\n")))
    assert "Error: standard input: No such option '--tracing'" in call("track", "--config", "-").err
    assert "config: standard input is empty" in call("track", "--config", "-").err


def test_values_are_taken_as_they_are_written(tmp_path):
    config = tmp_path / "run.yaml"
    config.write_text(
        "anchor_part: no\nmax_tracks: 010\npeak_threshold: 1e-2\nframes: [1-3, 7]\n"
        "tracking: Yes\ncuda_graphs: off\nmax_instances: null\nresume: auto\nruntime: ort\n"
    )
    params, given = parsed("track", ["--config", config])
    assert params["anchor_part"] == "no"
    assert params["max_tracks"] == 10
    assert params["peak_threshold"] == 0.01
    assert params["frames"] == [1, 2, 3, 7]
    assert (params["tracking"], params["cuda_graphs"]) == (True, False)
    assert params["max_instances"] is None
    assert params["auto_resume"]
    assert params["engine"] == "ort"
    assert "max_instances" not in given
    assert given >= {"anchor_part", "max_tracks", "cuda_graphs"}


WRONG = [
    ("max_tracks", "x"),
    ("max_tracks", "2.5"),
    ("peak_threshold", "much"),
    ("frames", "5-3"),
    ("frames", "1..3"),
    ("batch_size", "many"),
    ("track_matching_method", "hungaran"),
    ("output_format", "sleep"),
    ("peak_treshold", "0.2"),
    ("tracker", "mot"),
    ("bogus", "1"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_is_wrong_is_refused_in_the_words_of_the_command_line(name, value, call, tmp_path):
    config = tmp_path / "run.yaml"
    config.write_text(f"{name}: {value}\n")
    typed, written = call("track", f"--{name}={value}"), call("track", "--config", config)
    assert (typed.code, written.code) == (2, 2)
    told = typed.err[typed.err.index("Error: ") :]
    assert written.err == told.replace("Error: ", f"Error: {config}: ", 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("peak_treshold: 0.2", "--peak_threshold"),
        ("max_tracks: 2\nmax_tracks: 3", "line 2: 'max_tracks' stands there twice"),
        ("tracking: {max_tracks: 3}", "'tracking' has names below it"),
        ("features: [keypoints, image]", "features takes one value, not a list of 2"),
        ("data_path: [[a], b]", "a list may hold words and numbers only"),
        ("? [a]\n: b", "line 1: a name must be a plain word"),
        ("- a\n- b", "it has no lines `name: value`"),
        ("", "run.yaml is empty"),
        ("# nothing\n", "run.yaml has no lines `name: value`"),
        ("config: other.yaml", "config belongs on the command line"),
        ("save_config: other.yaml", "save_config belongs on the command line"),
        ('--frames: "0-3"', "'--frames': names stand in full and without dashes in a file; write"),
        ("-n: 2", "'-n': names stand in full and without dashes in a file; write 'max_instances'"),
        ("--tracker: mot", "without dashes in a file; write 'tracker'"),
        ("tracking: maybe", "tracking is 'maybe'; expected true or false"),
        ("no_cuda_graphs: 3", "no_cuda_graphs is '3'; expected true or false"),
        ("frames: [", ": no YAML: did not find expected node content; expected lines"),
        ("a: b: c", "line 1: no YAML: mapping values are not allowed in this context"),
        (
            "# options of sleap-nn eval, sleap-rt 0.1.0\nground_truth_path: a.slp",
            "`sleap-nn eval --save_config` wrote this file; name one of this command",
        ),
        (
            "# options of python -m sleap_rt eval, sleap-rt 0.1.0\nground_truth_path: a.slp",
            "`sleap-nn eval --save_config` wrote this file; name one of this command",
        ),
        ("\0", "unacceptable character"),
        (ALIAS_BOMB, "aliases repeat more than"),
        ("a: " + "[" * 200 + "]" * 200, "nested deeper than 100 levels"),
    ],
)
def test_a_file_without_the_form_is_refused(text, told, call, tmp_path):
    config = tmp_path / "run.yaml"
    config.write_text(text)
    done = call("track", "--config", config)
    assert done.code == 2
    (line,) = [one for one in done.err.splitlines() if one.startswith("Error: ")]
    assert str(config) in line
    assert told in line
    assert done.err.endswith(f"{line}\n")


@pytest.mark.parametrize("command", ["track", "predict"])
def test_a_misspelt_name_is_no_file_of_another_command(call, command, tmp_path):
    config = tmp_path / "run.yaml"
    config.write_text(f"# options of sleap-nn {command}, sleap-rt 0.1.0\ntrackign: true")
    done = call("track", "--config", config)
    assert done.err.endswith("No such option '--trackign'. Did you mean '--tracking'?\n")


def test_a_file_that_is_not_there_is_refused(call, tmp_path):
    done = call("track", "--config", tmp_path / "none.yaml")
    assert done.code == 2
    assert "none.yaml cannot be read: No such file" in done.err


def test_the_command_line_goes_before_the_file(call, tmp_path):
    config = tmp_path / "run.yaml"
    config.write_text("data_path: a.mp4\nmax_tracks: 2\ntracking: true\ncuda_graphs: true\n")
    words = ["--config", config, "b.mp4", "--max_tracks", "3", "--no_cuda_graphs"]
    params, _ = parsed("track", words)
    assert params["inputs"] == (Path("b.mp4").absolute(),)
    assert params["data_path"] == ()
    assert (params["max_tracks"], params["tracking"], params["cuda_graphs"]) == (3, True, False)
    told = call("track", *words).err
    for name in ("data_path", "max_tracks", "cuda_graphs"):
        assert f"Note: {name!r} of {config} gives way to the command line" in told
    assert "Note: tracking" not in told
    assert "Note" not in call("track", *words, "--quiet").err


@pytest.mark.parametrize(
    ("in_file", "typed"), [("auto", "--no-resume"), ("false", "--resume=auto")]
)
def test_the_command_line_goes_before_a_resume_of_the_file(in_file, typed, tmp_path):
    config = tmp_path / "run.yaml"
    config.write_text(f"resume: {in_file}\n")
    params, _ = parsed("track", ["a.mp4", "--config", config, typed])
    assert resume_asked(params) == ("auto" if "auto" in typed else False)


def test_another_file_is_not_replaced(call, tmp_path):
    notes = tmp_path / "notes.yaml"
    notes.write_text("mine: true\n")
    done = call("track", "a.mp4", "-m", "b", "--save_config", notes)
    assert done.code == 2
    assert "was not written by --save_config" in done.err
    assert notes.read_text() == "mine: true\n"
    missing = call("track", "a.mp4", "-m", "b", "--save_config", tmp_path / "none/run.yaml")
    assert missing.code == 2
    assert "cannot be written" in missing.err


def test_a_saved_file_gives_the_same_result(call, sample_graphs, request, tmp_path):
    (graph,) = sample_graphs("bottomup")
    clip = request.config.rootpath / "samples/crawlers.mp4"
    out, saved = tmp_path / "out.slp", tmp_path / "run.yaml"
    options = ["-n", "2", "-t", "--max_tracks", "2", "--frames", "0-4", "--reproducible"]
    engine = ["--engine", "ort", "-b", "4", "--overwrite"]
    first = call("track", clip, "-m", graph, "-o", out, *options, *engine, "--save_config", saved)
    assert first.code == 0, first.err
    assert f"sleap-nn track --config {saved}" in first.err
    content = out.read_bytes()
    out.unlink()
    again = call("track", "--config", saved)
    assert again.code == 0, again.err
    assert out.read_bytes() == content
    turned = ["-b", "4", "--overwrite", "--engine", "ort", "--reproducible", "--frames", "4,0-3"]
    other = call(
        "track", *turned, "--max_tracks", "2", "-t", "-n", "2", "-o", out, "-m", graph, "-i", clip
    )
    assert other.code == 0, other.err
    assert out.read_bytes() == content
