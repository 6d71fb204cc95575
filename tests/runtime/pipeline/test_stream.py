"""Frames flow through a run: in order, in even batches, and without piling up."""

import threading
import tracemalloc

import numpy as np
import pytest
from fakes import BrightBlocks

from sleap_rt.errors import DataError
from sleap_rt.options import FilterOptions, RunOptions
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.source import Source
from sleap_rt.runtime.pipeline.stream import filtered_batches, stream_results
from sleap_rt.runtime.pipeline.track_assignment import Following


class Drawn:
    """A video of any length that is in no file."""

    def __init__(self, shape_of=lambda index: (200, 300, 1), damaged=None):
        self._shape_of, self._damaged = shape_of, damaged

    def read(self, index):
        if index == self._damaged:
            raise DataError(f"frame {index} is damaged.")
        return np.full(self._shape_of(index), index % 256, np.uint8)

    def close(self):
        pass


class Shapes(BrightBlocks):
    """Remembers the shapes it was given."""

    def __init__(self):
        super().__init__()
        self.shapes = []

    def predict(self, frames, frame_indices, known=None):
        self.shapes.append(frames.shape)
        return super().predict(frames, frame_indices, known)


def stream(reader, n_frames, predictor=None, **run):
    refs = [FrameRef(0, index) for index in range(n_frames)]
    source = Source({0: reader}, "drawn")
    return stream_results(
        predictor or BrightBlocks(),
        source,
        refs,
        run=RunOptions(**run),
        filters=FilterOptions(),
        following=Following(None),
    )


def readers():
    return [thread for thread in threading.enumerate() if thread.name == "read-frames"]


def test_memory_does_not_grow_with_the_number_of_frames():
    peaks = []
    for n_frames in (100, 1000):  # 6 and 60 MB of frames
        tracemalloc.start()
        n_results = sum(1 for _ in stream(Drawn(), n_frames, batch_size=4, queue_maxsize=8))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert n_results == n_frames
    assert peaks[1] < 3_000_000  # bytes: two batches and the queue are 1 MB
    assert peaks[1] < peaks[0] + 1_000_000  # four batches: threads are more or less ahead


def test_frames_of_another_size_begin_a_batch_and_order_is_kept():
    sizes = {2: (10, 12, 1), 3: (10, 12, 3)}
    predictor = Shapes()
    reader = Drawn(lambda index: sizes.get(index, (8, 9, 1)))
    found = list(stream(reader, 7, predictor, batch_size=4))
    assert [result.frame_index for result in found] == list(range(7))
    assert predictor.shapes == [(2, 8, 9, 1), (1, 10, 12, 1), (1, 10, 12, 3), (3, 8, 9, 1)]


def test_a_damaged_frame_ends_the_stream_after_all_ahead_of_it():
    results = stream(Drawn(damaged=6), 20, batch_size=4)
    assert [next(results).frame_index for _ in range(6)] == list(range(6))
    with pytest.raises(DataError, match="frame 6 is damaged"):
        next(results)
    assert not readers()


def test_the_reading_thread_ends_with_the_stream():
    results = stream(Drawn(), 1000, batch_size=2, queue_maxsize=2)
    next(results)
    assert len(readers()) == 1
    results.close()
    assert not readers()


@pytest.mark.parametrize("start", [4, 8, 12])
def test_a_frame_has_the_same_batch_wherever_the_frames_were_begun_with(start):
    sizes = {2: (10, 12, 1), 3: (10, 12, 3), 9: (10, 12, 1)}
    reader = Drawn(lambda index: sizes.get(index, (8, 9, 1)))
    refs = [FrameRef(0, index) for index in range(15)]
    seen = []
    for positions in (range(15), range(start, 15)):
        predictor = BrightBlocks()
        source, run = Source({0: reader}, "drawn"), RunOptions(batch_size=4)
        batches = filtered_batches(
            predictor, source, refs, positions, run=run, filters=FilterOptions()
        )
        assert [one.frame_index for batch in batches for one in batch.results] == [*positions]
        seen.append([batch for batch in predictor.calls if batch[0] >= start])
    assert seen[0] == seen[1]
