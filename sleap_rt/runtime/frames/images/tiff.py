"""Multi-page TIFF files: every page is a frame.

sleap-io reads a stack written by tifffile or ImageJ as a single image, and can mix up its axes.
"""

import struct
import zlib
from pathlib import Path

import tifffile

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError, FrameError
from sleap_rt.runtime.frames.arrays import checked_frame
from sleap_rt.runtime.frames.images.tiff_chain import check_tiff

# tifffile does not translate what goes wrong inside it.
_FAILURES = (
    tifffile.TiffFileError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    RuntimeError,
    AttributeError,
    MemoryError,
    struct.error,
    zlib.error,
)


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
        self.n_frames = n_pages(path)
        self._file: tifffile.TiffFile | None = None

    def read(self, index: int) -> Image:
        """One frame, (height, width, channels) uint8.

        Raises:
            FrameError: it cannot be read.
            DataError: it is no 8-bit gray or RGB image.
        """
        try:
            if self._file is None:
                self._file = tifffile.TiffFile(self.path)
            frame = self._file.pages[index].asarray()
        except _FAILURES as error:
            raise FrameError(f"{self.path}: page {index} cannot be read: {error}") from error
        return checked_frame(frame[..., None] if frame.ndim == 2 else frame, index, str(self.path))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def n_pages(path: Path) -> int:
    """Pages of a TIFF file.

    Raises:
        DataError: it is no TIFF file, or damaged.
    """
    try:
        return check_tiff(path)
    except _FAILURES as error:
        raise DataError(f"{path} cannot be read as TIFF: {error}") from error
