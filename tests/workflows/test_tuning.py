"""What a plan leaves open is settled by evidence, and a run never fails for the want of it."""

import re
import shutil
import sys

import pytest
import sleap_io as sio

from sleap_rt import run_inference
from sleap_rt.cli import main
from sleap_rt.errors import EngineError, FrameError
from sleap_rt.options import EngineOptions, RunOptions, SelectionOptions
from sleap_rt.runtime.engines import cpu_engines
from sleap_rt.runtime.frames.source import Source
from sleap_rt.runtime.inspect import trial_store
from sleap_rt.runtime.inspect.trials import Evidence, Trial
from sleap_rt.runtime.pipeline import stream
from sleap_rt.workflows.many.predictions import ManyPredictions
from sleap_rt.workflows.many.task import Task
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.predict import predict
from sleap_rt.workflows.report import Report
from sleap_rt.workflows.tuning import settle
from sleap_rt.workflows.tuning.batch_size import batch_sizes, bytes_per_frame, frames_that_fit


@pytest.fixture
def cache(tmp_path, monkeypatch, sample_graphs):
    sample_graphs("single_instance")  # in the session's cache, before this test has its own
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/sleap-rt/engines/trials"


@pytest.fixture
def trials(monkeypatch):
    """Holds trials whose outcome the test has made up; every run is worth them."""
    hold = _Trials()
    monkeypatch.setattr(settle, "hold_trials", hold)
    monkeypatch.setattr(settle, "WORTH_TRYING", 1)
    monkeypatch.setattr(settle, "cpu_engines", lambda *_: ["ort", "openvino"])
    return hold


class Told(Report):
    def __init__(self):
        self.engines, self.runs = [], []

    def chosen(self, plan):
        self.runs.append(plan.options.run)
        self.engines.append(plan.options.engine.engine)


class _Trials:
    def __init__(self):
        self.held, self.evidence = [], evidence_of(openvino=90.0, ort=50.0)

    def __call__(self, rules, clock):
        self.held.append(rules)
        return self.evidence


def evidence_of(batch_size=4, left_out=None, threads=1, **speeds):
    return Evidence(
        trials=tuple(
            Trial(
                engine=engine,
                threads=threads,
                batch_size=batch_size,
                frames_per_second=speed,
                open_seconds=0.001,
            )
            for engine, speed in speeds.items()
        ),
        left_out=left_out or {},
    )


@pytest.fixture
def track(sample_graphs, request, tmp_path, capsys):
    (graph,) = sample_graphs("single_instance")
    video = request.config.rootpath / "samples/one_crawler.mp4"

    def call(*options, code=0):
        words = ["track", "-i", video, "-m", graph, "--frames", "0-5", "-o", tmp_path / "out.slp"]
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in (*words, "--overwrite", *options)])
        printed = capsys.readouterr()
        assert left.value.code == code, printed.err
        return printed

    call.graph = graph  # type: ignore[attr-defined]
    return call


def test_the_engine_that_was_measured_to_be_fastest_runs(track, cache, trials):
    trials.evidence = evidence_of(
        batch_size=2, openvino=90.0, ort=50.0, left_out={"mnn": "too rough"}
    )
    done = track()
    assert "comparing ort, openvino once for this model" in done.err
    words = "measured here, frames/s: openvino 90, ort 50; mnn left out: too rough"
    assert f"engine openvino on cpu: {words}" in done.err
    assert "with openvino on cpu, batches of 2 ->" in done.out


def test_it_is_measured_once(track, cache, trials):
    track()
    assert "comparing" not in track().err
    assert len(trials.held) == 1
    for entry in cache.glob("*.json"):
        entry.unlink()
    track()
    assert len(trials.held) == 2


@pytest.mark.parametrize("options", [("--engine", "ort"), ("--engine", "ort", "-b", "3")])
def test_an_engine_that_is_asked_for_runs_without_trials(options, track, cache, trials):
    done = track(*options)
    assert trials.held == []
    assert "with ort on cpu, batches of " in done.out


def test_options_that_are_asked_for_stay(track, cache, trials):
    trials.evidence = evidence_of(batch_size=3, openvino=90.0, ort=50.0)
    assert "with openvino on cpu, batches of 3 ->" in track("-b", "3", "--threads", "1").out
    (rules,) = trials.held
    assert (rules.threads, rules.batch_sizes) == ((1,), (3,))


