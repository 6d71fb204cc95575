"""Every command and every example of the guides runs."""

import importlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import av
import click
import pytest
import sleap_io as sio
from page_blocks import blocks_of, missing_line, quotes_of

from sleap_rt.cli import track
from sleap_rt.cli.app import app
from sleap_rt.export import cache, exporter
from sleap_rt.export.bonsai import bonsai_export
from sleap_rt.runtime.frames.video import VideoFile

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
EXTRAS = re.findall(
    r"^([\w-]+) = \[",
    (ROOT / "pyproject.toml").read_text(encoding="utf8").partition("optional-dependencies]")[2],
    re.MULTILINE,
)
N_FRAMES = 15
MODELS = ("centroid", "centered_instance", "bottomup")
SETS = (
    *((name,) for name in (*MODELS, "single_instance", "multi_class_bottomup")),
    ("centroid", "centered_instance"),
    ("centroid", "multi_class_topdown"),
)
STEP_BY_STEP = [
    page.relative_to(ROOT).as_posix()
    for folder in ("guides", "kinds", "coming_from")
    for page in sorted((DOCS / folder).glob("*.md"))
]


def blocks(name, language):
    text = (DOCS / name).read_text(encoding="utf8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, request):
    """A folder with everything that the guides mention."""
    samples, folder = request.config.rootpath / "samples", tmp_path_factory.mktemp("guide")
    (folder / "samples").symlink_to(samples, target_is_directory=True)
    _shorten(samples / "crawlers.mp4", folder / "video.mp4")
    (folder / "videos").mkdir()
    for name in ("day1.mp4", "day2.mp4", "videos/a.mp4", "videos/b.mp4"):
        shutil.copy(folder / "video.mp4", folder / name)
    for name in MODELS:
        shutil.copytree(samples / "models" / name, folder / "models" / name)
    truth = sio.load_slp(str(samples / "crawlers.slp"), open_videos=False)
    video = sio.Video.from_filename(str(folder / "video.mp4"))
    frames = [
        sio.LabeledFrame(video=video, frame_idx=index, instances=truth[index].instances)
        for index in (1, 3)
    ]
    sio.Labels(frames, videos=[video], skeletons=[truth.skeleton]).save(
        str(folder / "labels.slp"), verbose=False
    )
    return folder


def _shorten(source, target):
    with VideoFile(source) as clip, av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "5"})
        stream.height, stream.width = clip.shape[:2]
        for index in range(N_FRAMES):
            image = clip.read(index).repeat(3, axis=2)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def graphs(sample_graphs):
    """Names of models -> their graphs, of every set that the guides mention."""
    return {frozenset(names): sample_graphs(*names) for names in SETS}


@pytest.fixture
def folder(prepared, monkeypatch, graphs):
    monkeypatch.chdir(prepared)
    shutil.rmtree("exports", ignore_errors=True)
    shutil.copytree(graphs[frozenset(["bottomup"])][0].parent, "exports/flies")

    # Exporting is tested elsewhere and takes long: the models' graphs are there already.
    def find_cached(models, overrides):
        return graphs[frozenset(model.name for model in models)]

    def export_models(models, to, overrides, *_, on_step):
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir(parents=True)
        return [Path(shutil.copy(graph, to)) for graph in find_cached(models, overrides)]

    monkeypatch.setattr(cache, "find_cached", find_cached)
    for module in (exporter, bonsai_export):  # imported here: later, it would keep this one
        monkeypatch.setattr(module, "export_models", export_models)
    return prepared


def test_every_command_runs(folder, call):
    commands = [line for block in blocks("track.md", "sh") for line in block.splitlines()]
    assert len(commands) == 20
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "sleap-nn"
        if "--frames" in arguments:  # each is an example by itself; longer results are not replaced
            (folder / "video.predictions.slp").unlink(missing_ok=True)
        done = call(*arguments)
        assert done.code == 0, (command, done.err)
        assert done.out


@pytest.mark.parametrize(
    ("guide", "n_commands"),
    [
        ("README.md", 6),
        ("docs/models.md", 5),
        ("docs/legacy.md", 2),
        ("docs/engines.md", 5),
        ("docs/tracking.md", 2),
        ("docs/bonsai.md", 1),
        ("docs/cluster.md", 4),
    ],
)
def test_commands_of_other_guides_run(folder, call, guide, n_commands):
    shutil.copy(ROOT / "samples/crawlers.slp", folder / "poses.slp")
    lines = (ROOT / guide).read_text(encoding="utf8").splitlines()
    found = [line.split("#")[0] for line in lines if re.match(r" *sleap-nn \w", line)]
    commands = [shlex.split(line) for line in found if "trt" not in line]  # those need TensorRT
    assert len(commands) == n_commands
    if any(words[-2:] == ["-o", "exports/flies"] for words in commands):
        shutil.rmtree("exports/flies")  # another model's, for guides that export none
    for _, *arguments in commands:
        done = call(*arguments)
        assert done.code == 0, (arguments, done.err)
        assert done.out


@pytest.mark.parametrize("page", STEP_BY_STEP)
def test_a_page_runs_from_top_to_bottom_and_shows_what_comes(folder, call, page):
    if page.endswith("cpu.md"):
        pytest.importorskip("openvino", reason="the guide of the CPU compares engines")
        pytest.importorskip("MNN", reason="the guide of the CPU compares engines")
    names = {}
    for block in blocks_of(ROOT / page):
        if block.language == "python" and not page.endswith("closed_loop.md"):  # tested below
            exec(compile(block.text, page, "exec"), names)
        if block.language != "sh" or block.needs:
            continue
        written = ""
        for words in block.commands:
            code, text = _ran(words, call)
            assert code == 0, (words, text)
            written += text
        assert missing_line(block.shows, written) is None, written


