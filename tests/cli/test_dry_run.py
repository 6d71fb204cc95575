"""`track --dry_run` tells what the same command then does."""

import shutil

import pytest
import sleap_io as sio

from sleap_rt.runtime.inspect.trials import Evidence, Trial
from sleap_rt.tracking import TrackerOptions
from sleap_rt.workflows.tuning import settle

CLIP = "samples/crawlers.mp4"
SETTINGS = [
    "",
    "--engine ort --batch_size 3",
    "-t --max_tracks 3",
    "-t --motion_model kalman --max_tracks 2",
    "-t --features bboxes --scoring_method iou",
    "--filter_overlapping --filter_min_visible_nodes 3 --peak_threshold 0.3",
]


@pytest.fixture(autouse=True)
def places(request, monkeypatch, tmp_path, sample_graphs):
    sample_graphs("bottomup")  # in the session's cache, before this test has its own
    monkeypatch.chdir(request.config.rootpath)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def trackers(monkeypatch):
    """The options of every tracker that was made, or only told."""
    found, resolved = [], TrackerOptions.resolved

    def noted(options, **given):
        found.append(resolved(options, **given))
        return found[-1]

    monkeypatch.setattr(TrackerOptions, "resolved", noted)
    return found


def facts_of(told):
    return dict(line.split(": ", 1) for line in told.out.splitlines() if ": " in line)


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_dry_run_tells_what_the_run_does(call, sample_graphs, tmp_path, trackers, settings):
    (graph,) = sample_graphs("bottomup")
    out = tmp_path / "out.slp"
    words = [CLIP, "-m", graph, "--frames", "0-5,900", "-o", out, *settings.split()]
    told = call("track", *words, "--dry_run")
    assert told.code == 0, told.err
    assert not out.exists()
    facts, foreseen = facts_of(told), list(trackers)
    trackers.clear()
    done = call("track", *words)
    assert done.code == 0, done.err
    assert trackers == foreseen
    engine = next(line for line in told.out.splitlines() if line.startswith("engine "))
    assert (engine in done.err) != ("--engine" in settings)
    name, device = engine.partition(":")[0].removeprefix("engine ").split(" on ")
    size = facts["batch"].removesuffix(" frames")
    assert f"with {name} on {device}, batches of {size} -> {out}" in done.out
    assert facts["frames"] == "6 of 180 (of 0-5,900)"
    assert facts["output"] == f"{out} (slp)"
    (warning,) = [one for one in told.out.splitlines() if one.startswith("warning: ")]
    assert warning.removeprefix("warning: ") in done.err  # frame 900 is none
    made = sio.load_slp(str(out), open_videos=False).provenance
    for group in ("filters", "decoding", "tracking"):
        for told_one in facts[group].split(", "):
            option, _, value = told_one.partition(" ")
            used = {**made["inference_config"], **(made.get("tracking_config") or {})}
            if option in used and option != "candidates_method":
                assert str(used[option]) == (value or "True")
    assert (facts["filters"] == "none") == ("filter" not in settings)
    assert (facts["tracking"] == "none") == ("-t" not in settings)


def test_the_tracker_that_is_told_is_the_one_that_waits_for_its_animals(call, sample_graphs):
    (graph,) = sample_graphs("bottomup")
    told = call("track", CLIP, "-m", graph, "-t", "--max_tracks", 3, "--dry_run")
    assert facts_of(told)["tracking"] == "candidates_method local_queues, max_tracks 3"


def test_a_comparison_is_told_and_not_held(call, sample_graphs, tmp_path, monkeypatch):
    def hold(*_):
        speeds = {"ort": 50.0, "openvino": 90.0}
        trials = [
            Trial(engine=name, threads=2, batch_size=4, frames_per_second=speed, open_seconds=0.1)
            for name, speed in speeds.items()
        ]
        return Evidence(trials=tuple(trials), left_out={})

    monkeypatch.setattr(settle, "hold_trials", hold)
    monkeypatch.setattr(settle, "WORTH_TRYING", 1)
    monkeypatch.setattr(settle, "cpu_engines", lambda *_: ["ort", "openvino"])
    (graph,) = sample_graphs("bottomup")
    words = ["track", CLIP, "-m", graph, "--frames", "0-5", "-o", tmp_path / "out.slp"]
    line = "engine auto: compares ort, openvino on the first frames"
    assert line in call(*words, "--dry_run").out.splitlines()
    assert not list((tmp_path / "cache").rglob("trials*"))
    run = call(*words)
    assert run.code == 0, run.err
    again = call(*words, "--dry_run", "--overwrite").out.splitlines()
    (chosen,) = [line for line in run.err.splitlines() if line.startswith("engine ")]
    assert chosen in again
    assert chosen.startswith("engine openvino on cpu: ")


def test_each_of_many_inputs_is_told_with_its_output(call, sample_graphs, tmp_path):
    (graph,) = sample_graphs("bottomup")
    clips = [CLIP, "samples/one_crawler.mp4"]
    told = call("track", *clips, "-m", graph, "-o", tmp_path / "res", "--dry_run")
    assert told.code == 0, told.err
    assert not (tmp_path / "res").exists()
    lines = told.out.splitlines()
    for stem in ("crawlers", "one_crawler"):
        assert f"output: {tmp_path / 'res' / stem}.predictions.slp (slp)" in lines
    names = [line.partition(":")[0] for line in lines]
    assert names.count("models") == names.count("graphs") == 1  # as for the first
    assert names.count("input") == names.count("frames") == 2


