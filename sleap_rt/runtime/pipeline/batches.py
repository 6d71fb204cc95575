"""Frames through a predictor: reading ahead in a thread, batches, order preserved."""

import queue
import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError, FrameError
from sleap_rt.instances import FrameInstances, ImageState, KnownInstances
from sleap_rt.options import RunOptions
from sleap_rt.runtime.frames.frame_refs import FrameRef, FrameSource
from sleap_rt.runtime.frames.input_labels import NO_LABELS, InputLabels
from sleap_rt.runtime.frames.source import Reader, Source
from sleap_rt.runtime.predictors import Predictor


@dataclass(frozen=True)
class Batch:
    """Frames that were predicted together, and between them those that cannot be read.

    Attributes:
        results: one per frame, in order.
        frames: (height, width, channels) uint8 each; None for one that cannot be read.
    """

    results: list[FrameInstances]
    frames: list[Image | None]


def predict_batches(
    predictor: Predictor,
    source: FrameSource,
    refs: Sequence[FrameRef],
    options: RunOptions,
    labels: InputLabels | None = None,
) -> Generator[Batch, None, None]:
    """Predict frames batch by batch, in the order given.

    Memory does not grow with the number of frames: only the queue of `options.queue_maxsize`
    decoded frames and one batch are held at a time.

    Args:
        predictor: finds the instances.
        source: gives the frames; a reading thread uses it until the iterator ends.
        refs: which frames.
        options: batch size and length of the queue.
        labels: of the input; a predictor may need its labelled animals.

    Raises:
        DataError: labelled animals are needed and missing, or a frame cannot be read and
            `options.on_error` is `stop`. All frames ahead of it have been yielded by then.
    """
    with _ReadAhead(source, refs, options) as items:
        for batch in _batches(items, options.frames_per_batch):
            found = _predicted(predictor, labels, source, batch)
            results = [
                _unreadable(predictor, ref) if frame is None else found[ref] for ref, frame in batch
            ]
            yield Batch(results, [frame for _, frame in batch])
    if items.error is not None:
        raise items.error


def _unreadable(predictor: Predictor, ref: FrameRef) -> FrameInstances:
    return FrameInstances.unreadable(
        frame_index=ref.frame_index,
        video_index=ref.video_index,
        n_nodes=len(predictor.skeleton.node_names),
    )


def _predicted(
    predictor: Predictor, labels: InputLabels | None, source: FrameSource, batch: "list[_Item]"
) -> dict[FrameRef, FrameInstances]:
    """Results of those frames of a batch that could be read."""
    refs = [ref for ref, frame in batch if frame is not None]
    if not refs:
        return {}
    frames = np.stack([frame for _, frame in batch if frame is not None])
    known = _known(predictor, labels, refs)
    results = predictor.predict(frames, [ref.frame_index for ref in refs], known)
    concealed = source.concealed
    return {
        ref: replace(
            result,
            video_index=ref.video_index,
            image=ImageState.CONCEALED if ref in concealed else ImageState.WHOLE,
        )
        for ref, result in zip(refs, results, strict=True)
    }


def predict_frames(
    predictor: Predictor, reader: Reader, frame_indices: Sequence[int], options: RunOptions
) -> Generator[FrameInstances, None, None]:
    """Predict frames of one video as `predict_batches` does; yields them one by one.

    Args:
        predictor: finds the instances.
        reader: gives the frames; a reading thread uses it until the iterator ends.
        frame_indices: which frames.
        options: batch size and length of the queue.
    """
    refs = [FrameRef(0, index) for index in frame_indices]
    for batch in predict_batches(predictor, Source({0: reader}, ""), refs, options):
        yield from batch.results


def _known(
    predictor: Predictor, labels: InputLabels | None, refs: Sequence[FrameRef]
) -> list[KnownInstances] | None:
    """The labelled animals of each frame, where the predictor needs them."""
    if not predictor.needs_instances:
        return None
    if labels is None:
        raise DataError(NO_LABELS)
    return [labels.known(ref, predictor.skeleton.node_names) for ref in refs]


_Item = tuple[FrameRef, Image | None]
_POLL_SECONDS = 0.1


def _batches(items: "_ReadAhead", batch_size: int) -> Iterator[list[_Item]]:
    """Consecutive frames of one shape, at most `batch_size` together.

    A frame without an image keeps its place, so that all others stay in their batches.
    """
    batch: list[_Item] = []
    shape: tuple[int, ...] | None = None
    for ref, frame in items:
        is_other = frame is not None and shape is not None and frame.shape != shape
        if batch and (len(batch) == batch_size or is_other):
            yield batch
            batch, shape = [], None
        batch.append((ref, frame))
        shape = shape if frame is None else frame.shape
    if batch:
        yield batch


class _ReadAhead:
    """Reads frames in a thread. Iteration ends at the first error, which is then in `error`."""

    def __init__(self, source: FrameSource, refs: Sequence[FrameRef], options: RunOptions) -> None:
        self.error: BaseException | None = None
        self._goes_on = options.on_error == "continue"
        self._queue: queue.Queue[_Item | BaseException | None] = queue.Queue(options.queue_maxsize)
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._read, args=(source, refs), name="read-frames", daemon=True
        )

    def _read(self, source: FrameSource, refs: Sequence[FrameRef]) -> None:
        try:
            for ref in refs:
                if not self._put((ref, self._image(source, ref))):
                    return
            self._put(None)
        except BaseException as error:  # handed to the consumer, which raises it
            self._put(error)

    def _image(self, source: FrameSource, ref: FrameRef) -> Image | None:
        try:
            return source.read(ref)
        except FrameError:
            if self._goes_on:
                return None
            raise

    def _put(self, item: _Item | BaseException | None) -> bool:
        while not self._stopped.is_set():
            try:
                self._queue.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def __iter__(self) -> Iterator[_Item]:
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                self.error = item
                return
            yield item

    def __enter__(self) -> "_ReadAhead":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
