"""Frames through a predictor, in order: read in one thread, run by engines in others.

Whoever takes the results does the rest of the work (grouping, filters, tracking, writing) while the
engine has the next batch. Engines and decoders compute outside of Python, so the threads run side
by side.
"""

import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError, FrameError
from sleap_rt.instances import FrameInstances, ImageState, KnownInstances
from sleap_rt.options import RunOptions
from sleap_rt.runtime.frames.frame_refs import FrameRef, FrameSource
from sleap_rt.runtime.frames.input_labels import NO_LABELS, InputLabels
from sleap_rt.runtime.frames.source import Reader, Source
from sleap_rt.runtime.pipeline.stages.faults import doing
from sleap_rt.runtime.pipeline.stages.stage import Stage
from sleap_rt.runtime.pipeline.stages.watch import Activity, Watch
from sleap_rt.runtime.predictors import LANES, Pending, Predictor, n_lanes

_BATCHES_AHEAD = 1  # that the engine has answered and nobody has taken yet, besides those in work


@dataclass(frozen=True)
class Batch:
    """Frames that were predicted together, and between them those that cannot be read.

    Attributes:
        results: one per frame, in order.
        frames: (height, width, channels) uint8 each; None for one that cannot be read.
        is_whole: nothing cut it short; else a resumed run would have other batches.
    """

    results: list[FrameInstances]
    frames: Sequence[Image | None]
    is_whole: bool


