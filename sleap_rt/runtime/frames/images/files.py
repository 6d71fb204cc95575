"""Images as frames of one video, read one by one."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from PIL import __version__ as pillow_version

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError, FrameError
from sleap_rt.runtime.frames.arrays import checked_frame
from sleap_rt.runtime.frames.images.headers import Failures, is_sound, is_tiff
from sleap_rt.runtime.frames.images.tiff import TiffPages

_N_SAMPLES = 16  # images that show whether any has colours
_OPAQUE = 255


class ImageFiles:
    """A list of images.

    Args:
        paths: of the images.
        gray: deliver one channel; None decides by images from all over the list. Then an image with
            colours among gray ones has three.

    Attributes:
        decoder: what turns the files into pixels.
        shape: (height, width, channels) of the first image that can be read.

    Raises:
        DataError: by its header an image is not 8-bit gray or RGB, or too large; or none can be
            read.
    """

    decoder = f"Pillow {pillow_version}"

    def __init__(self, paths: Sequence[Path], *, gray: bool | None = None) -> None:
        self._paths = paths
        self._is_told, self._is_gray = gray is not None, bool(gray)
        self._damaged = {index for index, path in enumerate(paths) if not is_sound(path)}
        self.shape = self._look(gray)

    def _look(self, gray: bool | None) -> tuple[int, ...]:
        """Find out the shape, and whether there are colours."""
        sound = [index for index in range(len(self._paths)) if index not in self._damaged]
        places = np.linspace(0, len(sound) - 1, min(_N_SAMPLES, len(sound))).astype(int)
        size: tuple[int, ...] | None = None
        for place in [sound[place] for place in places]:
            try:
                image = self._image(place)
            except FrameError:
                continue
            size = size or image.shape[:2]
            if gray is not None:
                break
            self._is_gray = not _has_color(image)
            if not self._is_gray:
                break
        if size is None:
            raise DataError(
                f"{self._paths[0]}: none of the images can be read; they are damaged, or no images."
            )
        return (*size, 1 if self._is_gray else 3)

    def read(self, index: int) -> Image:
        """One frame, (height, width, channels) uint8, RGB or gray.

        Raises:
            FrameError: it cannot be read.
            DataError: it has transparent parts.
        """
        image = self._image(index)
        if self._is_gray and (self._is_told or not _has_color(image)):
            image = image[..., :1]
        return np.ascontiguousarray(image)

    def _image(self, index: int) -> Image:
        path = self._paths[index]
        if index in self._damaged:
            raise FrameError(f"{path}: frame {index} cannot be read; it is damaged.")
        try:
            with PillowImage.open(path) as image:
                pixels = np.asarray(_in_channels(image))
        except Failures as error:
            if is_tiff(path):
                return _first_page(path)  # of a kind that Pillow does not know
            raise FrameError(f"{path}: frame {index} cannot be read; it is damaged.") from error
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        return checked_frame(without_alpha(pixels, str(path)), index, str(path))

    def close(self) -> None:
        pass


def _first_page(path: Path) -> Image:
    pages = TiffPages(path)
    try:
        return pages.read(0)
    finally:
        pages.close()


def without_alpha(image: Image, name: str) -> Image:
    """An image without an alpha channel that is opaque everywhere.

    Args:
        image: (height, width, channels) uint8; a second or fourth channel is alpha.
        name: of the image, for the message.

    Raises:
        DataError: it is transparent somewhere.
    """
    if image.ndim != 3 or image.shape[2] not in (2, 4):
        return image
    if (image[..., -1] != _OPAQUE).any():
        raise DataError(
            f"{name}: the image has transparent parts, which models cannot take. Save it without "
            "an alpha channel."
        )
    return image[..., :-1]


def _in_channels(image: PillowImage.Image) -> PillowImage.Image:
    """With gray or RGB channels in place of a palette or single bits."""
    if image.mode == "1":
        return image.convert("L")
    if image.mode in ("P", "PA"):
        is_clear = image.mode == "PA" or "transparency" in image.info
        return image.convert("RGBA" if is_clear else "RGB")
    return image


def _has_color(image: Image) -> bool:
    return image.shape[2] == 3 and bool((image[..., 1:] != image[..., :1]).any())