def test_what_was_measured_for_other_batches_changes_none_that_is_asked_for(track, cache, trials):
    trials.evidence = evidence_of(batch_size=2, openvino=90.0, ort=50.0)
    track()
    trials.evidence = evidence_of(batch_size=4, openvino=90.0, ort=50.0)
    assert "with openvino on cpu, batches of 4 ->" in track("-b", "4").out
    assert "batches of 2 ->" in track().out
    assert [rules.batch_sizes for rules in trials.held] == [(4, 2, 8), (4,)]


def test_a_short_run_is_not_worth_it(track, cache, trials, monkeypatch):
    monkeypatch.setattr(settle, "WORTH_TRYING", 7)
    assert "with ort on cpu, batches of 4 ->" in track().out
    assert trials.held == []


def test_short_runs_add_up(track, cache, trials, monkeypatch):
    monkeypatch.setattr(settle, "WORTH_TRYING", 17)
    monkeypatch.setattr(settle, "WORTH_COUNTING", 6)
    counted = "usual choice without a GPU; engines are compared once runs have 17 frames, "
    assert f"{counted}6 so far" in track("--dry_run").out
    for n_held in (0, 0, 1, 1):  # runs of 6 frames
        told = track().err
        assert len(trials.held) == n_held
        assert (counted in told) == (n_held == 0)


def test_very_short_runs_do_not_count(track, cache, trials, monkeypatch):
    monkeypatch.setattr(settle, "WORTH_TRYING", 8)
    monkeypatch.setattr(settle, "WORTH_COUNTING", 7)
    for _ in range(2):
        assert "usual choice without a GPU\n" in track().err
    assert trials.held == []


def test_a_count_of_frames_that_is_damaged_begins_again(track, cache, trials, monkeypatch):
    monkeypatch.setattr(settle, "WORTH_TRYING", 12)
    monkeypatch.setattr(settle, "WORTH_COUNTING", 6)
    track()
    (count,) = cache.glob("*.frames")
    assert count.read_text() == "6"
    count.write_text("many")
    track()
    assert (trials.held, count.read_text()) == ([], "6")


def test_where_no_engine_is_left_the_usual_one_runs(track, cache, trials):
    trials.evidence = evidence_of(left_out={"ort": "it does not run here: x", "openvino": "y"})
    for n_held in (1, 2):  # a second run tries again
        assert "with ort on cpu, batches of 4 ->" in track().out
        assert len(trials.held) == n_held


def test_a_measurement_that_fails_stops_no_run(track, cache, trials, monkeypatch):
    def fails(*_):
        raise EngineError("no sample")

    monkeypatch.setattr(settle, "hold_trials", fails)
    done = track()
    assert "engines could not be compared: no sample" in done.err
    assert "with ort on cpu, batches of 4 ->" in done.out


def test_a_cache_that_cannot_be_written_stops_no_run(track, cache, trials):
    trials.evidence = evidence_of(openvino=90.0)
    cache.parent.parent.mkdir(parents=True)
    cache.parent.write_text("a file in the way")
    done = track()
    assert "how quick the engines are here cannot be kept in" in done.err
    assert "with openvino on cpu" in done.out


def test_an_engine_that_is_missing_is_told_once(track, cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "MNN", None)
    told = track("--engine", "mnn", code=1).err.strip()
    assert "[cpu,mnn]'" in told
    assert "\n" not in told


def test_frames_that_cannot_be_read_stop_no_tuning(track, cache, trials, monkeypatch):
    trials.evidence = evidence_of(openvino=90.0)
    plain = Source.read

    def read(self, ref):
        if ref.frame_index < 2:
            raise FrameError(f"frame {ref.frame_index} is damaged")
        return plain(self, ref)

    monkeypatch.setattr(Source, "read", read)
    done = track(code=1)
    assert "could not be compared" not in done.err
    assert "with openvino on cpu" in done.out


