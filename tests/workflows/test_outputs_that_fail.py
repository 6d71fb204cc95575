"""What cannot be written is found out ahead of the run, and else nothing is lost."""

import re
import shutil

import h5py
import numpy as np
import pytest
import sleap_io as sio
from fakes import BrightBlocks

from sleap_rt.cli import main
from sleap_rt.errors import DataError
from sleap_rt.options import NO_OVERRIDES
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.runtime.outputs.formats import FORMATS
from sleap_rt.runtime.outputs.trial import try_output
from sleap_rt.skeleton import Skeleton
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.planning.plan import plan_prediction
from sleap_rt.workflows.predict import run_plan
from sleap_rt.workflows.resolve import ResolvedModels

SKELETON = Skeleton("fly", ("head", "tail"), ((0, 1),))
FRAMES = np.zeros((6, 8, 10, 1), np.uint8)


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("refs", [[FrameRef(1, 7)], [FrameRef(0, 5), FrameRef(1, 900)]])
def test_every_format_can_be_tried(tmp_path, format_name, refs):
    videos = [sio.Video(f"{name}.mp4", open_backend=False) for name in "ab"]
    path = tmp_path / f"out{FORMATS[format_name].suffix}"
    try_output(path, format_name, SKELETON, videos, refs)
    assert not list(tmp_path.iterdir())


def tried(data, options, predictor):
    graphs = predictor.models
    models = ResolvedModels(paths=(), overrides=NO_OVERRIDES, models=graphs, graphs=graphs)
    with open_input(data, options.selection) as opened:
        return run_plan(plan_prediction(models, opened, options), opened, predictor=predictor)


@pytest.mark.parametrize("refused", ["w", "r+"])
def test_a_folder_that_refuses_locks_or_opening_again_is_told_before_the_run(
    tmp_path, monkeypatch, refused
):
    whole = h5py.File

    def file(name, mode="r", *args, **kwargs):
        if mode == refused or (mode == "a" and refused == "w"):
            raise BlockingIOError(11, "unable to lock file")
        return whole(name, mode, *args, **kwargs)

    monkeypatch.setattr(h5py, "File", file)
    predictor = BrightBlocks()
    options = PredictionOptions(output_path=tmp_path / "out.slp")
    with pytest.raises(DataError, match=r"as a trial shows.*lock file.*Nothing was run"):
        tried(FRAMES, options, predictor)
    assert not predictor.calls
    assert not list(tmp_path.iterdir())


@pytest.fixture
def call(capfd):
    def call(*args):
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(arg) for arg in args])
        return left.value.code or 0, capfd.readouterr().err

    return call


def test_what_a_format_cannot_hold_is_written_by_the_command_that_the_message_names(
    call, request, sample_graphs, tmp_path
):
    (graph,) = sample_graphs("bottomup")
    clip = tmp_path / "clip.mp4"
    shutil.copy(request.config.rootpath / "samples/crawlers.mp4", clip)
    command = ("track", clip, "-m", graph, "--frames", "0-4")
    without_tracks = ("-t", "--min_new_track_points", 99)
    code, words = call(*command, *without_tracks, "-o", tmp_path / "out.nwb")
    assert code == 1
    assert "5 of 5 frames are kept in" in words
    named = re.search(r"`(--resume --journal [^`]+)` with another -o", words)
    assert named, words
    code, words = call(*command, *named[1].split(), "-o", tmp_path / "out.csv")
    assert code == 0, words
    assert call(*command, "-o", tmp_path / "whole.csv")[0] == 0
    table = (tmp_path / "out.csv").read_bytes()
    assert table == (tmp_path / "whole.csv").read_bytes()
    assert table.count(b"\n") == 16
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["clip.mp4", "out.csv", "whole.csv"]


def test_the_journal_may_lie_elsewhere(tmp_path):
    options = PredictionOptions(
        output_path=tmp_path / "out.slp", journal=tmp_path / "quick" / "run.journal"
    )
    options.journal.parent.mkdir()
    with pytest.raises(KeyboardInterrupt, match=r"run\.journal"):
        tried(FRAMES, options, BrightBlocks(1, KeyboardInterrupt()))
    assert [path.name for path in options.journal.parent.iterdir()] == ["run.journal"]
    assert not (tmp_path / "out.slp.journal").exists()
