"""Frames of a video file, as models saw them in training.

OpenCV's FFmpeg backend decodes; a video whose first frame has equal first and last channels is
gray, and then only one channel is delivered. Both are what sleap-io does, whose frames models were
trained on. OpenCV itself is used because it opens a file in milliseconds.
"""

from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from sleap_rt.errors import DataError

_LARGEST_SKIP = 64  # frames; up to here decoding on is faster than seeking


class VideoFile:
    """A video, read frame by frame.

    Args:
        path: any video that OpenCV's FFmpeg reads.

    Attributes:
        path: as given.
        n_frames: as the file's header says.
        shape: (height, width, channels).

    Raises:
        DataError: the file is missing, is no video, or has no frames.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise DataError(f"{path} does not exist; expected a video file.")
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise DataError(
                f"{path}: not a video that can be read; the file is damaged or of another kind."
            )
        self.n_frames = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self._next = 0
        self._is_gray = False
        if self.n_frames < 1:
            raise DataError(f"{path}: the video has no frames.")
        first = self.read(0)
        self._is_gray = bool((first[..., 0] == first[..., -1]).all())
        self.shape = (*first.shape[:2], 1 if self._is_gray else 3)

    def read(self, index: int) -> NDArray[np.uint8]:
        """One frame, (height, width, channels) uint8, RGB or gray.

        Raises:
            DataError: the frame does not exist or cannot be decoded.
        """
        if not 0 <= index < self.n_frames:
            raise DataError(f"{self.path}: no frame {index}; the video has {self.n_frames} frames.")
        if not 0 <= index - self._next <= _LARGEST_SKIP:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, index)
            self._next = index
        for _ in range(index - self._next):
            self._capture.grab()
        self._next = index + 1
        found, image = self._capture.read()
        if not found:
            self._next = -_LARGEST_SKIP - 1  # position unknown: seek before the next read
            raise DataError(f"{self.path}: frame {index} of {self.n_frames} cannot be decoded.")
        frame: NDArray[np.uint8] = image[..., 2:] if self._is_gray else image[..., ::-1]
        return np.ascontiguousarray(frame)

    def close(self) -> None:
        self._capture.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        self.close()
