"""`--json` of commands that write results: what was done, as all that stands on standard output."""

import json
import os

import pytest

N_FRAMES = 4
WORDS = ["--engine", "ort", "-b", "2", "--frames", f"0-{N_FRAMES - 1}"]


@pytest.fixture
def clip(request):
    return request.config.rootpath / "samples/one_crawler.mp4"


@pytest.fixture
def graph(sample_graphs):
    (graph,) = sample_graphs("single_instance")
    return graph


def document(done):
    assert done.code == 0, done.err
    return json.loads(done.out)  # one document, and nothing else


def test_one_input_and_several_have_one_form(call, clip, graph, tmp_path):
    out = tmp_path / "one.slp"
    one = document(call("track", clip, "-m", graph, "-o", out, *WORDS, "--json"))
    (facts,) = one["inputs"]
    assert facts["outputs"] == [str(out)]
    assert facts["status"] == "done"
    assert (facts["n_frames"], facts["n_instances"]) == (N_FRAMES, N_FRAMES)
    assert (facts["engine"], facts["n_unreadable"]) == ("ort", 0)

    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clip.read_bytes())
    summary = tmp_path / "summary.json"
    words = ["-m", graph, "-o", tmp_path / "many", *WORDS, "--json", "--summary", summary]
    several = document(call("track", clip, copy, *words))
    assert several.keys() == one.keys()
    assert [entry.keys() for entry in several["inputs"]] == [facts.keys()] * 2
    written = json.loads(summary.read_text())
    assert several["inputs"] == written["inputs"]


def test_predictions_that_tracking_left_out_are_counted(call, request, sample_graphs, tmp_path):
    (graph,) = sample_graphs("bottomup")
    clip = request.config.rootpath / "samples/crawlers.mp4"
    words = ["track", clip, "-m", graph, *WORDS, "-o", tmp_path / "a.slp", "--json", "-t"]
    done = call(*words, "--max_tracks", 2)
    (facts,) = document(done)["inputs"]
    assert facts["n_trackless"] == N_FRAMES
    assert f"Warning: {N_FRAMES} predictions in {N_FRAMES} frames left out" in done.err
    assert facts["n_instances"] == 2 * N_FRAMES


def test_so_are_those_of_tracking_without_a_model(call, request, sample_graphs, tmp_path):
    clip, poses = request.config.rootpath / "samples/crawlers.mp4", tmp_path / "poses.slp"
    document(call("track", clip, "-m", *sample_graphs("bottomup"), *WORDS, "-o", poses, "--json"))
    for name, how in (("slices.slp", []), ("whole.slp", ["--use_flow"])):  # images: all at once
        words = ["-t", "--max_tracks", 2, "-o", tmp_path / name, "--json", *how]
        (facts,) = document(call("track", poses, *words))["inputs"]
        assert facts["n_trackless"] == N_FRAMES


def test_so_are_those_of_a_live_run(call, request, sample_graphs, tmp_path):
    clip = request.config.rootpath / "samples/crawlers.mp4"
    words = ["-m", *sample_graphs("bottomup"), "--duration", "0.5", "--engine", "ort", "--json"]
    done = call("live", "-i", clip, *words, "-t", "--max_tracks", 2)
    assert done.code == 0, done.err
    assert json.loads(done.out.splitlines()[-1])["summary"]["n_trackless"] > 0


@pytest.mark.parametrize(
    ("output_format", "flags"), [("slp", "--resume"), ("csv", "--resume --skip_existing")]
)
def test_an_input_that_fails_is_in_it(call, clip, graph, tmp_path, output_format, flags):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    words = ["-m", graph, "-o", tmp_path / "many", *WORDS, "--json"]
    words += ["--output_format", output_format]
    done = call("track", broken, clip, *words)
    assert done.code == 1
    failed, whole = json.loads(done.out)["inputs"]
    assert failed["error"]["type"] == "DataError"
    assert (failed["status"], whole["status"]) == ("failed", "done")
    assert (
        f"next: once the cause is mended, the same command with {flags} does what failed"
        in done.err
    )
    broken.write_bytes(clip.read_bytes())
    again = document(call("track", broken, clip, *words, *flags.split()))
    assert [entry["status"] for entry in again["inputs"]] == ["done", "existing"]


def test_parts_and_their_merge(call, clip, graph, tmp_path):
    parts = [tmp_path / f"clip.{number}of2.part" for number in (1, 2)]
    for number, part in enumerate(parts, 1):
        words = [*WORDS, "--frame_range_of", f"{number}/2", "-o", part, "--json"]
        done = call("track", clip, "-m", graph, *words)
        assert document(done)["inputs"][0]["outputs"] == [str(part)]
        assert f"merge {tmp_path / 'clip.*of2.part'} -o" in done.err
    merged = document(call("merge", *parts, "-o", tmp_path / "whole.slp", "--json"))
    assert merged["outputs"] == [str(tmp_path / "whole.slp")]
    assert merged["parts"] == [str(part) for part in parts]
    assert merged["n_frames"] == N_FRAMES