def test_trials_run_real_engines(track, cache, monkeypatch):
    """Whatever is installed here, on as few frames as there are."""
    monkeypatch.setattr(settle, "WORTH_TRYING", 1)
    done = track()
    found = re.search(r"engine (\S+) on cpu: .*measured here, frames/s: (.*)", done.err)
    assert found is not None
    assert found[1] in found[2]
    assert "ort " in found[2]
    (stored,) = (one for one in trial_store.stored_trials() if one.evidence.trials)
    assert {trial.threads for trial in stored.evidence.trials} <= {1, 2, *range(3, 257)}
    assert {trial.batch_size for trial in stored.evidence.trials} >= {2, 4}


def test_a_run_that_is_continued_keeps_engine_and_batch(
    track, cache, trials, cut_off_behind_one_batch, tmp_path
):
    trials.evidence = evidence_of(batch_size=2, threads=1, openvino=90.0, ort=50.0)
    whole = track()
    expected = sio.load_slp(str(tmp_path / "out.slp"), open_videos=False)
    with cut_off_behind_one_batch():
        track(code=130)
    for entry in cache.glob("*.json"):
        entry.unlink()
    trials.evidence = evidence_of(batch_size=8, ort=90.0, openvino=50.0)  # another answer now
    assert "threads was 1, and is 2 now" in track("--resume", "--threads", "2", code=1).err
    done = track("--resume")
    assert "engine openvino on cpu: as in the run that is continued" in done.err
    assert "6 frames (2 of them before)" in done.out
    assert "with openvino on cpu, batches of 2 ->" in done.out
    found = sio.load_slp(str(tmp_path / "out.slp"), open_videos=False)
    assert whole.out.split(",")[1] == done.out.split(",")[1]
    for one, other in zip(expected, found, strict=True):
        assert (one.numpy() == other.numpy()).all() or len(one) == 0


def test_of_many_inputs_the_first_settles_the_engine(track, cache, trials, request, tmp_path):
    """And each result says what it was made with."""
    trials.evidence = evidence_of(batch_size=2, openvino=90.0, ort=50.0)
    video = request.config.rootpath / "samples/one_crawler.mp4"
    for name in "ab":
        (tmp_path / f"{name}.mp4").write_bytes(video.read_bytes())
    options = PredictionOptions(names_output=True, selection=SelectionOptions(frames=(0, 1, 2)))
    report = Told()
    with ManyPredictions([track.graph], options, report=report) as predict:
        for name in "ab":
            clip, output = tmp_path / f"{name}.mp4", tmp_path / f"{name}.slp"
            done = predict(Task(path=clip, output=output))
            assert (done.engine, done.batch_size) == ("openvino", 2)
            assert sio.load_slp(str(output), open_videos=False).provenance["engine"] == "openvino"
    assert len(trials.held) == 1
    assert report.engines == ["openvino"], "told once"


@pytest.mark.parametrize(("n_clips", "n_held"), [(2, 0), (3, 1)])
def test_inputs_are_worth_a_comparison_together(
    n_clips, n_held, track, cache, trials, monkeypatch, request, tmp_path
):
    monkeypatch.setattr(settle, "WORTH_TRYING", 17)
    video = request.config.rootpath / "samples/one_crawler.mp4"
    clips = [shutil.copy(video, tmp_path / f"{number}.mp4") for number in range(n_clips)]
    words = ["track", *clips, "-m", track.graph, "--frames", "0-5", "--quiet"]
    with pytest.raises(SystemExit) as left:
        main(list(map(str, words)))
    assert not left.value.code
    assert len(trials.held) == n_held


def test_of_many_inputs_one_that_is_continued_keeps_its_engine(
    track, cache, trials, request, tmp_path, monkeypatch, capsys
):
    video = request.config.rootpath / "samples/one_crawler.mp4"
    clips = [shutil.copy(video, tmp_path / f"{name}.mp4") for name in "ab"]
    words = ["track", *clips, "-m", track.graph, "--frames", "0-5", "-o", tmp_path / "results"]

    def many(*options):
        with pytest.raises(SystemExit) as left:
            main(list(map(str, (*words, *options))))
        return left.value.code, capsys.readouterr()

    trials.evidence = evidence_of(batch_size=2, openvino=90.0, ort=50.0)
    real, n_seen = stream.__dict__["predict_batches"], 0

    def interrupted(*arguments):  # behind the first batch of the second input
        nonlocal n_seen
        for batch in real(*arguments):
            n_seen += 1
            if n_seen == 5:
                raise KeyboardInterrupt
            yield batch

    monkeypatch.setattr(stream, "predict_batches", interrupted)
    assert many()[0] == 130
    monkeypatch.setattr(stream, "predict_batches", real)
    for entry in cache.glob("*.json"):
        entry.unlink()
    trials.evidence = evidence_of(batch_size=8, ort=90.0, openvino=50.0)
    code, printed = many("--resume")
    assert code in (None, 0), printed.err
    assert "engine openvino on cpu: as in the run that is continued" in printed.err
    assert len(trials.held) == 1


