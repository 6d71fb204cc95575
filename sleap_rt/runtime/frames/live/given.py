"""Frames that a program hands over: of a camera with its own library, say."""

import threading
import time
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain

import numpy as np

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError
from sleap_rt.runtime.frames.frame_check import checked_frame
from sleap_rt.runtime.frames.live.source import LiveFrame
from sleap_rt.runtime.frames.live.unfiled import without_files


class GivenFrames:
    """See `LiveSource`.

    Args:
        images: (height, width) or (height, width, channels) uint8 each; asked for the next one in a
            thread, which waits until there is one.
    """

    name = "frames of a program"
    patience = 0.0

    def __init__(self, images: Iterable[Image]) -> None:
        self._images = iter(images)
        self.opened = without_files(self.name, "none: frames were given by a program")

    def first(self) -> Image:
        """The first frame; it is given again as the first of `frames`."""
        for image in self._images:
            self._images = chain([image], self._images)
            return self._checked(image, 0)
        raise DataError(f"{self.name}: there are none.")

    def frames(self, stopped: threading.Event) -> Iterator[LiveFrame]:
        for index, image in enumerate(self._images):
            checked = partial(self._checked, image, index)
            yield LiveFrame(index, time.perf_counter(), time.time(), checked)

    def close(self) -> None:
        pass

    def _checked(self, image: Image, index: int) -> Image:
        found = np.asarray(image)
        return checked_frame(found[..., None] if found.ndim == 2 else found, index, self.name)
