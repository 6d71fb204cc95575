"""Runs on a real cluster of two worker processes equal runs of one process, whatever happens."""

import os
import shutil
import signal
import time

import pytest

import sleap_rt
from sleap_rt.cli import main
from sleap_rt.errors import DataError, OptionError
from sleap_rt.options import EngineOptions, RunOptions, SelectionOptions
from sleap_rt.tracking import TrackerOptions
from sleap_rt.workflows.cluster.crew import Crew
from sleap_rt.workflows.cluster.predictions import ClusterPredictions
from sleap_rt.workflows.many.options import ManyOptions
from sleap_rt.workflows.many.plan import plan_many
from sleap_rt.workflows.many.run import ManyReport
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.predict import predict
from sleap_rt.workflows.report import Report

N_FRAMES = 80


class Told(Report):
    def __init__(self):
        self.told, self.warned, self.status = [], [], None

    def tell(self, message):
        self.told.append(message)

    def warn(self, message):
        self.warned.append(message)

    def watch(self, status):
        self.status = status


def options(output_path, cluster=None, **given):
    return PredictionOptions(
        output_path=output_path,
        cluster=cluster,
        tracking=TrackerOptions(),
        engine=EngineOptions(engine="ort", device="cpu"),
        reproducible=True,
        run=RunOptions(batch_size=2, on_error=given.pop("on_error", "continue")),
        **given,
    )


@pytest.fixture
def whole(clip, sample_graphs, tmp_path):
    """The bytes of a run of one process with the bottom-up model."""
    predict(clip, sample_graphs("bottomup"), options(tmp_path / "whole.slp"))
    return (tmp_path / "whole.slp").read_bytes()


def on_cluster(clip, graphs, asked, path, report=None, **given):
    with ClusterPredictions(graphs, options(path, asked, **given), report=report) as run:
        return run.predict(clip)


def on_idle_second(monkeypatch, act):
    """Do something once, when a run has waited for a second and no range was answered."""
    plain, done = Crew.wait, []

    def wait(self):
        before = self.n_waiting
        plain(self)
        if self.n_waiting == before and not done:
            done.append(True)
            act()

    monkeypatch.setattr(Crew, "wait", wait)
    return done


def a_worker(client):
    return next(iter(client.run(os.getpid).values()))


@pytest.mark.parametrize("names", [("bottomup",), ("centroid", "centered_instance")])
def test_a_cluster_gives_the_bytes_of_one_process(names, clip, asked, sample_graphs, tmp_path):
    graphs, report = sample_graphs(*names), Told()
    predict(clip, graphs, options(tmp_path / "whole.slp"))
    done = on_cluster(clip, graphs, asked, tmp_path / "out.slp", report)
    assert (tmp_path / "out.slp").read_bytes() == (tmp_path / "whole.slp").read_bytes()
    assert done.n_frames == N_FRAMES
    assert done.n_tracks > 2
    assert (done.engine, done.device) == ("ort", "cpu")
    assert done.n_workers in (1, 2)  # one may have been quick enough to do it all
    assert done.frames_per_second is None
    connecting, dashboard, *workers = report.told
    assert connecting.startswith("connecting with the scheduler at tcp://")
    assert dashboard.startswith("dashboard of the cluster: http://")
    assert workers
    assert all(one.endswith(": ort on cpu") for one in workers)
    time.sleep(1.1)  # long after a last look at the cluster, which is no longer there
    assert report.status() == "2 workers"
    assert not (tmp_path / "out.slp.journal").exists()


def test_workers_without_work_are_told(clip, asked, workers, sample_graphs, tmp_path):
    report, few = Told(), SelectionOptions(frames=tuple(range(8)))
    given = (sample_graphs("bottomup"), asked, tmp_path / "out.slp", report)
    assert on_cluster(clip, *given, selection=few).n_workers == 1
    assert report.told[-1] == "1 of 2 workers had work: the frames went out in 1 range"


