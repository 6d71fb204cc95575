"""Frames through a predictor: reading ahead in a thread, batches, order preserved."""

import queue
import threading
from collections.abc import Generator, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sleap_rt.instances import FrameInstances
from sleap_rt.options import RunOptions
from sleap_rt.runtime.predictors import Predictor

_Item = tuple[int, NDArray[np.uint8]] | BaseException | None
_POLL_SECONDS = 0.1


class FrameReader(Protocol):
    """Anything that frames can be read from."""

    def read(self, index: int) -> NDArray[np.uint8]: ...


def predict_frames(
    predictor: Predictor, reader: FrameReader, frame_indices: Sequence[int], options: RunOptions
) -> Generator[FrameInstances, None, None]:
    """Predict frames one after the other, in the order given.

    Memory does not grow with the number of frames: at most `options.queue_maxsize` decoded frames
    and one batch exist at a time.

    Args:
        predictor: finds the instances.
        reader: gives the frames; it is used from another thread until the iterator ends.
        frame_indices: which frames.
        options: batch size and length of the queue.

    Raises:
        DataError: a frame cannot be read. All frames ahead of it have been yielded by then.
    """
    with _ReadAhead(reader, frame_indices, options.queue_maxsize) as frames:
        for batch in _batches(frames, options.batch_size):
            indices = [index for index, _ in batch]
            yield from predictor.predict(np.stack([frame for _, frame in batch]), indices)
    if frames.error is not None:
        raise frames.error


def _batches(
    frames: "_ReadAhead", batch_size: int
) -> Iterator[list[tuple[int, NDArray[np.uint8]]]]:
    """Runs of at most `batch_size` frames of one shape."""
    batch: list[tuple[int, NDArray[np.uint8]]] = []
    for index, frame in frames:
        if batch and (len(batch) == batch_size or frame.shape != batch[0][1].shape):
            yield batch
            batch = []
        batch.append((index, frame))
    if batch:
        yield batch


class _ReadAhead:
    """Reads frames in a thread. Iteration ends at the first error, which is then in `error`."""

    def __init__(self, reader: FrameReader, indices: Sequence[int], maxsize: int) -> None:
        self.error: BaseException | None = None
        self._queue: queue.Queue[_Item] = queue.Queue(maxsize)
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._read, args=(reader, indices), name="read-frames", daemon=True
        )

    def _read(self, reader: FrameReader, indices: Sequence[int]) -> None:
        try:
            for index in indices:
                if not self._put((index, reader.read(index))):
                    return
            self._put(None)
        except BaseException as error:  # handed to the consumer, which raises it
            self._put(error)

    def _put(self, item: _Item) -> bool:
        while not self._stopped.is_set():
            try:
                self._queue.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def __iter__(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
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
