"""Lanes share out frames and crops; nothing of the results shows it."""

import threading
from contextlib import suppress

import numpy as np
import pytest

from sleap_rt.errors import EngineError
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import open_engine, opened_together
from sleap_rt.runtime.engines import ort as ort_file
from sleap_rt.runtime.engines.interface import TensorSpec
from sleap_rt.runtime.engines.wrapping.lanes import LanedEngine, n_lanes, shared_out

PEAKS = {
    "peak_threshold": np.array(0.2, np.float32),
    "integral_refinement": np.array(1, np.float32),
}


@pytest.mark.parametrize(
    ("n_rows", "threads", "expected"),
    [(0, 2, 1), (1, 16, 1), (2, 2, 2), (4, 2, 2), (4, 16, 4), (5, 16, 4), (5, 6, 3), (9, 7, 7)],
)
def test_each_lane_has_rows_and_an_even_share_of_the_threads(n_rows, threads, expected):
    assert n_lanes(n_rows, threads) == expected


def test_crops_get_the_frames_they_lie_in():
    frames = np.arange(5 * 6).reshape(5, 2, 3, 1).astype(np.uint8)
    index = np.array([0, 0, 2, 3, 3])
    feed = {"frames": frames, "centers": np.arange(10.0).reshape(5, 2), "frame_index": index}
    parts = shared_out(feed, 2)
    assert [part["centers"].tolist() for part in parts] == [
        [[0, 1], [2, 3], [4, 5]],
        [[6, 7], [8, 9]],
    ]
    assert [len(part["frames"]) for part in parts] == [3, 1]
    for part, own in zip(parts, (index[:3], index[3:]), strict=True):
        assert np.array_equal(part["frames"][part["frame_index"]], frames[own])


@pytest.mark.parametrize("n_crops", [0, 1])
def test_what_cannot_be_shared_out_stays_whole(n_crops):
    frames, centers = np.zeros((2, 4, 4, 1), np.uint8), np.zeros((n_crops, 2), np.float32)
    feed = {"frames": frames, "centers": centers, "frame_index": np.zeros(n_crops, np.int64)}
    (part,) = shared_out(feed, 4)
    assert part is feed


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
    alone = ort_file.OrtEngine(graph, EngineOptions(engine="ort", device="cpu", threads=1))
    laned = open_engine(graph, EngineOptions(engine="ort", device="cpu", threads=threads))
    missing = {spec.name: np.array(0.25, np.float32) for spec in laned.inputs} | feed
    expected, found = alone.run(missing), laned.run(missing)
    laned.close()
    assert expected.keys() == found.keys()
    for name, array in expected.items():
        assert np.array_equal(array, found[name], equal_nan=True), name


class Counting:
    """An engine that waits until all lanes run, and then fails where it is told to."""

    inputs: tuple[TensorSpec, ...] = (TensorSpec("frames", np.dtype(np.uint8), (None, 1)),)
    outputs: tuple[TensorSpec, ...] = ()
    device, upload = "cpu", staticmethod(lambda array: array)

    def __init__(self, together, fails):
        self._together, self._fails = together, fails
        self.n_runs, self.is_closed = 0, False

    def run(self, feed, fetch=None):
        self._together.wait(timeout=10)
        self.n_runs += 1
        if self._fails:
            raise EngineError("this lane is broken")
        return {"sums": feed["frames"].sum(axis=1)}

    def close(self):
        self.is_closed = True


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_all_lanes_end_before_the_fault_of_one_is_told(broken):
    together, opened, asked = threading.Barrier(3), [], []

    def open_lanes(n, threads):
        asked.extend([threads] * n)
        first = len(opened)
        opened.extend(Counting(together, fails=first + i == broken) for i in range(n))
        return opened[-n:]

    engine = LanedEngine(open_lanes, 6)
    with pytest.raises(EngineError, match="this lane is broken"):
        engine.run({"frames": np.ones((3, 1), np.uint8)})
    assert [lane.n_runs for lane in opened] == [1, 1, 1]
    assert asked == [2, 2, 2]
    engine.close()
    assert all(lane.is_closed for lane in opened)


def test_rows_keep_their_order():
    engine = LanedEngine(
        lambda n, _: [Counting(threading.Barrier(1), fails=False) for _ in range(n)], 4
    )
    rows = np.arange(8, dtype=np.uint8)[:, None]
    assert engine.run({"frames": rows})["sums"].tolist() == list(range(8))


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
