"""Every command and every example of the guides runs."""

import re
import shlex
import shutil
from pathlib import Path

import av
import pytest
import sleap_io as sio

from sleap_rt import training_extra
from sleap_rt.cli import track
from sleap_rt.runtime.io.video import VideoFile

DOCS = Path(__file__).resolve().parents[2] / "docs"
N_FRAMES = 15


def blocks(name, language):
    text = (DOCS / name).read_text(encoding="utf8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, request, sample_graphs):
    """A folder with everything that the guides mention."""
    samples, folder = request.config.rootpath / "samples", tmp_path_factory.mktemp("guide")
    _shorten(samples / "crawlers.mp4", folder / "video.mp4")
    shutil.copytree(sample_graphs("bottomup")[0].parent, folder / "exports/flies")
    for name in ("centroid", "centered_instance"):
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


@pytest.fixture
def folder(prepared, monkeypatch, sample_graphs):
    monkeypatch.chdir(prepared)
    # Exporting is tested elsewhere and takes long: the models' graphs are there already.
    names = {"models/centroid": "centroid", "models/centered_instance": "centered_instance"}
    monkeypatch.setattr(
        training_extra,
        "cached_graphs",
        lambda models, _: sample_graphs(*(names[str(model)] for model in models)),
    )
    return prepared


def test_every_command_runs(folder, call):
    commands = [line for block in blocks("track.md", "sh") for line in block.splitlines()]
    assert len(commands) == 12
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "sleap-nn"
        done = call(*arguments)
        assert done.code == 0, (command, done.err)
        assert done.out


def test_every_example_runs(folder):
    names = {}
    for code in blocks("api.md", "python"):
        exec(compile(code, "docs/api.md", "exec"), names)
    assert len(sio.load_slp("tracked.slp", open_videos=False).tracks) == 3
    assert names["points"].shape[1:] == (7, 2)
    assert names["confmaps"].shape[0] == 7
    assert not any(len(frame) for frame in names["nobody"])


def test_examples_in_the_help_are_of_commands_there_are():
    lines = [line.split() for line in track.command.help.splitlines() if "sleap-nn" in line]
    assert lines
    known = {name for option in track.command.params for name in option.opts}
    for line in lines:
        assert {word for word in line if word.startswith("-")} <= known
