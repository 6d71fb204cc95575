"""Several videos for one call: each as a call of its own would give it, with models opened once."""

import json
import shutil

import pytest
import sleap_io as sio

import sleap_rt
from sleap_rt.errors import SomeInputsFailedError
from sleap_rt.workflows.many import predictions
from sleap_rt.workflows.tuning import open_checked


@pytest.fixture
def videos(tmp_path, request):
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in ("cam1.mp4", "cam2.mp4"):
        shutil.copy(request.config.rootpath / "samples/crawlers.mp4", folder / name)
    (folder / "cam3.mp4").write_text("torn")
    return folder


@pytest.fixture
def n_opened(monkeypatch):
    opened = []

    def counting(*args, **kwargs):
        opened.append(args)
        return open_checked(*args, **kwargs)

    monkeypatch.setattr(predictions, "open_checked", counting)
    return opened


def content(labels):
    return [
        (frame.frame_idx, one.numpy().tobytes(), one.track and one.track.name)
        for frame in labels
        for one in frame.instances
    ]


@pytest.mark.parametrize("name", ["results", "results/"])
def test_one_input_goes_into_a_folder_that_is_yet_to_be_made(
    call, videos, sample_graphs, tmp_path, name
):
    (graph,) = sample_graphs("bottomup")
    out = f"{tmp_path}/{name}"
    done = call("track", videos / "cam1.mp4", "-m", graph, "--frames", "0", "-o", out)
    assert done.code == 0, done.err
    assert (tmp_path / "results/cam1.predictions.slp").is_file()


@pytest.mark.parametrize(("words", "n_told"), [((), 1), (("--quiet",), 0)])
def test_a_note_about_the_tracker_is_told_once_and_not_to_the_quiet(
    call, videos, sample_graphs, tmp_path, words, n_told
):
    (graph,) = sample_graphs("bottomup")
    (videos / "cam3.mp4").unlink()
    given = ("-m", graph, "--frames", "0,1", "-t", "--max_tracks", "3", "-o", tmp_path / "results")
    done = call("track", videos, *given, *words)
    assert done.code == 0, done.err
    assert done.err.count("Note: --max_tracks: tracks wait for their animals") == n_told
    assert ("Note" in done.err) == bool(n_told)


def test_an_input_that_is_not_there_is_named_once(call, videos, sample_graphs, tmp_path):
    (graph,) = sample_graphs("bottomup")
    words = ("-m", graph, "--frames", "0", "-o", tmp_path / "out")
    done = call("track", "nofile.mp4", videos / "cam1.mp4", *words)
    assert done.code == 1
    assert "[1/2] nofile.mp4: Error: does not exist; expected a video" in done.err
    assert "Failed: nofile.mp4 does not exist; expected a video" in done.err


def test_each_gets_its_result_with_models_opened_once(
    call, videos, sample_graphs, tmp_path, n_opened
):
    (graph,) = sample_graphs("bottomup")
    options = ("-m", graph, "--frames", "0-4", "-t", "-o")
    out, summary = tmp_path / "out", tmp_path / "run.json"
    done = call("track", "-i", videos, *options, out, "--summary", summary)
    assert done.code == 1
    assert len(n_opened) == 1
    assert "3 inputs: 2 done, 1 failed, 0 left out" in done.out
    assert f"Failed: {videos / 'cam3.mp4'}: not a video that can be read" in done.err
    assert call("track", videos / "cam1.mp4", *options, tmp_path / "alone.slp").code == 0
    alone = content(sio.load_slp(str(tmp_path / "alone.slp"), open_videos=False))
    assert alone
    for name in ("cam1", "cam2"):
        found = sio.load_slp(str(out / f"{name}.predictions.slp"), open_videos=False)
        assert content(found) == alone
        assert found.video.filename == str(videos / f"{name}.mp4")
    facts = json.loads(summary.read_text())
    assert [one["n_frames"] for one in facts["inputs"]] == [5, 5, None]
    again = call("track", videos, *options, out, "--skip_existing")
    assert "0 done, 1 failed, 2 left out" in again.out


