"""`sleap-nn live` as a user runs it, and `run_live`, on a video at its rate and on a camera."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
import sleap_io as sio
import zmq
from network_cameras import network_camera

import sleap_rt
from sleap_rt.cli import main
from sleap_rt.errors import DataError, OptionError, RunError
from sleap_rt.runtime.engines.ort import OrtEngine
from sleap_rt.runtime.frames.video import VideoFile
from sleap_rt.runtime.live import JsonLines
from sleap_rt.workflows.live import run as live_run

ROOT = Path(__file__).resolve().parents[2]
VIDEO = ROOT / "samples/crawlers.mp4"
LONG = 20.0  # s; never waited for where all is well
PX = 0.0011  # lines have three digits


@pytest.fixture
def call(capfd):
    def call(*args):
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(arg) for arg in args])
        return left.value.code or 0, *capfd.readouterr()

    return call


@pytest.fixture
def graph(sample_graphs):
    (path,) = sample_graphs("bottomup")
    return path


@pytest.fixture(scope="module")
def images():
    with VideoFile(VIDEO) as clip:
        return [clip.read(index) for index in range(20)]


def poses_of(labels):
    return {frame.frame_idx: [one.numpy() for one in frame.instances] for frame in labels}


def test_a_played_video_gives_the_poses_and_tracks_of_track(call, graph, tmp_path):
    """Slow enough that no frame is dropped; then tracks are those of `track -t`, too."""
    code, out, err = call(
        *("live", "-i", VIDEO, "-m", graph, "-o", tmp_path / "live.slp"),
        *("--rate", 20, "--duration", 1.2, "--deadline_ms", 0.001, "--report_every", 0.3),
    )
    assert code == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    numbers = [line["frame"] for line in lines]
    assert len(numbers) >= 5
    assert numbers == sorted(set(numbers))
    assert " later than 0.001 ms" in err
    assert "100.0 % later than" in err
    assert err.count(" frames came, ") >= 3
    assert f"-> {tmp_path / 'live.slp'}" in err.splitlines()[-3:]  # then what to do next

    expected = sleap_rt.run_inference(
        VIDEO, model_paths=graph, frames=numbers, tracking=True, batch_size=1
    )
    live = sio.load_slp(str(tmp_path / "live.slp"), open_videos=False)
    assert Path(live.video.filename) == VIDEO
    np.testing.assert_equal(poses_of(live), poses_of(expected))
    assert live.provenance["live"]["n_predicted"] == len(numbers)
    for line, frame in zip(lines, expected, strict=True):
        assert [animal["track"] for animal in line["animals"]] == [
            one.track.name for one in frame.instances
        ]
        for animal, one in zip(line["animals"], frame.instances, strict=True):
            found = [point or (np.nan,) * 3 for point in animal["points"].values()]
            np.testing.assert_allclose(np.array(found)[:, :2], one.numpy(), atol=PX)


def test_a_subscriber_gets_the_results(call, graph, tmp_path):
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        socket.unbind(f"tcp://127.0.0.1:{port}")
        address = f"tcp://127.0.0.1:{port}"
        socket.subscribe("")
        socket.rcvtimeo = 100
        socket.connect(address)
        heard, stopped = [], threading.Event()

        def listen():
            while not stopped.is_set():
                try:
                    heard.append(json.loads(socket.recv_string()))
                except zmq.Again:
                    continue

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            code, out, err = call(
                *("live", "-i", VIDEO, "-m", graph, "-o", tmp_path / "out.slp"),
                *("--duration", 1.5, "--zmq", address, "--quiet"),
            )
        finally:
            time.sleep(0.3)
            stopped.set()
            thread.join()
    assert code == 0, err
    assert out == ""  # the lines go there instead
    assert f"results are published at {address}" in err
    recorded = sio.load_slp(str(tmp_path / "out.slp"), open_videos=False)
    numbers = [frame.frame_idx for frame in recorded]
    assert len(heard) > 5
    assert [line["frame"] for line in heard] == numbers[-len(heard) :]
    assert [len(line["animals"]) for line in heard] == [len(frame.instances) for frame in recorded][
        -len(heard) :
    ]


def test_a_camera_that_disappears_ends_the_run_and_its_record_is_kept(
    call, graph, tmp_path, images
):
    with network_camera(images) as address:
        out_path = tmp_path / "out.slp"
        code, out, err = call("live", "-i", address, "-m", graph, "-o", out_path)
    assert code == 1
    errors = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert " is lost: " in errors[0]
    assert errors[0].endswith(f" What was recorded until then is in {out_path}.")
    assert "tracks\n" in err  # figures are told all the same
    lines = out.splitlines()
    recorded = sio.load_slp(str(out_path), open_videos=False)
    assert len(recorded) == len(lines) > 0
    assert "secret" not in err + out + out_path.read_bytes().decode("latin1")
    assert "user:***@127.0.0.1" in recorded.video.filename


def test_a_camera_that_falls_silent_is_lost(graph, tmp_path):
    class Silent:
        """As a driver that never answers."""

        name, patience = "camera 5", 0.3

        def __init__(self):
            from sleap_rt.runtime.frames.unfiled import without_files

            self.opened = without_files(self.name, "none")

        def first(self):
            return np.zeros((250, 324, 1), np.uint8)

        def frames(self, stopped):
            stopped.wait(LONG)
            yield from ()

        def close(self):
            pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sleap_rt.workflows.live.run.find_source", lambda *_: Silent())
        with pytest.raises(DataError, match=r"camera 5 is lost: no frame came for 0\.3 s"):
            sleap_rt.run_live("5", model_paths=graph)


@pytest.mark.parametrize("name", ["/dev/video99", "nothing.mp4"])
def test_a_wrong_name_ends_with_one_line(call, graph, name):
    code, out, err = call("live", "-i", name, "-m", graph)
    assert (code, out) == (1, "")
    assert err.startswith(f"Error: There is no video and no camera {name}. ")
    assert err.count("\n") == 1


def test_wrong_use_is_refused_before_anything_is_opened(call, graph, tmp_path):
    for words, told in (
        (("--duration", 0), "duration must be a number above 0"),
        (("--size", "640"), "is not of the form WIDTHxHEIGHT"),
        (("--zmq", "5555"), "zmq must be an address like tcp://"),
        (("--view", 70000), "view must be a port, 0 to 65535"),
        (("--no_tracking", "--max_tracks", 2), None),
        (("-o", tmp_path / "out.txt"), "must end in .slp"),
        (("--overwrite",), "--overwrite: no effect without --output_path"),
        (("--output_format", "csv"), "--output_format: no effect without --output_path"),
        (("--min_line_scores", "nan"), "min_line_scores must be a number"),
    ):
        soon = () if "--duration" in words else ("--duration", 0.1)
        code, out, err = call("live", "-i", VIDEO, "-m", graph, *words, *soon)
        if told is None:
            assert "Warning: --max_tracks: no effect without --tracking" in err
        else:
            assert (code, out) == (2, ""), words
            assert told in err


def test_a_crop_model_alone_cannot_watch(call, sample_graphs):
    pair = sample_graphs("centroid", "centered_instance")
    code, _, err = call("live", "-i", VIDEO, "-m", pair[1])
    assert code == 1
    assert "works on labelled animals" in err


@pytest.fixture
def started():
    """`started(words)`: the program in a process of its own, its streams open."""
    processes = []

    def start(*words):
        process = subprocess.Popen(
            [sys.executable, "-m", "sleap_rt", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_in_order(number, graph, tmp_path, ctrl_c_raises, started):
    record = tmp_path / "out.slp"
    process = started("live", "-i", VIDEO, "-m", graph, "-o", record)
    for _ in range(3):
        assert json.loads(process.stdout.readline())["animals"]
    process.send_signal(number)
    out, err = process.stdout.read(), process.stderr.read()
    assert process.wait(LONG) == 0, err
    assert " frames came, " in err
    assert f"-> {record}" in err.splitlines()[-3:]  # then what to do next
    n_lines = 3 + len(out.splitlines())
    assert len(sio.load_slp(str(record), open_videos=False)) == n_lines


def test_whoever_stops_reading_ends_the_run(graph, started):
    process = started("live", "-i", VIDEO, "-m", graph)
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait(LONG) == 0, err
    assert " frames came, " in err
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


class Collector:
    def __init__(self, work=lambda number: None):
        self.calls, self.n_saved, self._work = [], 0, work

    def process(self, poses, **kwargs):
        self.calls.append((poses, kwargs))
        self._work(len(self.calls))
        return poses

    def save(self):
        self.n_saved += 1


def test_a_slow_loop_drops_frames_and_takes_the_newest(graph, images):
    """While the first frame is worked on, all others come: the last of them is next."""
    is_worked_on, all_came = threading.Event(), threading.Event()

    def camera():
        yield images[0]
        is_worked_on.wait(LONG)
        yield from images[1:]
        all_came.set()

    def work(number):
        is_worked_on.set()
        all_came.wait(LONG)

    slow = Collector(work)
    summary = sleap_rt.run_live(camera(), model_paths=graph, processor=slow)
    assert [kwargs["frame_index"] for _, kwargs in slow.calls] == [0, len(images) - 1]
    figures = summary.figures
    assert (figures.n_came, figures.n_predicted, figures.n_dropped) == (20, 2, 18)
    assert slow.calls[1][1]["n_dropped"] == 18
    assert slow.n_saved == 1


def test_a_processor_gets_all_there_is_to_know(graph, images):
    before = time.time()
    collector = Collector()
    sleap_rt.run_live(images[:1], model_paths=graph, processor=collector, deadline_ms=1000)
    ((poses, told),) = collector.calls
    assert poses.shape == (len(told["tracks"]), 7, 2)
    assert told["tracks"] == [f"track_{number}" for number in range(len(poses))]
    assert told["scores"].shape == (len(poses),)
    assert told["point_scores"].shape == poses.shape[:2]
    assert before <= told["frame_time"] <= time.time()
    assert 0 < told["latency_ms"] < 1000 * (time.time() - before)
    np.testing.assert_array_equal(told["image"], images[0])
    assert told["skeleton"].node_names[0] == "nose"


def test_a_processor_that_fails_ends_the_run_and_the_record_is_kept(graph, images, tmp_path):
    def fail(number):
        if number == 1:
            raise ValueError("no laser there")

    collector, record = Collector(fail), tmp_path / "out.slp"
    with pytest.raises(RunError, match="work on frame 0 failed: ValueError: no laser") as failure:
        sleap_rt.run_live(images[:1], model_paths=graph, processor=collector, output_path=record)
    assert str(failure.value).endswith(f"What was recorded until then is in {record}.")
    assert len(sio.load_slp(str(record), open_videos=False)) == 1
    assert collector.n_saved == 1


def test_a_record_takes_the_place_of_none_that_came_meanwhile(graph, images, tmp_path):
    record = tmp_path / "out.slp"
    record.write_bytes(b"of yesterday")
    other = Collector(lambda number: record.write_bytes(b"of another run"))
    done = sleap_rt.run_live(
        images[:2], model_paths=graph, processor=other, output_path=record, overwrite=True
    )
    assert record.read_bytes() == b"of another run"
    assert done.paths == (tmp_path / "out.2.slp",)
    assert len(sio.load_slp(str(done.paths[0]), open_videos=False)) > 0


def test_results_that_nothing_takes_end_the_run_and_the_record_is_kept(
    call, graph, tmp_path, monkeypatch
):
    """A program that reads the lines into a file finds its disk full."""

    def full(self, result):
        if result.found.frame_index:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(JsonLines, "take", full)
    record = tmp_path / "out.slp"
    code, _, err = call("live", "-i", VIDEO, "-m", graph, "-o", record, "--rate", 5)
    last = err.splitlines()[-1]
    assert code == 1
    assert last.startswith("Error: Handing on the result of frame 1 failed: OSError: ")
    assert last.endswith(f" What was recorded until then is in {record}.")
    assert len(sio.load_slp(str(record), open_videos=False)) == 2


def test_the_signature_shows_the_defaults_of_live_runs():
    shown = {name: one.default for name, one in signature(sleap_rt.run_live).parameters.items()}
    assert (shown["tracking"], shown["stall_timeout"], shown["max_tracks"]) == (True, 10.0, None)
    assert signature(sleap_rt.PosePredictor.predict).parameters["stall_timeout"].default == 300.0


def test_python_refuses_in_the_words_of_the_command(call, graph):
    for given, words in (
        ({"duration": -1.0}, ("--duration", -1.0)),
        ({"zmq": "5555"}, ("--zmq", "5555")),
        ({"max_tracks": 0}, ("--max_tracks", 0)),
        ({"size": (9, 9)}, ("--size", "9x9")),
        ({"centroid_peak_threshold": 0.1}, ("--centroid_peak_threshold", 0.1)),
        ({"engine": "warp"}, ("--engine", "warp")),
    ):
        with pytest.raises(OptionError) as refusal:
            sleap_rt.run_live(VIDEO, model_paths=graph, **given)
        code, _, err = call("live", "-i", VIDEO, "-m", graph, *words)
        assert (code, err.replace("--", "")) == (2, f"Error: {refusal.value}\n")


def test_frames_that_the_engine_leaves_unanswered_are_told(call, graph, tmp_path, monkeypatch):
    """From the third frame on, everything is NaN: that looks as if no animal were there."""
    plain, record = OrtEngine.run, tmp_path / "out.slp"

    def run(self, feed, fetch=None):
        found = plain(self, feed, fetch)
        answered.extend([None] * len(warm))
        if len(answered) <= 2:
            return found
        return {
            name: np.full_like(values, np.nan if values.dtype.kind == "f" else 0)
            for name, values in found.items()
        }

    def warming(*given):
        first = warmed(*given)
        warm.append(True)
        return first

    warm, answered = [], []
    warmed = live_run._warmed
    monkeypatch.setattr(live_run, "_warmed", warming)
    monkeypatch.setattr(OrtEngine, "run", run)
    words = ("--engine", "ort", "--device", "cpu", "--rate", 20, "--duration", 1)
    code, out, err = call("live", "-i", VIDEO, "-m", graph, "-o", record, *words)
    assert code == 1, err
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["is_answered"] for line in lines] == [n < 2 for n in range(len(lines))]
    assert [bool(line["animals"]) for line in lines] == [n < 2 for n in range(len(lines))]
    n, first, last = len(lines) - 2, lines[2]["frame"], lines[-1]["frame"]
    assert n > 0
    assert err.count(f"frame {first} got NaN or infinity from the engine") == 1
    assert f"{VIDEO}: {n} frames got NaN or infinity from the engine" in err
    assert f", {n} unanswered by the engine; latency " in err
    told = sio.load_slp(str(record), open_videos=False).provenance
    assert told["live"]["n_unanswered"] == n
    (ranges,) = told["damaged_frames"]["unanswered"].values()
    assert ranges.startswith(str(first))
    assert ranges.endswith(str(last))


def test_what_is_there_is_not_replaced(call, graph, tmp_path):
    record = tmp_path / "out.slp"
    words = ("live", "-i", VIDEO, "-m", graph, "-o", record, "--duration", 0.2)
    assert call(*words)[0] == 0
    first = record.read_bytes()
    code, _, err = call(*words)
    assert code == 1
    assert "It is not replaced" in err
    assert record.read_bytes() == first
    assert call(*words, "--overwrite")[0] == 0