def test_a_worker_that_ends_in_the_middle_is_replaced(
    clip, asked, workers, sample_graphs, whole, tmp_path, monkeypatch
):
    process = a_worker(workers)
    os.kill(process, signal.SIGSTOP)  # it takes ranges and never answers
    killed = on_idle_second(monkeypatch, lambda: os.kill(process, signal.SIGKILL))
    on_cluster(clip, sample_graphs("bottomup"), asked, tmp_path / "out.slp")
    assert killed
    assert (tmp_path / "out.slp").read_bytes() == whole


def test_a_slow_worker_is_waited_for(
    clip, asked, workers, sample_graphs, whole, tmp_path, monkeypatch
):
    process = a_worker(workers)
    os.kill(process, signal.SIGSTOP)
    woken = on_idle_second(monkeypatch, lambda: os.kill(process, signal.SIGCONT))
    try:
        on_cluster(clip, sample_graphs("bottomup"), asked, tmp_path / "out.slp")
    finally:
        os.kill(process, signal.SIGCONT)
    assert woken
    assert (tmp_path / "out.slp").read_bytes() == whole


def test_a_corrupt_video_stops_no_other(clip, asked, sample_graphs, whole, tmp_path):
    paths = [tmp_path / f"{name}.mp4" for name in ("a", "corrupt", "c", "damaged", "e")]
    for path in paths:
        shutil.copy(clip, path)
    paths[1].write_text("no video")
    content = clip.read_bytes()  # its index stands ahead of its frames
    paths[3].write_bytes(content[: len(content) * 2 // 3])  # workers miss the last frames
    tasks = plan_many(paths, ManyOptions(writes=True))
    report, graphs = Told(), sample_graphs("bottomup")
    with ClusterPredictions(graphs, options(None, asked, on_error="stop"), report=report) as run:
        tasks.carry_out(run, ManyReport(), look_ahead=run.look_ahead)
        assert "5 of 5 inputs" in report.status()
    assert [task.status for task in tasks.tasks] == ["done", "failed", "done", "failed", "done"]
    assert tasks.missing
    corrupt, damaged = (tasks.tasks[number].error_words for number in (1, 3))
    assert "not a video that can be read" in corrupt
    assert "frames before it are saved in" in damaged
    assert {task.done.n_frames for task in tasks.with_status("done")} == {N_FRAMES}


def test_an_interrupted_run_goes_on(clip, asked, sample_graphs, whole, tmp_path):
    class Interrupting(Report):
        def results(self, results, n_frames, n_done):
            for number, result in enumerate(results):
                if number == 20:
                    raise KeyboardInterrupt
                yield result

    graphs = sample_graphs("bottomup")
    with pytest.raises(KeyboardInterrupt, match=r"of 80 frames are kept in .*; pass resume=True"):
        on_cluster(clip, graphs, asked, tmp_path / "out.slp", Interrupting())
    assert (tmp_path / "out.slp.journal").exists()
    with pytest.raises(DataError, match="holds results of a run that was cut off"):
        on_cluster(clip, graphs, asked, tmp_path / "out.slp")
    done = on_cluster(clip, graphs, asked, tmp_path / "out.slp", resume=True)
    assert 0 < done.n_resumed < N_FRAMES
    assert (tmp_path / "out.slp").read_bytes() == whole


def test_an_interrupt_while_workers_are_let_go_says_what_is_written(
    clip, sample_graphs, asked, tmp_path
):
    def interrupt():
        raise KeyboardInterrupt

    out, ended = tmp_path / "out.slp", []
    cluster = ClusterPredictions(sample_graphs("bottomup"), options(out, asked))
    cluster._stack.callback(ended.append, "all")
    cluster._stack.callback(interrupt)
    cluster.predict(clip)
    words = r"the run was over but for its workers; written: .*out\.slp"
    with pytest.raises(KeyboardInterrupt, match=words):
        cluster.__exit__(None, None, None)
    assert ended == ["all"]  # nothing was cut off
    assert out.exists()


def test_a_cluster_goes_on_with_a_run_of_one_process(clip, asked, sample_graphs, whole, tmp_path):
    class Interrupting(Report):
        def results(self, results, n_frames, n_done):
            for number, result in enumerate(results):
                if number == 20:
                    raise KeyboardInterrupt
                yield result

    graphs = sample_graphs("bottomup")
    with pytest.raises(KeyboardInterrupt):
        predict(clip, graphs, options(tmp_path / "out.slp"), report=Interrupting())
    done = on_cluster(clip, graphs, asked, tmp_path / "out.slp", resume=True)
    assert 0 < done.n_resumed < N_FRAMES
    assert (tmp_path / "out.slp").read_bytes() == whole


def test_a_worker_without_the_model_is_left_out(clip, asked, sample_graphs, workers, tmp_path):
    """Its machine does not share the folder: here, it stands in another version of the program."""
    address = next(iter(workers.run(os.getpid)))
    _set_version(workers, address, "0.0.1")
    try:
        report = Told()
        done = on_cluster(clip, sample_graphs("bottomup"), asked, tmp_path / "out.slp", report)
        assert done.n_frames == N_FRAMES
        assert done.n_workers == 1
        (warned,) = report.warned
        assert warned.startswith(f"worker {address} on ")
        assert f"is left out: It has sleap-rt 0.0.1, and the run {sleap_rt.__version__}" in warned
        _set_version(workers, None, "0.0.1")
        with pytest.raises(sleap_rt.errors.EngineError, match="None of 2 workers can take part; "):
            on_cluster(clip, sample_graphs("bottomup"), asked, tmp_path / "other.slp")
    finally:
        _set_version(workers, None, sleap_rt.__version__)


def _set_version(client, address, version):
    def set_version():
        from sleap_rt.workflows.cluster import worker

        vars(worker)["__version__"] = version

    client.run(set_version, workers=None if address is None else [address])


def test_the_command_writes_many_results_into_a_folder(
    clip, dask_cluster, sample_graphs, tmp_path, capfd
):
    for name in ("a.mp4", "c.mp4"):
        shutil.copy(clip, tmp_path / name)
    (tmp_path / "b.mp4").write_text("no video")
    words = ["track", str(tmp_path), "-m", str(sample_graphs("bottomup")[0]), "-t"]
    words += ["--engine", "ort", "--frames", "0-39", "-o", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as left:
        main([*words, "--cluster", dask_cluster.scheduler_address])
    told = capfd.readouterr()
    assert left.value.code == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "a.predictions.slp",
        "c.predictions.slp",
    ]
    assert "3 inputs: 2 done, 1 failed" in told.out
    assert "dashboard of the cluster: http://" in told.err
    assert ": ort on cpu" in told.err
    assert f"{tmp_path / 'b.mp4'}: not a video that can be read" in told.err


def test_python_runs_on_a_cluster(clip, dask_cluster, sample_graphs, tmp_path):
    given = {"model_paths": sample_graphs("bottomup"), "engine": "ort", "batch_size": 2}
    address = dask_cluster.scheduler_address
    shutil.copy(clip, tmp_path / "b.mp4")
    here = sleap_rt.run_inference(clip, frames=range(40), **given)
    there = sleap_rt.run_inference(clip, cluster=address, frames=range(40), **given)
    both = sleap_rt.run_inference([clip, tmp_path / "b.mp4"], cluster=address, frames=[3], **given)
    assert there.numpy().tobytes() == here.numpy().tobytes()
    assert [len(labels) for labels in both] == [1, 1]


def test_workers_read_files_only(clip, asked, sample_graphs, tmp_path):
    import numpy as np

    frames = np.zeros((1, 64, 64, 1), np.uint8)
    given = {"model_paths": sample_graphs("bottomup"), "cluster": asked.address}
    with pytest.raises(OptionError, match="cluster: workers read files; give a path"):
        sleap_rt.run_inference(input_video=None, data_path=frames, **given)
    with pytest.raises(OptionError, match="cluster: no effect with make_labels=False"):
        sleap_rt.run_inference(clip, make_labels=False, **given)
    there = "cluster: the models are open here; give it to run_inference"
    with (
        sleap_rt.PosePredictor(given["model_paths"]) as predictor,
        pytest.raises(OptionError, match=there),
    ):
        predictor.predict(clip, cluster=asked.address)
