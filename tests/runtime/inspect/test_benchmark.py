"""`bench` measures what it says."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from sleap_rt.cli import main
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime import open_predictor
from sleap_rt.runtime.engines.wrapping.times import EngineTimes, timed_engines
from sleap_rt.runtime.inspect.bench import BenchOptions, run_benchmark
from sleap_rt.runtime.inspect.whole_run import whole_run

VIDEO = Path(__file__).resolve().parents[3] / "samples/crawlers.mp4"
CPU = EngineOptions(engine="ort", device="cpu")


def test_stages_add_up(sample_graphs):
    graphs = sample_graphs("centroid", "centered_instance")
    found = run_benchmark(graphs, VIDEO, CPU, BenchOptions(batch_size=3, n_batches=4))
    assert (found.engine, found.device, found.n_frames) == ("ort", "cpu", 12)
    assert found.n_instances >= 24, "the clip shows three animals in most frames"
    latency = found.latency_ms
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["max"]
    assert found.graph_ms is not None
    assert 0 < found.graph_ms <= latency["max"]
    assert found.copy_ms is not None
    assert 0 <= found.copy_ms < found.graph_ms
    assert found.frames_per_second == pytest.approx(3e3 / latency["p50"], rel=2)
    for stage in (found.read_ms, found.track_ms, found.write_ms, found.open_ms, found.first_ms):
        assert stage is not None
        assert stage > 0
    assert found.run_frames_per_second > 0
    assert 0 < found.engine_busy <= 1


def test_engines_opened_outside_are_not_timed(sample_graphs):
    graphs = sample_graphs("bottomup")
    with timed_engines() as times:
        pass
    predictor = open_predictor(graphs, DecodeOptions(), CPU)
    predictor.close()
    assert times == EngineTimes()


def test_rows_for_every_engine_and_batch_size(sample_graphs, capsys):
    (graph,) = sample_graphs("bottomup")
    args = ["bench", str(graph), "-d", "cpu", "-b", "1", "-b", "2", "--n_batches", "2"]
    for form in ([], ["--json"]):
        with pytest.raises(SystemExit) as left:
            main([*args, *form])
        assert left.value.code == 0
    table, _, rest = capsys.readouterr().out.partition("[")
    *lines, summary = table.splitlines()
    assert "Quickest run: ort on cpu, batches of " in summary
    assert [line.split()[:3] for line in lines] == [
        ["engine", "device", "batch"],
        ["ort", "cpu", "1"],
        ["ort", "cpu", "2"],
    ]
    rows = json.loads("[" + rest)
    assert [(row["engine"], row["batch_size"], row["n_frames"]) for row in rows] == [
        ("ort", 1, 2),
        ("ort", 2, 4),
    ]


def test_the_engines_share_of_a_run_is_that_of_its_calls(sample_graphs):
    """An engine whose lanes sleep 20 ms a batch is busy nearly all the time."""
    (graph,) = sample_graphs("single_instance")
    frames = np.zeros((20, 190, 250, 1), np.uint8)
    with timed_engines() as times:
        options = EngineOptions(engine="ort", device="cpu", threads=2)
        predictor = open_predictor([graph], DecodeOptions(), options)
        engine = vars(predictor)["_engine"]._engine
        run = engine.run

        def slow_run(*args):
            time.sleep(0.02)
            return run(*args)

        engine.run = slow_run
        found = whole_run(predictor, frames, 20, 2, times)
    assert found.frames_per_second < 200
    assert 0.5 < found.engine_busy <= 1


@pytest.mark.parametrize("engine", ["ort", "openvino"])
def test_both_engines_of_a_pair_are_timed(sample_graphs, engine):
    """The ones that are opened in threads of their own as well."""
    options = EngineOptions(engine=engine, device="cpu")
    with timed_engines() as times:
        predictor = open_predictor(
            sample_graphs("centroid", "centered_instance"), DecodeOptions(), options
        )
    for stage in (vars(predictor)["_centroids"], vars(predictor)["_crops"]._stage):
        times.clear()
        spec, *_ = stage._engine.inputs
        stage._engine.upload(np.zeros((1, 8, 8, 1), spec.dtype))
        assert times.uploads > 0
    predictor.close()


def test_without_a_video_there_are_animals_to_measure(sample_graphs):
    graphs = sample_graphs("centroid", "centered_instance")
    found = run_benchmark(graphs, None, CPU, BenchOptions(batch_size=2, n_batches=2))
    assert found.n_frames == 4
    assert found.n_instances >= 4, "else the second stage is not measured"
    assert found.read_ms is None


def test_of_several_engines_all_are_there_before_one_is_measured(
    sample_graphs, monkeypatch, capsys
):
    (graph,) = sample_graphs("single_instance")
    missing = {"openvino": "OpenVINO is not installed"}
    monkeypatch.setattr(
        "sleap_rt.workflows.inspect.bench.why_not", lambda options: missing.get(options.engine)
    )
    monkeypatch.setattr(
        "sleap_rt.workflows.inspect.bench.run_benchmark", lambda *_: pytest.fail("measured")
    )
    with pytest.raises(SystemExit) as left:
        main(["bench", str(graph), "--engine", "ort", "--engine", "openvino"])
    assert left.value.code == 1
    told = capsys.readouterr().err
    assert "'openvino' does not run here: OpenVINO is not installed; nothing was measured" in told


def test_wrong_numbers_are_usage_errors(capsys):
    with pytest.raises(SystemExit) as left:
        main(["bench", "nowhere.onnx", "-b", "0"])
    assert left.value.code == 2
    assert "batch_size must be at least 1" in capsys.readouterr().err
