"""What image files declare about themselves, checked before they are decoded."""

import struct
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from sleap_rt.errors import DataError
from sleap_rt.runtime.frames.images.tiff_chain import check_tiff

Failures = (
    OSError,
    ValueError,
    SyntaxError,  # Pillow's word for a damaged PNG
    struct.error,
    KeyError,
    IndexError,
    EOFError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    UnidentifiedImageError,
    PillowImage.DecompressionBombError,
)
"""What Pillow and tifffile raise for damaged images."""

MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")  # 8 bits per channel, gray or RGB
MOST_PIXELS = 2**27  # as many as 11,585 x 11,585
_PNG = b"\x89PNG\r\n\x1a\n"


def is_sound(path: Path) -> bool:
    """Whether an image's header can be read and does not ask for more than the file has.

    Raises:
        DataError: it is sound, but not 8-bit gray or RGB, or too large.
    """
    try:
        if is_tiff(path):
            check_tiff(path)
        with path.open("rb") as file:
            if file.read(len(_PNG)) == _PNG:
                _check_png(file, path.stat().st_size, str(path))
        with PillowImage.open(path) as image:
            _check(str(path), image.mode, *image.size)
    except UnidentifiedImageError:
        return is_tiff(path)  # tifffile knows kinds that Pillow does not
    except Failures:
        return False
    return True


def check_content(content: bytes, name: str) -> None:
    """Refuse an image inside a file whose header cannot be read, or asks for more than there is.

    Args:
        content: of the image.
        name: of it, for messages.

    Raises:
        DataError: it is sound, but not 8-bit gray or RGB, or too large.
        ValueError: it is damaged.
    """
    file = BytesIO(content)
    try:
        if file.read(len(_PNG)) == _PNG:
            _check_png(file, len(content), name)
        with PillowImage.open(BytesIO(content)) as image:
            _check(name, image.mode, *image.size)
    except Failures as error:
        raise ValueError("the image is damaged") from error


def is_tiff(path: Path) -> bool:
    return path.suffix.lower() in (".tif", ".tiff")


def _check(name: str, mode: str, width: int, height: int) -> None:
    if mode not in MODES:
        raise DataError(
            f"{name}: the image is of the kind {mode!r}, but models take 8-bit images (uint8, 0 to "
            "255), gray or RGB. Convert the images first."
        )
    if width * height > MOST_PIXELS:
        raise DataError(
            f"{name}: {width}x{height} px are declared; at most {MOST_PIXELS:,} px are read."
        )


def _check_png(file: BinaryIO, size: int, name: str) -> None:
    """Chunks must lie inside the file: decoders reserve what a damaged length asks for."""
    _, _, _, _, depth = struct.unpack(">I4sIIB", file.read(17))
    if depth > 8:
        raise DataError(
            f"{name}: the image is uint{depth}, but models take 8-bit images (uint8, 0 to 255). "
            "Convert the images to 8 bit first."
        )
    position = len(_PNG)
    while position < size:
        file.seek(position)
        length, kind = struct.unpack(">I4s", file.read(8))
        position += 12 + length
        if position > size:
            raise ValueError("a chunk is longer than the file")
        if kind == b"IEND":
            return
