"""Frames of a video file, as models saw them in training.

FFmpeg decodes, through PyAV. Colours are converted by the BT.601 matrix whatever the file's tag
says: that is what OpenCV did up to version 4.12, whose frames models were trained on. FFmpeg 8, and
OpenCV built on it, obey the tag, which changes pixels by up to 27 grey levels and a model's points
by several px. A video whose first frame has equal first and last channels is gray, and then only
one channel is delivered, as in sleap-io.
"""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av import library_versions
from av.video.reformatter import Colorspace

from sleap_rt.arrays import Image
from sleap_rt.cores import available_cores
from sleap_rt.errors import DataError, FrameError
from sleap_rt.runtime.frames.frame_times import FrameTimes, read_frame_times, stored_frame_count

_LIBAVCODEC = ".".join(map(str, library_versions["libavcodec"]))
DECODER = f"PyAV {av.__version__}, FFmpeg libavcodec {_LIBAVCODEC}, BT.601"
_LONGEST_SKIP = 64  # frames; up to here decoding on is faster than seeking


class VideoFile:
    """A video, read frame by frame.

    The frame at index k is the k-th that decoding from the start shows, even if the frames are not
    evenly spaced in time.

    Args:
        path: any video that FFmpeg reads.
        gray: deliver one channel; None decides by the first frame.

    Attributes:
        path: as given.
        n_frames: that are shown; counted by reading the file where its header does not say.
        shape: (height, width, channels).
        fps: frames per second on average; None where the header does not say.

    Raises:
        DataError: the file is missing, is no video, or has no frames.
    """

    def __init__(self, path: Path, *, gray: bool | None = None) -> None:
        self.path = path
        if not path.is_file():
            raise DataError(f"{path} does not exist; expected a video file.")
        try:
            self._container = av.open(str(path))
        except (av.error.FFmpegError, OSError) as error:
            raise DataError(
                f"{path}: not a video that can be read; the file is damaged or of another kind."
            ) from error
        if not self._container.streams.video:
            raise DataError(f"{path}: the file holds no video.")
        self._stream = _threaded(self._container)
        self._times: FrameTimes | None = None
        self._next = 0  # index of the frame that decoding on gives
        self._frames: Iterator[av.VideoFrame] = self._container.decode(self._stream)
        self._gray = bool(gray)
        self._read_ahead: av.VideoFrame | None = None
        self.n_frames = stored_frame_count(self._stream) or len(self._frame_times())
        if self.n_frames < 1:
            raise DataError(f"{path}: the video has no frames, or none with a time stamp.")
        self._read_ahead = self._decode(0)
        self._first_pts = self._read_ahead.pts
        first = self._pixels(self._read_ahead)
        self._gray = bool((first[..., 0] == first[..., -1]).all()) if gray is None else gray
        self.shape = (*first.shape[:2], 1 if self._gray else 3)
        rate = self._stream.average_rate
        self.fps = None if rate is None else float(rate)

    def read(self, index: int) -> Image:
        """One frame, (height, width, channels) uint8, RGB or gray.

        Raises:
            DataError: the frame does not exist or cannot be decoded.
        """
        if not 0 <= index < self.n_frames:
            raise DataError(f"{self.path}: no frame {index}; the video has {self.n_frames} frames.")
        frame, self._read_ahead = self._read_ahead, None
        if frame is None or index != 0:
            frame = self._frame(index)
        return self._pixels(frame)

    def _frame(self, index: int) -> av.VideoFrame:
        if not 0 <= index - self._next <= _LONGEST_SKIP:
            return self._seek(index)
        for skipped in range(self._next, index):
            self._decode(skipped)
        return self._decode(index)

    def _decode(self, index: int) -> av.VideoFrame:
        """The next frame; `index` is its number, for the message."""
        try:
            frame = next(self._frames)
        except (StopIteration, av.error.FFmpegError, OSError) as error:
            self._next = -_LONGEST_SKIP - 1  # position unknown: seek before the next read
            raise FrameError(
                f"{self.path}: frame {index} of {self.n_frames} cannot be decoded."
            ) from error
        self._next = index + 1
        return frame

    def _seek(self, index: int) -> av.VideoFrame:
        """A frame anywhere in the video, found by its time."""
        times = self._frame_times()
        wanted = times[index]
        # A key frame is looked up by decoding time, which may lie before frames that are shown
        # ahead of it. So the search starts earlier until it starts at or before the frame.
        for n_earlier in (0, 16, 256):
            if n_earlier < index and (frame := self._from(times[index - n_earlier], wanted)):
                self._next = index + 1
                return frame
        self._restart(None)
        for skipped in range(index):
            self._decode(skipped)
        return self._decode(index)

    def _from(self, start: int, wanted: int) -> av.VideoFrame | None:
        """The frame shown at `wanted`, decoded on from `start`; None if that starts too late."""
        self._restart(start)
        try:
            for frame in self._frames:
                if frame.pts == wanted:
                    return frame
                if frame.pts is None or frame.pts > wanted:
                    return None
        except (av.error.FFmpegError, OSError):
            pass
        return None

    def _restart(self, time: int | None) -> None:
        """Decode on from the key frame at or before a time; from the start of the file if None."""
        try:
            if time is None:
                self._container.close()
                self._container = av.open(str(self.path))
                self._stream = _threaded(self._container)
            else:
                self._container.seek(time, stream=self._stream, backward=True)
        except (av.error.FFmpegError, OSError) as error:
            raise DataError(f"{self.path}: cannot be searched for a frame: {error}") from error
        self._frames = self._container.decode(self._stream)

    def _frame_times(self) -> FrameTimes:
        if self._times is None:
            try:
                self._times = read_frame_times(self.path, self._stream, self._first_pts_or_none())
            except (av.error.FFmpegError, OSError) as error:
                raise DataError(f"{self.path}: its index cannot be read: {error}") from error
        return self._times

    def _first_pts_or_none(self) -> int | None:
        return getattr(self, "_first_pts", None)

    def _pixels(self, frame: av.VideoFrame) -> Image:
        image = frame.reformat(
            format="rgb24", src_colorspace=Colorspace.ITU601, dst_colorspace=Colorspace.ITU601
        ).to_ndarray()
        if frame.rotation:
            image = np.rot90(image, round(frame.rotation / 90))
        return np.ascontiguousarray(image[..., :1] if self._gray else image)

    def close(self) -> None:
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        self.close()


def _threaded(container: av.container.InputContainer) -> av.VideoStream:
    """The first video of a file, decoded by as many threads as there are cores for us."""
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = available_cores().n  # left to itself, it knows no quotas
    return stream