def test_the_same_in_python(videos, sample_graphs, tmp_path, n_opened):
    graphs, clips = sample_graphs("bottomup"), sorted(videos.iterdir())
    found = sleap_rt.run_inference(clips[:2], model_paths=graphs, frames=[0, 1])
    alone = sleap_rt.run_inference(clips[0], model_paths=graphs, frames=[0, 1])
    assert isinstance(found, list)
    assert isinstance(alone, sio.Labels)
    assert [content(labels) for labels in found] == [content(alone)] * 2
    assert len(n_opened) == 1
    with pytest.raises(SomeInputsFailedError, match=r"1 of 3 inputs failed: .*cam3\.mp4") as failed:
        sleap_rt.run_inference(
            str(videos / "*.mp4"), model_paths=graphs, frames=[0], output_path=tmp_path / "out"
        )
    assert [labels is None for labels in failed.value.results] == [False, False, True]
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_poses_of_several_files_are_followed(call, request, tmp_path):
    for name in ("a", "b"):
        shutil.copy(request.config.rootpath / "samples/crawlers.slp", tmp_path / f"{name}.slp")
    done = call("track", tmp_path / "a.slp", tmp_path / "b.slp", "-t", "-o", tmp_path / "out")
    assert done.code == 0, done.err
    one, other = (
        sio.load_slp(str(tmp_path / f"out/{name}.predictions.slp"), open_videos=False)
        for name in ("a", "b")
    )
    assert content(one) == content(other)
    assert len(one.tracks) == 3
    assert len(sleap_rt.run_inference([tmp_path / "a.slp", tmp_path / "b.slp"], tracking=True)) == 2


def test_what_is_told_of_an_input_stands_below_its_name(on_terminal, videos, sample_graphs):
    (graph,) = sample_graphs("bottomup")
    words = ["track", videos / "cam1.mp4", "-m", graph, "-o", videos / "out", "--frames", "0"]
    shown = on_terminal([*words, "--peak_threshold", "2"])
    assert -1 < shown.index("[1/1] ") < shown.index("hardly anything reaches more than 1")
    assert "next" not in shown  # there is nothing to see


def test_progress_for_programs_names_the_input(call, videos, sample_graphs):
    (graph,) = sample_graphs("bottomup")
    done = call(
        "track", videos / "cam1.mp4", videos / "cam2.mp4", "-m", graph, "--gui", "--frames", "0"
    )
    lines = [json.loads(line) for line in done.out.splitlines()]
    named = [line for line in lines if "input" in line]
    assert [line["input"] for line in named] == [str(videos / f"cam{i}.mp4") for i in (1, 2)]
    assert all(line["n_inputs"] == 2 for line in named)
    assert lines[-1]["n_processed"] == 1


def test_a_folder_never_holds_results_of_two_models(call, videos, sample_graphs, request, tmp_path):
    (graph,), trained = sample_graphs("bottomup"), request.config.rootpath / "samples/models"
    words = ["track", videos, "--frames", "0-1", "-o", tmp_path / "out", "-m"]
    assert call(*words, graph).code == 1  # one of the videos is torn
    shutil.copy(videos / "cam1.mp4", videos / "cam3.mp4")
    changed = ["--peak_threshold", "0.4", "-t", "--resume"]
    for more in ([], ["--dry_run"]):
        done = call(*words, *sample_graphs("single_instance"), *changed, *more)
        assert done.code == 1
        for told in (
            "Nothing was run.",
            "cam1.predictions.slp and 1 more are of another run: --peak_threshold was 0.2, and is "
            "0.4 now",
            f"models was {graph}, and is ",
            "tracking was not given, and is given now",
        ):
            assert told in done.err
    done = call(*words, trained / "bottomup", "--resume")  # the same model, not exported
    assert (done.code, "1 done, 0 failed, 2 left out" in done.out) == (0, True)
