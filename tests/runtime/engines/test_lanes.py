"""Lanes run side by side; nothing of the results shows it."""

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from sleap_rt.errors import EngineError
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import (
    LANES,
    n_lanes,
    open_engine,
    opened_together,
    shared_threads,
)
from sleap_rt.runtime.engines import ort as ort_file
from sleap_rt.runtime.engines.interface import TensorSpec
from sleap_rt.runtime.engines.wrapping.lanes import LanedEngine

PEAKS = {
    "peak_threshold": np.array(0.2, np.float32),
    "integral_refinement": np.array(1, np.float32),
}


@pytest.mark.parametrize(
    ("n_runs", "threads", "expected"),
    [(0, 2, 1), (1, 16, 1), (2, 2, 2), (4, 2, 2), (4, 16, 4), (5, 16, 4), (5, 6, 3), (9, 7, 7)],
)
def test_each_lane_has_a_run_and_an_even_share_of_the_threads(n_runs, threads, expected):
    assert n_lanes(n_runs, threads) == expected


def in_lanes(n, calls):
    """What calls give that run side by side in n lanes."""

    def in_lane(call):
        LANES.set(n)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(in_lane, calls))


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (5, 192, 256, 1), dtype=np.uint8)


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_whole_frames_have_the_bits_of_one_session(sample_graphs, frames, threads):
    (graph,) = sample_graphs("bottomup")
    feed = {"frames": frames, "slots": np.zeros(32, np.float32), **PEAKS}
    check_bits(graph, feed, threads)


@pytest.mark.parametrize("n_crops", [1, 2, 7])
def test_crops_have_the_bits_of_one_session(sample_graphs, frames, n_crops):
    _, graph = sample_graphs("centroid", "centered_instance")
    rng = np.random.default_rng(4)
    feed = {
        "frames": frames,
        "centers": rng.uniform(0, 192, (n_crops, 2)).astype(np.float32),
        "frame_index": np.sort(rng.integers(0, 5, n_crops)),
        **PEAKS,
    }
    check_bits(graph, feed, 2)


def check_bits(graph, feed, threads):
    """In lanes, and alone with all threads."""
    alone = ort_file.OrtEngine(graph, EngineOptions(engine="ort", device="cpu", threads=1))
    options = EngineOptions(engine="ort", device="cpu", threads=threads)
    assert shared_threads(options) == threads
    laned = open_engine(graph, options, n_runs=threads)
    feed = {spec.name: np.array(0.25, np.float32) for spec in laned.inputs} | feed
    expected = alone.run(feed)
    for found in (laned.run(feed), *in_lanes(threads, [lambda: laned.run(feed)] * 5)):
        assert expected.keys() == found.keys()
        for name, array in expected.items():
            assert np.array_equal(array, found[name], equal_nan=True), name
    laned.close()


class Meeting:
    """An engine whose runs wait until as many are on their way as are expected."""

    inputs: tuple[TensorSpec, ...] = (TensorSpec("frames", np.dtype(np.uint8), (None, 1)),)
    outputs: tuple[TensorSpec, ...] = ()
    device, upload = "cpu", staticmethod(lambda array: array)

    def __init__(self, together):
        self._together, self._busy = together, threading.Lock()
        self.n_runs, self.is_closed = 0, False

    def run(self, feed, fetch=None):
        assert self._busy.acquire(blocking=False), "two runs at once in one lane"
        self._together.wait(timeout=10)
        self.n_runs += 1
        self._busy.release()
        return {"sums": feed["frames"].sum(axis=1)}

    def close(self):
        self.is_closed = True