def test_tracking_without_a_model(call, request, tmp_path):
    poses, out = request.config.rootpath / "samples/crawlers.slp", tmp_path / "out.slp"
    words = ["-t", "--frames", "0-3", "-o", out, "--json"]
    (facts,) = document(call("track", poses, *words))["inputs"]
    assert (facts["n_frames"], facts["n_tracks"]) == (4, 3)
    assert facts["outputs"] == [str(out)]
    assert facts["engine"] is None


def test_live_adds_a_line_to_its_lines(call, clip, graph, tmp_path):
    record = tmp_path / "live.slp"
    words = ["-m", graph, "--duration", "0.5", "--engine", "ort", "-o", record, "--json"]
    done = call("live", "-i", clip, *words)
    assert done.code == 0, done.err
    *results, last = map(json.loads, done.out.splitlines())
    assert last["summary"]["outputs"] == [str(record)]
    assert last["summary"]["n_predicted"] == len(results) > 0
    assert not any("summary" in result for result in results)


@pytest.mark.parametrize("other", ["--gui", "--dry_run"])
def test_standard_output_is_for_one_thing(call, other):
    done = call("track", "a.mp4", "-m", "b", "--json", other)
    assert done.code == 2
    assert f"--json and {other} exclude each other" in done.err


def test_a_single_input_that_fails_is_told_like_one_of_several(call, clip, graph, tmp_path):
    words = ["-m", graph, "-o", tmp_path / "out.slp", "--frames", "500", "--json"]
    done = call("track", clip, *words)
    assert done.code == 1
    document = json.loads(done.out)
    (facts,) = document["inputs"]
    assert (document["n_failed"], facts["status"], facts["outputs"]) == (1, "failed", [])
    assert facts["error"]["type"] == "DataError"
    assert facts["error"]["message"] in done.err
    summary = tmp_path / "summary.json"
    call("track", clip, *words, "--summary", summary)
    (written,) = json.loads(summary.read_text())["inputs"]
    assert written == facts


def test_wrong_use_of_json_prints_none(call, clip, graph):
    done = call("track", clip, "-m", graph, "--json", "--frames", "0", "-n", "0")
    assert (done.code, done.out) == (2, "")


def test_tracking_without_a_model_that_fails_is_told_too(call, tmp_path):
    done = call("track", tmp_path / "none.slp", "-t", "--json")
    assert done.code == 1
    assert json.loads(done.out)["inputs"][0]["status"] == "failed"


def test_paths_are_those_of_the_files_without_detours(call, clip, graph, tmp_path):
    (tmp_path / "up").mkdir()
    (tmp_path / "link.mp4").symlink_to(clip)
    detour = tmp_path / "up/.."
    words = ["-m", graph, "-o", detour / "out.slp", *WORDS, "--json"]
    (facts,) = document(call("track", detour / "link.mp4", *words))["inputs"]
    assert facts["input"] == str(tmp_path / "link.mp4")
    assert facts["outputs"] == [str(tmp_path / "out.slp")]


@pytest.mark.export
def test_every_command_tells_whole_paths(call, clip, graph, request, tmp_path, monkeypatch):
    (tmp_path / "up").mkdir()
    monkeypatch.chdir(tmp_path / "up")
    graph, truth = os.path.relpath(graph), os.path.relpath(clip.with_suffix(".slp"))
    clip = os.path.relpath(clip)
    model = os.path.relpath(request.config.rootpath / "samples/models/single_instance")
    run = f"track {clip} -m {graph} {' '.join(WORDS)}"
    told_by = {
        f"{run} -o ../out.slp": "inputs.0.input inputs.0.outputs.0",
        f"{run} --frame_range_of 1/1 -o ../a.part": "inputs.0.outputs.0",
        "merge ../a.part -o ../merged.slp": "parts.0 outputs.0",
        "render ../out.slp -o ../out.png": "files.0",
        f"eval {truth} ../out.slp": "ground_truth predictions.0.path",
        f"live {clip} -m {graph} -o ../live.slp": "summary.outputs.0",
        f"info {graph} {model}": "0.file 1.file",
        f"verify {graph}": "0.path",
        f"export {model} -o ../graphs": "0.path",
    }
    for words, places in told_by.items():
        done = call(*words.split(), "--json")
        assert done.code == 0, done.err
        told = json.loads(done.out.splitlines()[-1] if words.startswith("live") else done.out)
        for place in places.split():
            path = told
            for key in place.split("."):
                path = path[int(key) if key.isdigit() else key]
            assert path == os.path.abspath(path), f"{place} of {words}"
