"""An engine that was not seen here before proves itself on the sample in the file, or stops."""

import logging

import numpy as np
import pytest

from sleap_rt import PosePredictor
from sleap_rt.cli import main
from sleap_rt.errors import EngineError
from sleap_rt.machine.drivers import driver_version
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines.openvino import OpenVinoEngine
from sleap_rt.runtime.engines.ort import OrtEngine
from sleap_rt.runtime.inspect import trial_store
from sleap_rt.runtime.inspect.trial_store import trial_key
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.workflows.many.predictions import ManyPredictions
from sleap_rt.workflows.many.run import CannotRunError
from sleap_rt.workflows.many.task import Task
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.tuning import first_sight

SAMPLE_SIZE = (160, 192)  # of the frame that a graph carries, px
ORT = EngineOptions(engine="ort", device="cpu")


@pytest.fixture
def graph(sample_graphs, tmp_path, monkeypatch):
    """A model, and an empty cache."""
    (path,) = sample_graphs("single_instance")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return path


@pytest.fixture
def track(graph, tmp_path, request, capsys):
    video = request.config.rootpath / "samples/one_crawler.mp4"

    def call(*options, code=0):
        words = ["track", "-i", video, "-m", graph, "--frames", "0-5", "-o", tmp_path / "out.slp"]
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in (*words, "--overwrite", *options)])
        printed = capsys.readouterr()
        assert left.value.code == code, printed.err
        return printed

    return call


class _Off:
    """Makes an engine's points lie off, and keeps the sizes of frames that it was given."""

    def __init__(self, monkeypatch, engine, px):
        self.sizes = []
        plain = engine.run

        def run(one, feed, fetch=None):
            self.sizes.append(feed["frames"].shape[1:3])
            found = plain(one, feed, fetch)
            return {
                name: values + np.float32(px) if name == "peaks" else values
                for name, values in found.items()
            }

        monkeypatch.setattr(engine, "run", run)


def test_a_plain_run_replays_the_sample_once(track, monkeypatch):
    engine = _Off(monkeypatch, OrtEngine, px=0)
    for _ in range(2):
        track()
    assert engine.sizes.count(SAMPLE_SIZE) == 1
    assert engine.sizes[0] == SAMPLE_SIZE, "ahead of the first batch"


@pytest.mark.parametrize(("engine", "px"), [(OrtEngine, 0.02), (OpenVinoEngine, 0.5)])
def test_an_engine_that_computes_wrongly_stops_every_run(engine, px, track, monkeypatch, tmp_path):
    _Off(monkeypatch, engine, px)
    name = "ort" if engine is OrtEngine else "openvino"
    for _ in range(2):
        told = track("--engine", name, code=1).err
        assert f"Engine {name} computes" in told
        assert f"points differ by {px * 2**0.5:.1e} px (allowed 0.01)" in told
        assert "onnxruntime " in told, "versions"
        assert "Traceback" not in told
    assert not (tmp_path / "out.slp").exists()
    assert not list(tmp_path.glob("*.journal"))


def test_an_engine_that_rounds_too_much_is_told_each_time_and_runs(track, monkeypatch):
    engine = _Off(monkeypatch, OpenVinoEngine, px=0.1)
    for _ in range(2):
        done = track("--engine", "openvino")
        assert "engine openvino exceeds the limits of the certificate: in single_" in done.err
    assert engine.sizes.count(SAMPLE_SIZE) == 1, "once for this machine and these versions"
    assert "exceeds" not in track("--engine", "ort").err


def test_python_and_many_inputs_refuse_alike(graph, monkeypatch, request):
    _Off(monkeypatch, OrtEngine, px=1)
    with pytest.raises(EngineError, match=r"Engine ort computes .* wrongly"):
        PosePredictor(graph, engine="ort", device="cpu")
    many = ManyPredictions([graph], PredictionOptions(engine=ORT))
    video = request.config.rootpath / "samples/one_crawler.mp4"
    with many, pytest.raises(CannotRunError, match=r"Engine ort computes .* wrongly"):
        many(Task(path=video, output=None))


@pytest.mark.parametrize("changed", ["cpu_name", "version", "engine", "device"])
def test_what_is_new_is_checked_again(changed, graph, monkeypatch):
    checked = []

    def verify_graph(path, engine, n_runs):
        checked.append((engine.engine, n_runs))
        return _Passed()

    monkeypatch.setattr(first_sight, "verify_graph", verify_graph)
    graphs = GraphSet.read([graph])
    first_sight.check_at_first_sight(graphs, ORT, pytest.fail)
    first_sight.check_at_first_sight(graphs, ORT, pytest.fail)
    assert checked == [("ort", 1)]
    other = ORT
    if changed == "cpu_name":
        monkeypatch.setattr(trial_store, "cpu_name", lambda: "Loom 3")
    elif changed == "version":
        monkeypatch.setattr(trial_store, "_version", lambda package: "99.1")
    elif changed == "engine":
        other = EngineOptions(engine="openvino", device="cpu")
    else:
        other = EngineOptions(engine="ort", device="cuda:0")
    first_sight.check_at_first_sight(graphs, other, pytest.fail)
    assert [name for name, _ in checked] == ["ort", other.engine]
    assert checked[1][1] == (6 if changed == "device" else 1), "recordings of a GPU, too"


class _Passed:
    passed = True


def test_a_gpu_is_that_of_a_machine_and_a_driver(tmp_path, graph):
    of_cpu, of_gpu = (trial_key([graph], (), ["ort"], {}, device) for device in ("cpu", "cuda:0"))
    assert of_cpu.device == "cpu"
    assert of_gpu.device.startswith("cuda:0 of ")
    (tmp_path / "proc/driver/nvidia").mkdir(parents=True)
    (tmp_path / "proc/driver/nvidia/version").write_text("NVRM version: 570.1\nGCC version: 12\n")
    assert driver_version(tmp_path) == "NVRM version: 570.1"
    assert driver_version(tmp_path / "none") == ""


def test_a_graph_without_a_sample_runs_with_a_word(graph, monkeypatch, caplog):
    monkeypatch.setattr("sleap_rt.runtime.inspect.verify.SAMPLE_KEY", "another")
    with caplog.at_level(logging.WARNING):
        PosePredictor(graph, engine="ort", device="cpu").close()
    assert "engine ort was not checked" in caplog.text
    assert "carries no sample" in caplog.text
