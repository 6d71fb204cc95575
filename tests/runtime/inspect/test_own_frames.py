"""Two engines on a user's own frames: what they find alike, and what only one of them finds."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sleap_rt.cli import main
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.engines.openvino import OpenVinoEngine
from sleap_rt.runtime.inspect.own_frames import _compared
from sleap_rt.runtime.inspect.verify import TOLERANCES

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
CLIP = SAMPLES / "crawlers.mp4"


@pytest.fixture
def verify(capsys):
    def call(*words, code=0):
        with pytest.raises(SystemExit) as left:
            main(["verify", *map(str, words)])
        printed = capsys.readouterr()
        assert left.value.code == code, printed.err
        return printed

    return call


def frame(points, scores=0.9, **more):
    points = np.asarray(points, np.float32)
    return FrameInstances.untracked(
        frame_index=0,
        points=points,
        point_scores=np.where(np.isnan(points[..., 0]), np.nan, scores).astype(np.float32),
        scores=np.ones(len(points), np.float32),
        **more,
    )


def compared(expected, found):
    return _compared(expected, found, 4.0, ("warp", "cpu"), TOLERANCES["fp32"])


def test_figures_by_hand():
    nan = (np.nan, np.nan)
    one = frame([[(10, 10), (30, 10)], [(100, 50), (120, 50)], [(200, 90), nan]])
    other = frame([[(100.3, 50.4), (120, 50)], [(10, 10), nan], [(300, 9), (310, 9)]], 0.8)
    found = compared([one], [other])
    assert (found.n_instances, found.n_missing, found.n_extra) == (3, 1, 1)
    assert (found.n_points, found.n_changed) == (4, 1)
    assert found.most_px == pytest.approx(0.5, abs=1e-5)
    assert found.score == pytest.approx(0.1, abs=1e-6)
    assert not found.passed


def test_alike_is_alike_in_any_order():
    one = frame([[(10, 10), (30, 10)], [(100, 50), (120, 50)]])
    found = compared([one] * 3, [one.take(np.array([1, 0]))] * 3)
    assert found.passed
    assert (found.n_frames, found.n_instances, found.n_points, found.most_px) == (3, 6, 12, 0)


def test_another_class_is_another_animal():
    one = frame([[(10, 10), (30, 10)]])
    found = compared([one], [replace(one, track_ids=np.array([2]))])
    assert found.n_renamed == 1
    assert not found.passed


@pytest.mark.parametrize(("n_far", "passed"), [(1, True), (3, False)])
def test_one_point_in_a_hundred_may_differ(n_far, passed):
    points = np.zeros((10, 20, 2)) + 100 * np.arange(10)[:, None, None] + np.arange(20)[:, None]
    other = points.copy()
    other[0, :n_far, 0] += 0.5
    found = compared([frame(points)], [frame(other)])
    assert found.most_px == pytest.approx(0.5, abs=1e-4)
    assert found.passed is passed


@pytest.mark.parametrize(
    ("models", "data"),
    [
        (("centroid", "centered_instance"), CLIP),
        (("centered_instance",), SAMPLES / "crawlers.slp"),
    ],
)
def test_a_real_engine_agrees_on_own_frames(models, data, sample_graphs, verify, tmp_path):
    for graph in sample_graphs(*models):
        (tmp_path / graph.name).write_bytes(graph.read_bytes())
    pytest.importorskip("openvino")
    done = verify(tmp_path, "--engine", "openvino", "-i", data, "--n_frames", 4, "--json")
    row = json.loads(done.out)[-1]
    assert (row["path"], row["n_frames"], row["reference"]) == (str(data), 4, "ort on cpu")
    assert row["passed"]
    assert row["n_instances"] >= 4
    assert row["px"] < 0.01


def test_an_engine_that_is_off_fails_with_the_figures(sample_graphs, verify, monkeypatch):
    pytest.importorskip("openvino")
    plain = OpenVinoEngine.run

    def run(one, feed, fetch=None):
        found = plain(one, feed, fetch)
        return {name: v + np.float32(name == "peaks") for name, v in found.items()}

    (graph,) = sample_graphs("bottomup")
    monkeypatch.setattr(OpenVinoEngine, "run", run)
    done = verify(graph, "--engine", "openvino", "-i", CLIP, "--n_frames", 2, code=1)
    (line,) = [line for line in done.out.splitlines() if str(CLIP) in line]
    assert line.startswith(f"NOT OK  {CLIP}, 2 frames with openvino on cpu against ort on cpu: ")
    assert "99 % differ by at most 1 px (allowed 0.01; all 1 px)" in line
    assert "2 of 2 checks differ" in done.err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--engine", "ort", "-i", CLIP), 2, "data_path: compares an engine with ort on cpu"),
        (("--engine", "openvino", "--n_frames", 3), 2, "--n_frames: no effect without --data_path"),
        (("--engine", "openvino", "-i", CLIP, "--n_frames", 0), 2, "n_frames must be 1 or more"),
        (("--engine", "openvino", "-i", "no.mp4"), 1, "no.mp4"),
    ],
)
def test_wrong_use_is_told(words, code, told, sample_graphs, verify):
    (graph,) = sample_graphs("single_instance")
    done = verify(graph, *words, code=code)
    assert told in done.err
    assert "Traceback" not in done.err


def test_frames_without_animals_prove_nothing(sample_graphs, verify, monkeypatch):
    nothing = [frame(np.zeros((0, 2, 2)))]
    name = "sleap_rt.workflows.inspect.own_frames.compare_on_frames"
    monkeypatch.setattr(name, lambda *_: compared(nothing, nothing))
    (graph,) = sample_graphs("bottomup")
    done = verify(graph, "--engine", "openvino", "-i", CLIP, code=1)
    assert "nothing was found in 1 frame, so nothing was compared" in done.err