def test_python_takes_auto_too(sample_graphs, request):
    (graph,) = sample_graphs("single_instance")
    video = request.config.rootpath / "samples/one_crawler.mp4"
    for size in ("auto", None, 2):
        labels = run_inference(
            data_path=video, model_paths=[graph], frames=[0, 1, 2], batch_size=size
        )
        assert len(labels) == 3


def test_python_tells_the_log_what_the_command_prints(track, cache, trials, request, caplog):
    video = request.config.rootpath / "samples/one_crawler.mp4"
    comparing = "comparing ort, openvino once for this model ..."
    chosen = "engine openvino on cpu: measured here, frames/s: openvino 90, ort 50"
    for data, lines in ((video, [comparing, chosen]), (video, [chosen]), ([video], [chosen])):
        caplog.clear()
        with caplog.at_level("INFO", logger="sleap_rt"):
            run_inference(data, track.graph, frames=range(6))
        told = [one for one in caplog.messages if one.startswith(("comparing", "engine"))]
        assert told == lines
    caplog.clear()
    with caplog.at_level("INFO", logger="sleap_rt"):
        run_inference(video, track.graph, frames=range(6), engine="ort")
    assert "engine" not in caplog.text
    assert len(trials.held) == 1


def test_info_and_system_show_what_was_measured(track, cache, trials, capsys):
    track()
    track("--engine", "openvino")  # which is looked at, but not compared
    with pytest.raises(SystemExit):
        main(["info", str(track.graph)])
    assert "measured here, frames/s: openvino 90, ort 50" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["system"])
    assert f"1 time, kept in {cache}" in capsys.readouterr().out


def test_int8_goes_only_to_engines_that_run_it():
    assert "mnn" not in cpu_engines(EngineOptions(), {"int8"})
    assert "mnn" not in cpu_engines(EngineOptions(), {"fp32", "fp16"})
    assert cpu_engines(EngineOptions(workspace=3), {"fp32"}) == []
    assert cpu_engines(EngineOptions(threads=3), {"fp32"})[0] == "ort"


@pytest.mark.parametrize(
    ("free", "expected"),
    [(None, (4, 2, 8)), (1e6, (4, 2, 8)), (16.5, (4, 2)), (12.5, (3,)), (0.1, (1,))],
)
def test_batches_go_by_memory(free, expected, sample_graphs):
    """`free` in frames, of which a quarter may be used."""
    from sleap_rt.runtime.model_set import GraphSet

    contracts = GraphSet.read(sample_graphs("single_instance")).contracts
    shape = (1000, 1200, 1)
    memory = None if free is None else int(free * bytes_per_frame(contracts, shape))
    assert batch_sizes(frames_that_fit(contracts, shape, memory)) == expected


@pytest.mark.parametrize(
    ("fitting", "asked", "expected"),
    [
        (1e9, None, (4, 4)),
        (8.5, None, (4, 2)),  # each of two lanes has half
        (4.5, None, (2, 2)),
        (1.5, None, (1, 1)),
        (0.1, None, (1, 1)),
        (4.5, 4, (4, 1)),
        (4.5, 16, (16, 1)),
    ],
)
def test_batches_side_by_side_go_by_memory(
    fitting, asked, expected, sample_graphs, request, monkeypatch
):
    monkeypatch.setattr(settle, "frames_that_fit", lambda *_: fitting)
    report = Told()
    options = PredictionOptions(
        engine=EngineOptions(engine="ort", device="cpu", threads=2),
        run=RunOptions(batch_size=asked),
        selection=SelectionOptions(frames=tuple(range(8))),
    )
    video = request.config.rootpath / "samples/one_crawler.mp4"
    predict(video, sample_graphs("single_instance"), options, report=report)
    assert [(run.batch_size, run.most_at_once) for run in report.runs] == [expected]
