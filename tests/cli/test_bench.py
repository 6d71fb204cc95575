"""`bench` says what it measured, and nothing that its figures do not show."""

import json
import re
import time
from itertools import count

import pytest

from sleap_rt.options import EngineOptions
from sleap_rt.runtime.inspect import bench
from sleap_rt.runtime.inspect.trials import Evidence, Trial
from sleap_rt.runtime.inspect.whole_run import whole_run
from sleap_rt.workflows.inspect.bench import BenchPlan
from sleap_rt.workflows.tuning import settle

VIDEO = "samples/crawlers.mp4"
QUICK = ("-d", "cpu", "-b", "1", "--n_batches", "1")


def test_only_a_video_is_compared_with_how_fast_videos_play(sample_graphs, call):
    """The stored frame may show another number of animals than anybody's video."""
    words = ("bench", *sample_graphs("bottomup"), *QUICK)
    stored, own = call(*words).out, call(*words, "-i", VIDEO).out
    assert re.search(
        r" frames/s\. Measured: one stored frame with \d+ animals?; -i VIDEO me", stored
    )
    assert "plays" not in stored
    assert "times as fast as a video of 30 frames/s plays." in own
    assert "stored frame" not in own


@pytest.fixture
def measured(monkeypatch, sample_graphs, tmp_path):
    """A cache of its own, and engines that `track` compares at once: ort has the larger number."""
    (graph,) = sample_graphs("single_instance")
    trials = tuple(
        Trial(engine=name, threads=1, batch_size=2, frames_per_second=speed, open_seconds=0.001)
        for name, speed in (("ort", 90.0), ("openvino", 50.0))
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(settle, "WORTH_TRYING", 1)
    monkeypatch.setattr(settle, "cpu_engines", lambda *_: ["ort", "openvino"])
    monkeypatch.setattr(settle, "hold_trials", lambda *_: Evidence(trials=trials, left_out={}))
    return graph


@pytest.mark.parametrize("data", [(), ("-i", "samples/one_crawler.mp4")])
def test_without_an_engine_what_track_takes_is_measured(call, measured, tmp_path, data):
    words = ("bench", measured, *data, "--n_batches", "1", "--json")
    before = call(*words)
    usual = "engine ort on cpu: the usual choice without a GPU"
    assert f"{usual}; a long run of `track` compares ort, openvino first\n" in before.err
    assert json.loads(before.out)[0]["batch_size"] == 4
    track = ("track", "-i", "samples/one_crawler.mp4", "-m", measured, "--frames", "0-5")
    told = call(*track, "-o", tmp_path / "poses.slp").err
    line = "engine ort on cpu: measured here, frames/s: ort 90, openvino 50\n"
    assert line in told
    after = call(*words)
    assert line in after.err
    (row,) = json.loads(after.out)
    assert (row["engine"], row["batch_size"]) == ("ort", 2)


@pytest.mark.parametrize(
    ("here", "told"),
    [
        (["mnn", "ort"], "compare engines: sleap-nn bench {} -i VIDEO --engine mnn --engine ort"),
        (["ort"], "run it: sleap-nn track -i VIDEO -m {}"),
    ],
)
def test_an_engine_that_ran_alone_is_not_called_the_quickest(
    call, sample_graphs, monkeypatch, here, told
):
    """A command that fixed it would turn off what `track` measures."""
    (graph,) = sample_graphs("single_instance")
    monkeypatch.setattr(BenchPlan, "engines_here", property(lambda _: here))
    done = call("bench", graph, "--n_batches", "1")
    assert f"next, to {told.format(graph)}\n" in done.err
    assert "A run as a whole: ort on cpu, batches of 4: " in done.out
    assert "Quickest" not in done.out


def test_engines_that_run_here_can_be_compared(sample_graphs, call):
    (graph,) = sample_graphs("single_instance")
    told = call("bench", graph, "--device", "cpu", "--n_batches", "1").err
    if "compare engines" in told:  # there is more than one
        assert re.search(r"bench \S+ -i VIDEO -d cpu( --engine \w+)* --engine ort\n", told)


def test_a_log_says_how_far_it_is(sample_graphs, call, monkeypatch):
    """A line every two seconds, here at each look at the clock."""
    (graph,) = sample_graphs("single_instance")
    seconds = count(step=3.0)
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds))
    done = call("bench", graph, "--engine", "ort", "-b", "1", "2", "--n_batches", "2")
    stages = (
        "read frames",
        "open and warm up",
        "measure batches",
        "measure batches",
        "measure a run as a whole",
    )
    told = [line for line in done.err.splitlines() if line.endswith(" ...")]
    assert told == [
        f"ort, batches of {size}: {stage} ({5 * row + number} of 10) ..."
        for row, size in enumerate((1, 2))
        for number, stage in enumerate(stages, 1)
    ]


def test_a_terminal_shows_a_bar_until_the_table_comes(on_terminal, sample_graphs):
    (graph,) = sample_graphs("single_instance")
    words = ["bench", graph, "--engine", "ort", "-b", "1", "--n_batches", "2"]
    shown = on_terminal(words)
    assert "ort, batches of 1: measure batches:  40%" in shown
    assert shown.index("measure a run as a whole") < shown.index("A run as a whole")


def test_no_time_holds_what_is_told(sample_graphs, monkeypatch):
    """Whoever is told what begins runs ahead of the clock of it, and after that of the last."""
    events = []

    def measured(name, function):
        def call(*args):
            events.append(f"{name} begins")
            found = function(*args)
            events.append(f"{name} ends")
            return found

        return call

    monkeypatch.setattr(bench, "_predict", measured("batch", bench._predict))
    monkeypatch.setattr(bench, "whole_run", measured("run", whole_run))
    options = bench.BenchOptions(batch_size=1, n_batches=2)
    engine = EngineOptions(engine="ort", device="cpu")
    bench.run_benchmark(sample_graphs("single_instance"), None, engine, options, events.append)
    (first,) = (place for place, event in enumerate(events) if event == "open and warm up")
    batch = ["batch begins", "batch ends"]
    assert events[first + 1 :] == [
        *(4 * batch),
        *(2 * ["measure batches", *batch]),
        *("measure a run as a whole", "run begins", "run ends"),
    ]
    told = [event for event in events if event.split()[-1] not in ("begins", "ends")]
    assert len(told) == options.n_stages