@pytest.mark.parametrize("inputs", [[CLIP], [CLIP, "samples/one_crawler.mp4"]])
def test_models_that_cannot_be_read_are_told_as_by_the_run(call, tmp_path, inputs):
    words = ["track", *inputs, "-m", "nomodel", "-o", tmp_path / "res"]
    told, run = call(*words, "--dry_run"), call(*words)
    assert (told.code, told.err) == (1, run.err)
    assert told.err.startswith("Error: nomodel does not exist; expected an export folder")


@pytest.mark.parametrize("work", ["model", "tracking alone"])
def test_inputs_that_would_fail_are_counted_behind_all_that_is_told(
    call, sample_graphs, tmp_path, work
):
    (tmp_path / "torn.mp4").write_text("torn")
    shutil.copy("samples/crawlers.slp", tmp_path / "good.slp")
    (tmp_path / "torn.slp").write_text("torn")
    (graph,) = sample_graphs("bottomup")
    words = {
        "model": (tmp_path / "torn.mp4", CLIP, "-m", graph, "-o", tmp_path / "out"),
        "tracking alone": (tmp_path / "torn.slp", tmp_path / "good.slp", "-t"),
    }[work]
    told = call("track", *words, "--dry_run")
    assert told.code == call("track", *words).code == 1
    assert "error: " in told.out
    assert "output: " in told.out
    assert told.err.splitlines()[-1] == "Error: 1 of 2 inputs would fail, as told above."


def test_two_kinds_of_work_in_one_run_tell_their_engine_once(call, sample_graphs, tmp_path):
    graph = sample_graphs("centroid", "centered_instance")[0]
    inputs = ["samples/crawlers.slp", "samples/one_crawler.mp4"]  # poses are taken over; found
    done = call("track", *inputs, "-m", graph, "--frames", "0-5", "-o", tmp_path / "res")
    assert done.code == 0, done.err
    assert done.err.count("engine ort on cpu") == 1, done.err


def test_a_device_on_which_the_run_would_fail_is_told(call, sample_graphs, tmp_path, monkeypatch):
    (graph,) = sample_graphs("bottomup")
    monkeypatch.setattr("sleap_rt.runtime.engines.ort.why_no_gpu", lambda: "there is no driver")
    words = ["track", CLIP, "-m", graph, "--frames", "0", "-o", tmp_path / "out.slp"]
    told = call(*words, "--device", "cuda", "--dry_run")
    assert told.code == 0, told.err
    line = "warning: the run would fail here on engine ort: there is no driver"
    assert line in told.out.splitlines()
    assert call(*words, "--device", "cuda").code == 1
    told = call(*words, "--engine", "trt-rtx", "--dry_run")
    assert "engine trt-rtx: as asked for" in told.out.splitlines()
    elsewhere = call(*words, "--device", "cuda", "--dry_run", "--cluster", "local:2")
    assert "warning:" not in elsewhere.out


@pytest.mark.parametrize(
    "settings",
    [
        "",
        "--max_tracks 2 --frames 0-5,900",
        "--filter_min_visible_nodes 3 --features bboxes --scoring_method iou",
        "--max_tracks 3 -o {out}.csv",
    ],
)
def test_tracking_alone_is_told_as_it_is_done(call, tmp_path, trackers, settings):
    poses, out = tmp_path / "poses.slp", tmp_path / "out"
    shutil.copy("samples/crawlers.slp", poses)
    words = ["track", poses, "-t", *settings.format(out=out).split()]
    told = call(*words, "--dry_run")
    assert told.code == 0, told.err
    assert list(tmp_path.glob("*.*")) == [poses]
    facts, foreseen = facts_of(told), trackers[-1]
    done = call(*words)
    assert done.code == 0, done.err
    assert trackers[-1] == foreseen
    n_frames = 6 if "--frames" in settings else 180
    assert facts["frames"].partition(" (")[0] == f"{n_frames} of 180"
    assert done.out.startswith(f"{n_frames} frames, ")
    assert facts["poses"] == f"{3 * n_frames} instances of {poses}"
    assert facts["output"].partition(" (")[0] == done.out.rpartition(" -> ")[2].strip()
    assert facts.get("warning") == (
        "1 of the frames asked for have no labels" if "--frames" in settings else None
    )
    assert "animals are followed anew" in facts["note"]
    assert facts["note"] in done.err


def test_a_dry_run_of_tracking_alone_is_refused_as_the_run(call, tmp_path):
    labels = sio.load_slp("samples/crawlers.slp", open_videos=False)
    labels.videos[0].filename = str(tmp_path / "gone.mp4")
    poses = tmp_path / "poses.slp"
    labels.save(str(poses))
    for settings in (["--frames", "900"], ["--use_flow"], ["-o", poses], ["--video_index", "3"]):
        words = ["track", poses, "-t", *settings]
        told, done = call(*words, "--dry_run"), call(*words)
        assert (told.code, told.err) == (done.code, done.err)
        assert told.code
