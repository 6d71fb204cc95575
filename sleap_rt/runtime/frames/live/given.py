"""Frames that a program hands over: of a camera with its own library, say."""

import threading
import time
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any

import numpy as np

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError
from sleap_rt.runtime.frames.arrays import with_channels
from sleap_rt.runtime.frames.live.source import LiveFrame, check_patience, reading
from sleap_rt.runtime.frames.unfiled import GIVEN, without_files

_POLL_SECONDS = 0.1  # in which Ctrl-C is noticed


class GivenFrames:
    """See `LiveSource`. Frames are copied when they arrive: their memory may be used again.

    Args:
        images: (height, width) or (height, width, channels) uint8 each; asked for the next one in a
            thread, which waits until there is one.
        patience: s that a frame is waited for; 0 waits for ever.
    """

    name = "the iterable of frames"

    def __init__(self, images: Iterable[Image], patience: float) -> None:
        self.patience = patience
        self.opened = without_files(GIVEN, "none: frames were given by a program")
        with reading(self.name):
            self._images = iter(images)

    def first(self) -> Image:
        """The first frame; it is given again as the first of `frames`."""
        found: list[Image | BaseException] = []
        # Where the program never gives one, this must still be able to end: a daemon.
        thread = threading.Thread(target=self._read_first, args=[found], daemon=True)
        asked = time.perf_counter()
        thread.start()
        while thread.is_alive():
            check_patience(self, time.perf_counter() - asked)
            thread.join(_POLL_SECONDS)
        (first,) = found
        if isinstance(first, BaseException):
            raise first
        self._images = chain([first], self._images)
        return first

    def _read_first(self, found: list[Image | BaseException]) -> None:
        try:
            with reading(self.name):
                for image in self._images:
                    found.append(self._copied(image, 0))
                    return
                raise DataError(f"{self.name} is empty.")
        except BaseException as error:  # `first` raises it
            found.append(error)

    def frames(self, stopped: threading.Event) -> Iterator[LiveFrame]:
        for index, image in enumerate(self._images):
            came, now = time.perf_counter(), time.time()
            yield LiveFrame(index, came, now, partial(_itself, self._copied(image, index)))

    def close(self) -> None:
        pass

    def _copied(self, image: Any, index: int) -> Image:
        is_array = hasattr(image, "__array__")  # also images of other libraries
        try:
            return with_channels(np.array(image, order="C") if is_array else image)
        except DataError as error:
            raise DataError(f"{self.name}, frame {index}: {error}{_advice(image)}.") from error


def _itself(image: Image) -> Image:
    return image


def _advice(image: Any) -> str:
    """What to do about OpenCV's `capture.read()`, whose answer was handed on as it is."""
    if isinstance(image, tuple):
        return (
            ". OpenCV's `read()` gives two values, whether there is a frame and the frame: give "
            "the second one"
        )
    return (
        ". OpenCV's `read()` gives None where there is no more: end there" if image is None else ""
    )