def predict_batches(
    predictor: Predictor,
    source: Source,
    refs: Sequence[FrameRef],
    options: RunOptions,
    labels: InputLabels | None = None,
    positions: range | None = None,
) -> Generator[Batch, None, None]:
    """Predict frames batch by batch, in the order given.

    A batch ends where the position behind it is a multiple of its size, and where the next frame
    has another shape. So a frame has the same neighbours wherever the frames were begun with.

    On a CPU, several batches are computed at once, each by its share of the threads: how many
    depends on the number of `refs`, not on `positions`, so that parts of a run equal the whole.

    Memory does not grow with the number of frames: only the queue of `options.queue_maxsize`
    decoded frames, the batches that are computed at once and three more are held at a time.

    Args:
        predictor: finds the instances; threads use it until the iterator ends.
        source: gives the frames; another thread uses it until the iterator ends.
        refs: which frames.
        options: batch size, length of the queue, patience.
        labels: of the input; a predictor may need its labelled animals.
        positions: of `refs` to predict, ascending by 1; None: all.

    Raises:
        DataError: labelled animals are needed and missing, or a frame cannot be read and
            `options.on_error` is `stop`. All frames ahead of it have been yielded by then.
        RunError: reading or the engine failed in a way that no other error foresees, or does not
            get on. All whole batches ahead have been yielded by then.
    """
    stopped = threading.Event()
    reading, predicting = Activity(), Activity()
    n_waiting = max(1, options.queue_maxsize // options.frames_per_batch)
    wanted = range(len(refs)) if positions is None else positions
    n_at_once = n_lanes(options.n_at_once(len(refs)), predictor.threads)
    frames_of_batches = _read(source, refs, wanted, options, reading)
    read = Stage("read-frames", frames_of_batches, lambda frames: frames, n_waiting, stopped)
    answered = Stage(
        "run-engine",
        read,
        _Answering(predictor, labels, predicting, n_at_once),
        n_at_once + _BATCHES_AHEAD,
        stopped,
        n_at_once,
        Watch((reading, predicting), options.stall_timeout).check,
    )
    with read, answered:
        for frames, rest in answered:
            with doing(f"Putting together the animals of {frames}"):
                results = _in_place(frames, rest(), source, predictor)
            yield Batch(results, frames.images, frames.is_whole)


def predict_frames(
    predictor: Predictor, reader: Reader, frame_indices: Sequence[int], options: RunOptions
) -> Generator[FrameInstances, None, None]:
    """Predict frames of one video as `predict_batches` does; yields them one by one.

    Args:
        predictor: finds the instances.
        reader: gives the frames; a thread uses it until the iterator ends.
        frame_indices: which frames.
        options: batch size, length of the queue, patience.
    """
    refs = [FrameRef(0, index) for index in frame_indices]
    for batch in predict_batches(predictor, Source({0: reader}, ""), refs, options):
        yield from batch.results


class _Frames:
    """Frames on their way: of one shape, but for those that cannot be read, which keep their place.

    Args:
        found: each with its image; None for one that cannot be read.
        is_whole: as of `Batch`.

    Attributes:
        refs: of all frames.
        images: of all frames.
        readable: of those that have an image.
        stacked: (n_readable, height, width, channels) uint8; None without any.
    """

    def __init__(
        self, found: Sequence[tuple[FrameRef, Image | None]], *, is_whole: bool = True
    ) -> None:
        self.refs = [ref for ref, _ in found]
        self.is_whole = is_whole
        self.readable = [ref for ref, image in found if image is not None]
        there = [image for _, image in found if image is not None]
        self.stacked = np.stack(there) if there else None
        rows = iter(there if self.stacked is None else self.stacked)  # views: images are kept once
        self.images = [None if image is None else next(rows) for _, image in found]

    def __str__(self) -> str:
        return f"frames {self.refs[0].frame_index} to {self.refs[-1].frame_index}"


def _read(
    source: FrameSource,
    refs: Sequence[FrameRef],
    positions: range,
    options: RunOptions,
    activity: Activity,
) -> Iterator[_Frames]:
    """Consecutive frames of one shape, at most a batch together."""
    found: list[tuple[FrameRef, Image | None]] = []
    shape: tuple[int, ...] | None = None
    try:
        for position in positions:
            ref = refs[position]
            with activity.doing(f"Reading frame {ref.frame_index}"):
                image = _image(source, ref, options)
            if image is not None and shape is not None and image.shape != shape:
                yield _Frames(found)
                found, shape = [], None
            found.append((ref, image))
            shape = shape if image is None else image.shape
            if (position + 1) % options.frames_per_batch == 0:
                yield _Frames(found)
                found, shape = [], None
    except DataError:
        if found:  # what lies ahead of a damaged frame is a result
            yield _Frames(found, is_whole=False)
        raise
    if found:
        yield _Frames(found)


def _image(source: FrameSource, ref: FrameRef, options: RunOptions) -> Image | None:
    try:
        return source.read(ref)
    except FrameError:
        if options.on_error == "continue":
            return None
        raise


@dataclass
class _Answering:
    """Gives a batch with what is left to do when the engines have answered.

    Attributes:
        labels: of the input.
        activity: of the threads that call this.
        n_at_once: how many these are.
    """

    predictor: Predictor
    labels: InputLabels | None
    activity: Activity
    n_at_once: int
    _seen: set[tuple[int, ...]] = field(default_factory=set)  # shapes of frames

    def __call__(self, batch: _Frames) -> tuple[_Frames, Pending]:
        if batch.stacked is None:
            return batch, list
        LANES.set(self.n_at_once)
        known = _known(self.predictor, self.labels, batch.readable)
        indices = [ref.frame_index for ref in batch.readable]
        shape = batch.stacked.shape[1:]
        may_build = shape not in self._seen
        with self.activity.doing(f"The engine's work on {batch}", may_build=may_build):
            rest = self.predictor.begin(batch.stacked, indices, known)
        self._seen.add(shape)
        return batch, rest


def _known(
    predictor: Predictor, labels: InputLabels | None, refs: Sequence[FrameRef]
) -> list[KnownInstances] | None:
    """The labelled animals of each frame, where the predictor needs them."""
    if not predictor.needs_instances:
        return None
    if labels is None:
        raise DataError(NO_LABELS)
    return [labels.known(ref, predictor.skeleton.node_names) for ref in refs]


def _in_place(
    batch: _Frames, results: Sequence[FrameInstances], source: Source, predictor: Predictor
) -> list[FrameInstances]:
    """The results of all frames of a batch, with the number of the video and the image's state."""
    found = dict(zip(batch.readable, results, strict=True))
    return [
        replace(
            found[ref],
            video_index=ref.video_index,
            image=ImageState.CONCEALED if ref in source.concealed else found[ref].image,
        )
        if ref in found
        else FrameInstances.unreadable(
            frame_index=ref.frame_index,
            video_index=ref.video_index,
            n_nodes=len(predictor.skeleton.node_names),
        )
        for ref in batch.refs
    ]
