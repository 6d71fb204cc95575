"""Measuring a model: the stages add up, engines take turns, and nothing is measured in silence."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from sleap_rt.cli.app import main
from sleap_rt.errors import OptionError
from sleap_rt.options import BenchOptions, EngineOptions
from sleap_rt.runtime.bench import STAGES, BenchCase, run_bench
from sleap_rt.runtime.engine_clock import EngineClock, clocked, with_clock

VIDEO = Path(__file__).resolve().parents[2] / "samples/one_crawler.mp4"
ORT = EngineOptions(engine="ort", device="cpu")


class SleepingEngine:
    inputs = outputs = ()
    device = "nowhere"
    seconds = 0.02

    def run(self, feed, fetch=None):
        time.sleep(self.seconds)
        return {name: np.zeros(1) for name in fetch or ()}

    def close(self):
        pass


def test_a_clock_adds_up_what_engines_take_and_starts_anew_when_read():
    clock = EngineClock()
    with clocked(clock):
        engine = with_clock(SleepingEngine())
    for _ in range(3):
        assert list(engine.run({}, ["peaks"])) == ["peaks"]
    assert engine.device == "nowhere"
    assert clock.take() >= 3 * SleepingEngine.seconds
    assert clock.take() == 0


def test_engines_opened_elsewhere_are_left_as_they_are():
    engine = SleepingEngine()
    assert with_clock(engine) is engine


@pytest.mark.parametrize("name", ["n_frames", "rounds"])
def test_nothing_to_measure_is_refused(name):
    with pytest.raises(OptionError, match=f"{name} must be at least 1"):
        BenchOptions(**{name: 0})


@pytest.mark.engine
def test_stages_and_latency_fit_each_other(sample_graphs):
    graphs = sample_graphs("single_instance")
    cases = [BenchCase(engine=ORT, batch_size=size) for size in (1, 4)]
    results = run_bench(graphs, VIDEO, cases, BenchOptions(n_frames=6, rounds=2))
    assert [result.batch_size for result in results] == [1, 4]
    for result in results:
        assert result.n_frames == 12
        assert result.n_instances == 12  # one animal in each frame
        assert tuple(result.stage_ms) == STAGES
        assert all(ms >= 0 for ms in result.stage_ms.values())
        latencies = list(result.latency_ms.values())  # p50, p90, p99, max
        assert latencies == sorted(latencies)
        n_calls = {1: 12, 4: 4}[result.batch_size]
        per_call = (result.stage_ms["network+decode"] + result.stage_ms["group"]) * 12 / n_calls
        assert latencies[0] / n_calls <= per_call <= latencies[-1] + 1e-2
        assert min(result.rounds_fps) <= result.frames_per_second <= max(result.rounds_fps)


@pytest.mark.engine
def test_without_a_video_the_stored_frame_is_measured(sample_graphs, capsys):
    (graph,) = sample_graphs("single_instance")
    args = ["bench", str(graph), "--engine", "ort", "-d", "cpu", "-b", "2", "--n_frames", "3"]
    with pytest.raises(SystemExit) as left:
        main([*args, "--rounds", "1", "--json"])
    assert left.value.code == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert (result["engine"], result["device"], result["n_frames"]) == ("ort", "cpu", 3)
    with pytest.raises(SystemExit) as left:
        main([*args, "--rounds", "1"])
    assert left.value.code == 0
    out = capsys.readouterr().out
    assert "network+decode" in out
    assert "ort (cpu), batch 2" in out
    assert "3 frames" in out


@pytest.mark.engine
def test_a_crop_model_alone_is_refused(sample_graphs):
    _, crops = sample_graphs("centroid", "centered_instance")
    case = BenchCase(engine=ORT, batch_size=1)
    with pytest.raises(OptionError, match="crops alone"):
        run_bench([crops], VIDEO, [case], BenchOptions())
