"""A video, or a series of images, played at its rate: what a camera would have seen."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError, FrameError, OptionError
from sleap_rt.options import SelectionOptions
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.live.source import LiveFrame
from sleap_rt.runtime.frames.open_input import open_input


class PlayedVideo:
    """See `LiveSource`. A frame is decoded ahead of its time, and arrives when its time has come.

    Args:
        path: as `track` takes it, except labels.
        rate: frames per second; None takes the video's own.

    Raises:
        DataError: it does not exist, or cannot be read.
        OptionError: it holds labels, or has no rate of its own.
    """

    patience = 0.0

    def __init__(self, path: Path, rate: float | None = None) -> None:
        if path.suffix == ".slp":
            raise OptionError(f"{path} holds labels; live plays a video: give that.")
        self.name = str(path)
        opened = open_input(path, SelectionOptions())
        own = opened.videos()[0].backend_metadata.get("fps")
        if not (rate or own):
            opened.close()
            raise OptionError(f"{path} has no rate of its own: say at which it is played (rate)")
        self._rate = float(rate or own)
        self._source, self._refs = opened.source, opened.selection.refs
        # Without its file: a result of `track` on the same video is not this run's to replace.
        self.opened = replace(opened, files=())

    def first(self) -> Image:
        for ref in self._refs:
            try:
                return self._source.read(ref)
            except FrameError:
                continue
        raise DataError(f"{self.name}: no frame can be decoded.")

    def frames(self, stopped: threading.Event) -> Iterator[LiveFrame]:
        started = time.perf_counter()
        for number, ref in enumerate(self._refs):
            image = partial(self._image, *self._read(ref))
            stopped.wait(max(0.0, started + number / self._rate - time.perf_counter()))
            yield LiveFrame(ref.frame_index, time.perf_counter(), time.time(), image)

    def _read(self, ref: FrameRef) -> tuple[Image | None, FrameError | None]:
        try:
            return self._source.read(ref), None
        except FrameError as error:
            return None, error

    def _image(self, image: Image | None, error: FrameError | None) -> Image:
        if image is None:
            raise FrameError(str(error)) from error
        return image

    def close(self) -> None:
        self._source.close()
