"""Frames through a predictor: reading ahead in a thread, batches, order preserved."""

import queue
import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError
from sleap_rt.instances import FrameInstances, KnownInstances
from sleap_rt.options import RunOptions
from sleap_rt.runtime.frames.frame_refs import FrameReader, FrameRef, FrameSource
from sleap_rt.runtime.frames.input_labels import NO_LABELS, InputLabels
from sleap_rt.runtime.predictors import Predictor


@dataclass(frozen=True)
class Batch:
    """Frames that were predicted together.

    Attributes:
        results: one per frame, in order.
        frames: (batch, height, width, channels) uint8.
    """

    results: list[FrameInstances]
    frames: Image


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
        DataError: labelled animals are needed and missing, or a frame cannot be read. All frames
            ahead of it have been yielded by then.
    """
    with _ReadAhead(source, refs, options.queue_maxsize) as items:
        for batch in _batches(items, options.batch_size):
            refs_here = [ref for ref, _ in batch]
            frames = np.stack([frame for _, frame in batch])
            known = _known(predictor, labels, refs_here)
            results = predictor.predict(frames, [ref.frame_index for ref in refs_here], known)
            yield Batch(
                [
                    replace(result, video_index=ref.video_index)
                    for result, ref in zip(results, refs_here, strict=True)
                ],
                frames,
            )
    if items.error is not None:
        raise items.error


def predict_frames(
    predictor: Predictor, reader: FrameReader, frame_indices: Sequence[int], options: RunOptions
) -> Generator[FrameInstances, None, None]:
    """Predict frames of one video as `predict_batches` does; yields them one by one.

    Args:
        predictor: finds the instances.
        reader: gives the frames; a reading thread uses it until the iterator ends.
        frame_indices: which frames.
        options: batch size and length of the queue.
    """
    refs = [FrameRef(0, index) for index in frame_indices]
    for batch in predict_batches(predictor, _OneVideo(reader), refs, options):
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


class _OneVideo:
    """A reader as a source."""

    def __init__(self, reader: FrameReader) -> None:
        self._reader = reader

    def read(self, ref: FrameRef) -> Image:
        return self._reader.read(ref.frame_index)


_Item = tuple[FrameRef, Image]
_POLL_SECONDS = 0.1


def _batches(items: "_ReadAhead", batch_size: int) -> Iterator[list[_Item]]:
    """Consecutive frames of one shape, at most `batch_size` together."""
    batch: list[_Item] = []
    for ref, frame in items:
        if batch and (len(batch) == batch_size or frame.shape != batch[0][1].shape):
            yield batch
            batch = []
        batch.append((ref, frame))
    if batch:
        yield batch


class _ReadAhead:
    """Reads frames in a thread. Iteration ends at the first error, which is then in `error`."""

    def __init__(self, source: FrameSource, refs: Sequence[FrameRef], maxsize: int) -> None:
        self.error: BaseException | None = None
        self._queue: queue.Queue[_Item | BaseException | None] = queue.Queue(maxsize)
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._read, args=(source, refs), name="read-frames", daemon=True
        )

    def _read(self, source: FrameSource, refs: Sequence[FrameRef]) -> None:
        try:
            for ref in refs:
                if not self._put((ref, source.read(ref))):
                    return
            self._put(None)
        except BaseException as error:  # handed to the consumer, which raises it
            self._put(error)

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
