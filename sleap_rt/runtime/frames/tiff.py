"""Multi-page TIFF files: every page is a frame.

sleap-io reads a stack written by tifffile or ImageJ as a single image, and can mix up its axes.
"""

from pathlib import Path

import tifffile

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError, FrameError
from sleap_rt.runtime.frames.frame_check import checked_frame


class TiffPages:
    """The pages of a TIFF file.

    Args:
        path: of the file.

    Raises:
        DataError: it is no TIFF file.
    """

    version = tifffile.__version__

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = tifffile.TiffFile(path)
            self.n_frames = len(self._file.pages)
        except (tifffile.TiffFileError, OSError, ValueError) as error:
            raise DataError(f"{path} cannot be read as TIFF: {error}") from error

    def read(self, index: int) -> Image:
        """One frame, (height, width, channels) uint8.

        Raises:
            FrameError: it cannot be read.
            DataError: it is no 8-bit gray or RGB image.
        """
        try:
            frame = self._file.pages[index].asarray()
        except (tifffile.TiffFileError, OSError, ValueError, IndexError) as error:
            raise FrameError(f"{self.path}: page {index} cannot be read: {error}") from error
        return checked_frame(frame[..., None] if frame.ndim == 2 else frame, index, str(self.path))

    def close(self) -> None:
        self._file.close()
