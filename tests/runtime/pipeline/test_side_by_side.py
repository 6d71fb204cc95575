"""Several batches are computed at once; who takes the results does not see it."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fakes import BrightBlocks

from sleap_rt.errors import EngineError
from sleap_rt.options import DecodeOptions, EngineOptions, RunOptions
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.source import Source
from sleap_rt.runtime.frames.video import VideoFile
from sleap_rt.runtime.pipeline.batches import predict_batches
from sleap_rt.runtime.predictors import LANES, open_predictor
from sleap_rt.runtime.predictors.stages import SlottedGraph


class Drawn:
    def read(self, index):
        return np.full((20, 30, 1), index % 256, np.uint8)


class Uneven(BrightBlocks):
    """Takes longer for some batches than for others.

    Attributes:
        lanes: that the threads of each call were told.
        most: calls that went on at once.
    """

    threads = 4

    def __init__(self, broken_at=None):
        super().__init__()
        self.lanes, self.most = set(), 0
        self._busy, self._counting, self._broken_at = 0, threading.Lock(), broken_at

    def predict(self, frames, frame_indices, known=None):
        with self._counting:
            self.lanes.add(LANES.get())
            self._busy += 1
            self.most = max(self.most, self._busy)
        time.sleep(random.Random(frame_indices[0]).uniform(0, 0.02))
        with self._counting:
            self._busy -= 1
        if self._broken_at in frame_indices:
            raise EngineError(f"frame {self._broken_at} breaks it")
        return super().predict(frames, frame_indices, known)


def batches(predictor, n_frames, positions=None, **run):
    refs = [FrameRef(0, index) for index in range(n_frames)]
    source = Source({0: Drawn()}, "drawn")
    return predict_batches(predictor, source, refs, RunOptions(**run), None, positions)


def points(found):
    return [result.points.tolist() for batch in found for result in batch.results]


def engine_threads():
    return [thread for thread in threading.enumerate() if thread.name == "run-engine"]


def test_results_are_those_of_one_batch_after_the_other_and_in_order():
    side_by_side, alone = Uneven(), BrightBlocks()
    assert points(batches(side_by_side, 90, batch_size=2)) == points(
        batches(alone, 90, batch_size=2)
    )
    assert side_by_side.most == 4
    assert side_by_side.lanes == {4}
    assert alone.calls == [[i, i + 1] for i in range(0, 90, 2)]
    assert engine_threads() == []


def test_a_fault_is_told_behind_all_batches_ahead_of_it():
    found = []
    with pytest.raises(EngineError, match=r"^frame 21 breaks it"):
        found.extend(batches(Uneven(broken_at=21), 60, batch_size=2))
    assert [result.frame_index for batch in found for result in batch.results] == [*range(20)]
    assert engine_threads() == []


@pytest.mark.parametrize(
    ("n_frames", "run", "n_lanes"),
    [
        (8, {"batch_size": 4}, 2),
        (4, {"batch_size": 4}, 1),  # alone, it has all threads
        (80, {"batch_size": 4, "most_at_once": 2}, 2),
        (80, {"batch_size": 4, "most_at_once": 1}, 1),
        (80, {"batch_size": 4, "most_at_once": 3}, 2),  # threads are shared out evenly
    ],
)
def test_there_are_no_more_lanes_than_batches_and_room(n_frames, run, n_lanes):
    predictor = Uneven()
    list(batches(predictor, n_frames, **run))
    assert predictor.lanes == {n_lanes}


def test_a_part_has_the_lanes_of_the_whole():
    predictor = Uneven()
    assert len(list(batches(predictor, 80, range(4, 8), batch_size=4))) == 1
    assert predictor.lanes == {4}


def test_an_engine_that_does_one_run_at_a_time_is_left_at_that():
    predictor = Uneven()
    predictor.threads = 1
    list(batches(predictor, 20, batch_size=2))
    assert (predictor.lanes, predictor.most) == ({1}, 1)


def test_a_graph_that_needs_more_slots_gets_them_whatever_others_do_meanwhile():
    """While one thread runs with 8 slots, another finds that its batch needs 32."""

    class Crowded:
        def run(self, feed, fetch):
            n_slots.append(len(feed["slots"]))
            graph.n_slots = 32
            return {"n_candidates": np.array([20]), "n_peaks": min(20, n_slots[-1])}

    n_slots: list[int] = []
    graph = SlottedGraph(Crowded())
    assert graph.run({}, [])["n_peaks"] == 20
    assert n_slots == [8, 32]
    assert graph.n_slots == 32


@pytest.mark.parametrize("kinds", [("bottomup",), ("centroid", "centered_instance")])
@pytest.mark.parametrize("engine", ["ort", "openvino", "mnn"])
def test_poses_have_the_bits_of_a_sequential_run(sample_graphs, request, kinds, engine):
    """The oracle calls one engine of one thread batch by batch, without any of this."""
    clip, graphs = request.config.rootpath / "samples/crawlers.mp4", sample_graphs(*kinds)
    alone = EngineOptions(engine=engine, device="cpu", threads=1)
    expected = []
    with VideoFile(clip) as video:
        one_by_one = open_predictor(graphs, DecodeOptions(), alone)
        for start in range(0, 24, 4):
            indices = range(start, start + 4)
            images = np.stack([video.read(index) for index in indices])
            expected += one_by_one.predict(images, indices)
        one_by_one.close()
        options = EngineOptions(engine=engine, device="cpu", threads=3)
        predictor = open_predictor(graphs, DecodeOptions(), options, n_at_once=3)
        assert predictor.threads == 3
        refs = [FrameRef(0, index) for index in range(24)]
        run = RunOptions(batch_size=4)
        found = [
            result
            for batch in predict_batches(predictor, Source({0: video}, ""), refs, run)
            for result in batch.results
        ]
        predictor.close()
    assert sum(map(len, found)) > 24
    for one, other in zip(expected, found, strict=True):
        for name in ("frame_index", "points", "point_scores", "scores"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.engine
@pytest.mark.parametrize("engine", ["ort", "openvino", "mnn"])
def test_threads_of_a_user_share_an_engine_of_one_thread(sample_graphs, request, engine):
    """OpenVINO and MNN would answer one of them with what the other asked for."""
    pytest.importorskip({"ort": "onnxruntime", "mnn": "MNN"}.get(engine, engine))
    video = VideoFile(request.config.rootpath / "samples/crawlers.mp4")
    frames = [video.read(index)[None] for index in range(0, 180, 9)]
    graphs = sample_graphs("centroid", "centered_instance")
    options = EngineOptions(engine=engine, device="cpu", threads=1)
    predictor = open_predictor(graphs, DecodeOptions(), options)
    expected = [predictor.predict(frame, [0])[0].points for frame in frames]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda frame: predictor.predict(frame, [0])[0].points, frames))
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)
    predictor.close()
    with pytest.raises(EngineError, match="models were closed"):
        predictor.predict(frames[0], [0])