def test_each_run_has_a_lane_for_itself():
    together, opened, asked = threading.Barrier(3), [], []

    def open_lane(threads):
        asked.append(threads)
        opened.append(Meeting(together))
        return opened[-1]

    engine = LanedEngine(open_lane, 6, n_runs=3)
    assert asked == [2]  # the others are opened when they are needed
    rows = np.arange(12, dtype=np.uint8).reshape(6, 2, 1)
    for _ in range(2):
        found = in_lanes(3, [lambda i=i: engine.run({"frames": rows[i]}) for i in range(3)])
        assert [here["sums"].tolist() for here in found] == rows[:3, :, 0].tolist()
    assert asked == [2, 2, 2]
    assert [lane.n_runs for lane in opened] == [2, 2, 2]
    engine.close()
    assert all(lane.is_closed for lane in opened)


def test_a_run_elsewhere_has_all_threads():
    asked = []

    def open_lane(threads):
        asked.append(threads)
        return Meeting(threading.Barrier(1))

    engine = LanedEngine(open_lane, 4)
    for n in (1, 2, 4, 2, 1):
        in_lanes(n, [lambda: engine.run({"frames": np.zeros((1, 1), np.uint8)})])
    engine.run({"frames": np.zeros((1, 1), np.uint8)})
    assert asked == [4, 2, 1]


class Slow(Meeting):
    """An engine whose runs take a while; lanes are counted that compute at once."""

    def __init__(self, counts):
        super().__init__(threading.Barrier(1))
        self._counts = counts

    def run(self, feed, fetch=None):
        self._counts.append(self)
        time.sleep(0.02)
        assert not self.is_closed, "closed while it computed"
        return super().run(feed, fetch)


FEED = {"frames": np.zeros((1, 1), np.uint8)}


@pytest.mark.parametrize("n", [1, 2])
def test_more_threads_than_lanes_wait_for_one(n):
    opened, runs = [], []

    def open_lane(threads):
        opened.append(Slow(runs))
        return opened[-1]

    engine = LanedEngine(open_lane, 2)
    in_lanes(n, [lambda: engine.run(FEED)] * 12)
    assert len(runs) == 12
    assert len(opened) == {1: 1, 2: 3}[n]  # one was opened for runs that are alone


def test_a_closed_engine_refuses_to_run_and_ends_what_it_is_at():
    opened, runs = [], []

    def open_lane(threads):
        opened.append(Slow(runs))
        return opened[-1]

    engine = LanedEngine(open_lane, 1)
    running = threading.Thread(target=lambda: engine.run(FEED))
    running.start()
    while not runs:
        time.sleep(0.001)
    engine.close()
    assert [lane.is_closed for lane in opened] == [False]
    running.join()
    assert [lane.is_closed for lane in opened] == [True]
    with pytest.raises(EngineError, match="models were closed"):
        engine.run(FEED)


def test_a_lane_that_an_interrupt_lost_can_be_had_again():
    engine = LanedEngine(lambda _: Meeting(threading.Barrier(1)), 1)
    for lost in (threading.current_thread(), threading.Thread()):  # the latter is not alive
        engine._lanes[0].user = lost
        assert engine.run(FEED)["sums"].tolist() == [0]


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_file_that_changed_is_not_opened_beside_the_old_one(sample_graphs, tmp_path, is_gone):
    (graph,) = sample_graphs("single_instance")
    path = Path(shutil.copy(graph, tmp_path / "graph.onnx"))
    engine = open_engine(path, EngineOptions(engine="ort", device="cpu", threads=2))
    path.unlink()
    if not is_gone:
        path.write_bytes(graph.read_bytes() + b"\0")
    with pytest.raises(EngineError, match="was changed or removed while it was in use"):
        in_lanes(2, [lambda: engine.run({})])
    engine.close()


@pytest.mark.parametrize(("engine", "at_once"), [("ort", True), ("openvino", False)])
def test_graphs_are_opened_at_once_where_the_engine_allows_it(engine, at_once):
    together = threading.Barrier(2)

    def opened():
        with suppress(threading.BrokenBarrierError):
            together.wait(timeout=10 if at_once else 0.05)
            return True
        return False

    options = EngineOptions(engine=engine, device="cpu")
    assert opened_together([opened, opened], options) == [at_once, at_once]
