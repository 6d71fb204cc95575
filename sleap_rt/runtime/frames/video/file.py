"""Frames of a video file, by number.

FFmpeg decodes, through PyAV. Colours are converted by the BT.601 matrix whatever the file's tag
says: that is what OpenCV did up to version 4.12, whose frames models were trained on. FFmpeg 8, and
OpenCV built on it, obey the tag, which changes pixels by up to 27 gray levels and a model's points
by several px. Of a gray video only one channel is delivered, as in sleap-io.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import av
from av import library_versions
from av.video.frame import PictureType

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError, FrameError
from sleap_rt.runtime.frames.video.container import Failures, open_container
from sleap_rt.runtime.frames.video.decoder import Decoded, Decoder
from sleap_rt.runtime.frames.video.key_frames import key_frames
from sleap_rt.runtime.frames.video.numbering import numbering, scanned
from sleap_rt.runtime.frames.video.pixels import Colors, to_gray, to_rgb
from sleap_rt.runtime.frames.video.samples import spread_samples

_LIBAVCODEC = ".".join(map(str, library_versions["libavcodec"]))
DECODER = f"PyAV {av.__version__}, FFmpeg libavcodec {_LIBAVCODEC}"
_COLORS: dict[Colors, str] = {"bt601": "BT.601", "tagged": "colours by their tag"}
_LONGEST_SKIP = 64  # frames; up to here decoding on is faster than seeking


@dataclass(frozen=True)
class _Numbered:
    """A decoded frame, its number, and whether the decoder made up a part of it."""

    frame: av.VideoFrame
    number: int
    is_concealed: bool


class VideoFile:
    """A video, read frame by frame.

    A frame's number is its place in the order of time, as decoding from the start shows it; frames
    that damage has destroyed keep their numbers.

    Args:
        path: any video that FFmpeg reads.
        gray: deliver one channel; None decides by frames from all over the video. Then a frame with
            colours in a gray video has three.
        colors: `bt601`, or `tagged` to obey the file.

    Attributes:
        path: as given.
        n_frames: that are shown; lost ones included.
        shape: (height, width, channels).
        fps: frames per second on average; None where the header does not say.
        decoder: what turns the file into pixels.
        notes: what a user should know about the file.
        is_concealed: whether the decoder made up a part of the frame read last.

    Raises:
        DataError: the file is missing, is no video, or has no frames.
    """

    def __init__(self, path: Path, *, gray: bool | None = None, colors: Colors = "bt601") -> None:
        self.path, self._colors = path, colors
        self.decoder = f"{DECODER}, {_COLORS[colors]}"
        opened = open_container(path)
        try:
            self._numbering, index = numbering(opened)
            rate = opened.stream.average_rate
            self._is_ranked = "mov" in opened.kind
        except Failures as error:
            raise DataError(f"{path}: its index cannot be read: {error}") from error
        finally:
            opened.container.close()
        self.fps = None if rate is None else float(rate)
        self.n_frames = self._numbering.n_frames
        self.notes = tuple(f"{path}: {note}" for note in (*opened.notes, *self._numbering.notes))
        if self.n_frames < 1:
            raise DataError(f"{path}: the video has no frames.")
        samples = spread_samples(path, self._numbering, colors)
        self._is_told, self._is_gray = gray is not None, samples.is_gray if gray is None else gray
        self.shape = (*samples.size, 1 if self._is_gray else 3)
        self.is_concealed = False
        has_times = self._numbering.times is not None or self._is_ranked
        self._decoder = Decoder(path, index, has_times=has_times)
        self._frames: Iterator[Decoded] | None = None  # None: at no known place
        self._passed = -1  # number of the last frame that was read or skipped
        self._held: _Numbered | None = None  # came next, and is still to be read
        self._is_ended = False  # nothing comes behind `_held`
        self._came_last: int | None = None  # number of the frame that was decoded last
        self._is_tainted = False  # since damage, until a key frame

    def read(self, index: int) -> Image:
        """One frame, (height, width, channels) uint8, RGB or gray.

        Raises:
            FrameError: the frame cannot be decoded.
            DataError: the frame does not exist, or the file cannot be searched.
        """
        if not 0 <= index < self.n_frames:
            raise DataError(f"{self.path}: no frame {index}; the video has {self.n_frames} frames.")
        found = None if self._numbering.is_lost(index) else self._found(index)
        if found is None:
            raise FrameError(f"{self.path}: frame {index} of {self.n_frames} cannot be decoded.")
        self.is_concealed = found.is_concealed
        if self._is_gray:
            return to_gray(found.frame, self._colors, strictly=self._is_told)
        return to_rgb(found.frame, self._colors)

    def key_frames(self) -> Sequence[int]:
        """Numbers of the frames at which decoding can begin, or of frames just ahead of them.

        Raises:
            DataError: the file cannot be read.
        """
        return key_frames(self.path, self.n_frames)

    def _found(self, index: int) -> _Numbered | None:
        """A frame; None if what decoding gives in its place is a later one, or nothing."""
        if self._frames is None or index <= self._passed or self._is_far(index):
            self._jump(index)
        while self._held is None or self._held.number < index:
            if self._held is not None:
                self._passed, self._held = self._held.number, None
            self._held = self._advanced()
            if self._held is None:
                return None
        if self._held.number > index:
            return None
        found, self._held, self._passed = self._held, None, index
        return found

    def _is_far(self, index: int) -> bool:
        """Whether seeking is better than decoding on."""
        is_next = self._held is not None and self._held.number >= index
        is_counted = self._numbering.times is None and not self._is_ranked
        return not (is_next or self._is_ended or is_counted) and (
            index - self._passed > _LONGEST_SKIP
        )

    def _jump(self, index: int) -> None:
        """Go to where decoding on leads to a frame."""
        if self._numbering.times is None and self._is_ranked:
            self._learn_times()
        # A key frame is looked up by decoding time, which may lie before frames that are shown
        # ahead of it. So the search starts earlier until it starts at or before the frame.
        for n_earlier in (0, 16, 256):
            time = self._numbering.time_before(index - n_earlier)
            if time is None:
                break
            self._start(time)
            self._held = self._advanced()
            if self._held is not None and self._held.number <= index:
                return
        self._start(None)

    def _start(self, time: int | None) -> None:
        self._frames = self._decoder.frames(time)
        self._passed, self._held, self._came_last = -1, None, None
        self._is_ended = self._is_tainted = False

    def _advanced(self) -> _Numbered | None:
        """The next frame with a number; None at the end."""
        for decoded in self._frames or ():
            number, last = self._number_of(decoded), self._came_last
            if number is None or (last is not None and number <= last):
                continue
            if decoded.is_damaged:
                self._is_tainted = True
            elif decoded.frame.key_frame:
                self._is_tainted = False
            elif last is not None and number > last + 1:
                self._is_tainted = True  # it builds on a frame that is missing
            self._came_last = number
            is_between = decoded.frame.pict_type == PictureType.B  # builds on later frames, too
            is_concealed = is_between and self._numbering.loses_soon(number)
            return _Numbered(decoded.frame, number, is_concealed or self._is_tainted)
        self._is_ended = True
        return None

    def _number_of(self, decoded: Decoded) -> int | None:
        if self._numbering.times is None:
            if decoded.order is not None:
                return decoded.order
            self._learn_times()
        time = decoded.frame.pts
        return None if time is None else self._numbering.number_at(time)

    def _learn_times(self) -> None:
        """Read all packets of a file whose index does not tell when its frames are shown."""
        opened = open_container(self.path)
        try:
            self._numbering = scanned(opened)
        except Failures as error:
            raise DataError(f"{self.path}: its index cannot be read: {error}") from error
        finally:
            opened.container.close()

    def close(self) -> None:
        self._frames = None
        self._decoder.close()

    def __enter__(self) -> "VideoFile":
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        self.close()
