"""Cameras and network streams, through FFmpeg's readers of devices and protocols."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import av

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError
from sleap_rt.runtime.frames.live.source import LiveFrame
from sleap_rt.runtime.frames.unfiled import without_files
from sleap_rt.runtime.frames.video import DECODER
from sleap_rt.runtime.frames.video.container import LENIENT, Failures
from sleap_rt.runtime.frames.video.pixels import check_depth, has_color, to_gray, to_rgb

_STALE_SECONDS = 0.5  # since it was opened: what a camera has kept by then is old
_OPENING_SECONDS = 15.0
_MOST_BROKEN = 100  # packets in a row that cannot be decoded


class Camera:
    """See `LiveSource`.

    Whether it is gray is seen in its first frame, and holds for all.

    Args:
        name: in messages and results; without a password.
        address: what FFmpeg opens.
        reader: FFmpeg's name of the reader; None lets it find out.
        options: of the reader.
        patience: s that reading may wait; 0 waits for ever.
    """

    def __init__(
        self,
        name: str,
        address: str,
        reader: str | None,
        options: Mapping[str, str],
        patience: float,
    ) -> None:
        self.name, self._address, self._reader = name, address, reader
        self._options, self.patience = dict(options), patience
        self.opened = without_files(name, f"{DECODER}, BT.601")
        self._container: av.container.InputContainer | None = None
        self._opened_at = 0.0
        self._to_image: Callable[[av.VideoFrame], Image] = partial(to_rgb, colors="bt601")

    def first(self) -> Image:
        for frame in self._decoded(self._open()):
            check_depth(frame, self.name)
            if not has_color(frame, "bt601"):
                self._to_image = partial(to_gray, colors="bt601", strictly=True)
            return self._to_image(frame)
        raise DataError(f"{self.name} was opened, but gives no frame.")

    def frames(self, stopped: threading.Event) -> Iterator[LiveFrame]:
        container = self._container
        if container is None or time.perf_counter() - self._opened_at > _STALE_SECONDS:
            self.close()
            container = self._open()
        index = 0
        for frame in self._decoded(container):
            if stopped.is_set():
                return
            image = partial(self._to_image, frame)
            yield LiveFrame(index, time.perf_counter(), time.time(), image)
            index += 1
        if container.duration is None:  # what has no end has been cut off
            raise DataError(f"{self.name} is lost: it gave {index} frames, and then no more.")

    def close(self) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None

    def _open(self) -> av.container.InputContainer:
        timeout = (_OPENING_SECONDS, self.patience or None)
        try:
            container: av.container.InputContainer = av.open(
                self._address,
                format=self._reader,
                container_options=self._options,
                timeout=timeout,
                **LENIENT,
            )
        except (*Failures, ValueError) as error:
            raise DataError(f"{self.name} cannot be opened: {_reason(error)}.") from error
        self._container, self._opened_at = container, time.perf_counter()
        if not container.streams.video:
            self.close()
            raise DataError(f"{self.name} gives no video.")
        # Threads that work on frames side by side would keep some of them back.
        container.streams.video[0].thread_type = "SLICE"
        return container

    def _decoded(self, container: av.container.InputContainer) -> Iterator[av.VideoFrame]:
        stream = container.streams.video[0]
        n_broken = 0
        try:
            for packet in container.demux(stream):
                try:
                    yield from packet.decode()
                    n_broken = 0
                except av.error.InvalidDataError:
                    n_broken += 1
                    if n_broken > _MOST_BROKEN:
                        raise
        except Failures as error:
            raise DataError(f"{self.name} is lost: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    if isinstance(error, av.error.ExitError):  # FFmpeg's word where it was told to wait no longer
        return "it does not answer"
    return (getattr(error, "strerror", None) or str(error)).rstrip(".")
