"""`--gui`: whatever fails, the last line on standard output says so to a program."""

import json

import pytest

CLIP = "samples/one_crawler.mp4"


@pytest.fixture
def graph(sample_graphs):
    (graph,) = sample_graphs("single_instance")
    return graph


@pytest.fixture
def clip(request):
    return request.config.rootpath / CLIP


def lines(done):
    return [json.loads(line) for line in done.out.splitlines()]


@pytest.mark.parametrize(
    "wrong",
    [
        "-n 0",
        "--frames 5-3",
        "--peak_threshold x",
        "--bogus",
        "--max_trakcs 2",
        "-n 1 -n 2",
        "--data_path=",
    ],
)
def test_wrong_use_is_one_too(call, clip, graph, wrong):
    done = call("track", "-i", clip, "-m", graph, "--gui", *wrong.split())
    assert done.code == 2
    (line,) = lines(done)
    assert (line["error"], line["type"]) == (True, "OptionError")
    assert line["message"] in done.err


def test_help_is_no_failure(call):
    done = call("track", "--gui", "--help")
    assert done.code == 0
    assert "error" not in done.out.splitlines()[-1]


def test_each_input_that_fails_has_its_own_and_the_run_a_last_one(call, clip, graph, tmp_path):
    missing = tmp_path / "none.mp4"
    words = ["-m", graph, "-o", tmp_path / "out", "--frames", "0-3", "--gui"]
    done = call("track", missing, clip, *words)
    assert done.code == 1
    first, own, second, *progress, last = lines(done)
    assert (first["input_index"], second["input_index"]) == (0, 1)
    assert (own["error"], own["input_index"], own["type"]) == (True, 0, "DataError")
    assert own["message"] in done.err
    assert progress[-1]["n_processed"] == 4
    assert last["error"] is True
    assert own["message"] in last["message"]
    assert "input_index" not in last


def test_frames_that_cannot_be_read_are_told(call, request, sample_graphs, tmp_path):
    whole = (request.config.rootpath / "samples/crawlers.mp4").read_bytes()
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(whole[: len(whole) * 2 // 3])
    (graph,) = sample_graphs("bottomup")
    done = call(
        "track", torn, "-m", graph, "-o", tmp_path / "out.slp", "--frames", "170-179", "--gui"
    )
    assert done.code == 1
    *_, progress, last = lines(done)
    assert progress["n_processed"] == progress["n_total"]
    assert last["error"] is True
    assert "cannot be read" in last["message"]
    assert f"Warning: {last['message']}" in done.err


def test_a_run_without_a_fault_has_none(call, clip, graph, tmp_path):
    words = ["-m", graph, "-o", tmp_path / "out.slp", "--frames", "0-3", "--gui"]
    assert not any("error" in line for line in lines(call("track", clip, *words)))
