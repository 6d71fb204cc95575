"""Small videos encoded for the tests: every frame looks different, so that it can be told apart."""

import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

HEIGHT, WIDTH = 64, 96


def picture(index: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Colours that move, and the frame's number as bright blocks in binary along the top."""
    y, x = np.mgrid[:height, :width]
    image = np.stack([x * 2 + index * 5, y * 2 + index * 3, x + y + index * 7], axis=-1) % 128
    for bit in range(8):
        image[:8, bit * 12 : bit * 12 + 10] = 255 if index >> bit & 1 else 0
    return image.astype(np.uint8)


def number_in(image: np.ndarray) -> int:
    """The frame number that `picture` wrote."""
    return sum(1 << bit for bit in range(8) if image[2:6, bit * 12 + 3 : bit * 12 + 7].mean() > 128)


def encode(
    path: Path,
    *,
    codec: str = "libx264",
    n_frames: int = 60,
    times_ms: list[int] | None = None,
    options: dict[str, str] | None = None,
    colorspace: int | None = None,
    pixel_format: str = "yuv420p",
    gray: bool = False,
    rotation: int = 0,
) -> Path:
    """Write a video; frames are 1/30 s apart unless `times_ms` says when each is shown."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixel_format
        stream.options = {**(options or {})}
        if colorspace is not None:
            stream.codec_context.colorspace = colorspace
        if rotation:
            stream.set_display_rotation(rotation)
        base = Fraction(1, 30) if times_ms is None else Fraction(1, 1000)
        stream.time_base = stream.codec_context.time_base = base
        for index in range(n_frames):
            image = picture(index)
            if gray:
                image = np.repeat(image[..., :1], 3, axis=2)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = index if times_ms is None else times_ms[index], base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def png_that_asks_for(n_bytes):
    """A PNG whose image data are said to be so long."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 96, 64, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", n_bytes) + b"IDAT" + bytes(1000)