def _ran(words, call):
    program, *arguments = words
    if program == "sleap-nn":
        done = call(*arguments)
        return done.code, done.out + done.err
    assert words[:2] == ["python", "benchmarks/gpu_proof.py"], "what does this page run?"
    script = [sys.executable, str(ROOT / arguments[0]), *arguments[1:]]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("page", STEP_BY_STEP)
def test_what_a_page_does_not_run_names_what_there_is(page):
    """Of blocks that need hardware, and of commands in sentences."""
    text = (ROOT / page).read_text(encoding="utf8")
    commands = [
        words for block in blocks_of(ROOT / page) for words in block.commands if block.needs
    ]
    commands += [line.split() for line in re.findall(r"`(sleap-nn \w[^`\n]*)`", text)]
    for words in commands:
        words = words[1:] if words[0] == "srun" else words
        if Path(words[0]).name == "sleap-nn":
            _check_options(words[1], words[2:])
        elif words[:2] == ["pip", "install"] or words[0].endswith("/pip"):
            named = {extra for word in words for extra in _extras(word)}
            assert named <= set(EXTRAS), words


def _check_options(name, words):
    command = app.get_command(click.Context(app), name)
    assert command, f"no command {name}"
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    given = {word for word in words if re.match(r"--?[a-z]", word)}
    assert given <= known, f"{name}: {given - known}"


def _extras(word):
    found = re.search(r"\[([\w,-]+)\]", word)
    return found[1].split(",") if found else []


@pytest.mark.parametrize("page", [page for page in STEP_BY_STEP if quotes_of(ROOT / page)])
def test_what_goes_wrong_quotes_messages_that_there_are(page, monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS / "building"))
    messages = importlib.import_module("messages")
    there = [one for found in messages.by_topic().values() for one in found]
    quotes = quotes_of(ROOT / page)
    assert not [quote for quote in quotes if not any(quote in one for one in there)]


def test_a_line_that_did_not_come_is_found():
    written = "OK  a.onnx: 3 points\nnext: track\n"
    assert missing_line(("OK … 3 points", "next: …"), written) is None
    assert missing_line(("OK … 4 points",), written) == "OK … 4 points"


def test_every_example_runs(folder):
    names = {}
    for code in blocks("api.md", "python"):
        exec(compile(code, "docs/api.md", "exec"), names)
    assert len(sio.load_slp("tracked.slp", open_videos=False).tracks) == 3
    assert names["points"].shape[1:] == (7, 2)
    assert names["confmaps"].shape[0] == 7
    assert not any(len(frame) for frame in names["nobody"])


def test_every_command_of_the_live_guide_runs(folder, call):
    """On a video that is played, where the guide has a camera."""
    for line in "".join(blocks("live.md", "sh")).splitlines():
        _, *words = shlex.split(line)
        words[words.index("-i") + 1] = "video.mp4"
        done = call(*words, *(["--overwrite"] if "-o" in words else []))
        assert done.code == 0, (line, done.err)
        assert "--zmq" in words or json.loads(done.out.splitlines()[0])["animals"]


def test_the_processor_of_the_closed_loop_switches(folder):
    loop, frames_of_ones_own = (  # each is copied alone
        code for code in blocks("guides/closed_loop.md", "python") if "VideoCapture" not in code
    )
    names = {}
    exec(compile(loop, "docs/guides/closed_loop.md", "exec"), names)
    exec(compile(frames_of_ones_own, "docs/guides/closed_loop.md", "exec"), {})
    events = json.loads(Path("events.json").read_text())
    assert [event["on"] for event in events] == names["light"]
    assert names["light"][0] is True
    recorded = sio.load_slp("session.slp", open_videos=False)
    assert len(recorded)  # how many depends on how busy the machine is


def test_the_camera_example_triggers_when_an_animal_enters(folder, capsys):
    """On a video in place of a camera, against the place and time of every animal's nose."""
    (code,) = (c for c in blocks("guides/closed_loop.md", "python") if "VideoCapture" in c)
    assert "SOURCE = 0 " in code
    names = {}
    exec(compile(code.replace("SOURCE = 0 ", "SOURCE = 'video.mp4' "), "the loop", "exec"), names)
    *entered, last = capsys.readouterr().out.splitlines()
    assert last.startswith(f"{N_FRAMES} frames; p50 ")
    assert len(names["latencies_ms"]) == N_FRAMES
    assert len(entered) == _n_entered(names) > 1
    assert all(line.startswith("track_") for line in entered)


def test_the_camera_example_ends_in_words_where_there_is_no_camera(folder):
    (code,) = (c for c in blocks("guides/closed_loop.md", "python") if "VideoCapture" in c)
    with pytest.raises(SystemExit, match="There is no camera or video missing"):
        exec(
            compile(code.replace("SOURCE = 0 ", "SOURCE = 'missing.mp4' "), "the loop", "exec"), {}
        )


def _n_entered(names):
    """How often an animal is in the place that was not there in the frame before."""
    truth = sio.load_slp(str(ROOT / "samples/crawlers.slp"), open_videos=False)
    node, n, before = truth.skeleton.node_names.index(names["NODE"]), 0, set()
    for index in range(N_FRAMES):
        now = set()
        for instance in truth[index].instances:
            x, y = instance.numpy()[node]
            if names["LEFT"] < x < names["RIGHT"] and names["TOP"] < y < names["BOTTOM"]:
                now.add(instance.track.name)
        n += len(now - before)
        before = now
    return n


def test_examples_in_the_help_are_of_commands_there_are():
    lines = [line.split() for line in track.command.help.splitlines() if "sleap-nn" in line]
    assert lines
    known = {name for option in track.command.params for name in option.opts}
    for line in lines:
        assert {word for word in line if word.startswith("-")} <= known
