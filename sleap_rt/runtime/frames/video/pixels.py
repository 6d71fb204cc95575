"""Decoded frames as RGB or gray bytes, as models saw them in training."""

import re
from functools import cache
from typing import Literal

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError

Colors = Literal["bt601", "tagged"]
_DEEP = r"(yuv4\d\dp)(?:9|10|12|14|16)(?:le|be)"
_NEUTRAL = 128  # chroma of gray
_PLANAR = {f"yuv{kind}p" for kind in (410, 411, 420, 422, 440, 444)}
_PLANAR |= {f"yuvj{kind}p" for kind in (411, 420, 422, 440, 444)}
_N_LEVELS = 256
_NOISE = 4  # gray levels between channels that encoding makes of gray


def has_color(frame: av.VideoFrame, colors: Colors) -> bool:
    """Whether the channels of an image differ anywhere."""
    if _is_neutral(frame):
        return False
    image = _rgb(frame, colors)
    return bool((image[..., 1:] != image[..., :1]).any())


def to_rgb(frame: av.VideoFrame, colors: Colors) -> Image:
    """(height, width, 3) uint8, upright."""
    return _upright(_rgb(frame, colors), frame)


def to_gray(frame: av.VideoFrame, colors: Colors, *, strictly: bool) -> Image:
    """(height, width, 1) uint8, upright: the red channel of `to_rgb`.

    Where there is no colour, that is the brightness through a table, and no colours are made.

    Args:
        frame: decoded.
        colors: which matrix, for frames with colour.
        strictly: also of an image with colours; else that is returned in RGB, (height, width, 3).
    """
    if _is_neutral(frame):
        brightness = _plane(frame, 0)
        table = _gray_table(frame.format.name, int(frame.color_range), brightness.shape)
        if table is not None:
            gray = np.frombuffer(brightness.tobytes().translate(table), np.uint8)
            return _upright(gray.reshape(*brightness.shape, 1), frame)
    image = _rgb(frame, colors)
    if not strictly and np.abs(image[..., 1:].astype(np.int16) - image[..., :1]).max() > _NOISE:
        return _upright(image, frame)
    return _upright(image[..., :1], frame)


def check_depth(frame: av.VideoFrame, name: str) -> None:
    """Refuse gray frames whose range of values nothing tells.

    Raises:
        DataError: they are of 16 bits; cameras often use fewer of them.
    """
    if frame.format.name.startswith("gray16") or frame.format.name.startswith("ya16"):
        values = frame.to_ndarray()
        raise DataError(
            f"{name}: frames are 16-bit gray ({frame.format.name}; the first has values "
            f"{values.min()} to {values.max()}), but models take 8-bit images (0 to 255). Scale "
            "the values to 8 bits first, as for the images that the model was trained on."
        )


def _rgb(frame: av.VideoFrame, colors: Colors) -> Image:
    deep = re.fullmatch(_DEEP, frame.format.name)
    if deep and frame.color_range != ColorRange.JPEG:
        # FFmpeg spreads the chroma of deep images in another way, which is seen along edges.
        frame = frame.reformat(format=deep[1])
    matrix = None if colors == "tagged" else Colorspace.ITU601
    converted = frame.reformat(format="rgb24", src_colorspace=matrix, dst_colorspace=matrix)
    return np.asarray(converted.to_ndarray(), np.uint8)


def _upright(image: Image, frame: av.VideoFrame) -> Image:
    if frame.rotation:
        image = np.rot90(image, round(frame.rotation / 90))
    return np.ascontiguousarray(image)


def _is_neutral(frame: av.VideoFrame) -> bool:
    """Whether a frame has brightness only, by what is stored."""
    name = frame.format.name
    if name == "gray":
        return True
    if name not in _PLANAR:
        return False
    return all((_plane(frame, number) == _NEUTRAL).all() for number in (1, 2))


def _plane(frame: av.VideoFrame, number: int) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    plane = frame.planes[number]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


@cache
def _gray_table(name: str, color_range: int, shape: tuple[int, int]) -> bytes | None:
    """Brightness -> red, as `_rgb` converts it; None where that is no table.

    The rounding of FFmpeg's conversion depends on the size of the image, so it is asked.
    """
    if shape[0] * shape[1] < _N_LEVELS:
        return None
    levels = np.resize(np.arange(_N_LEVELS, dtype=np.uint8), shape)
    ramp = av.VideoFrame(shape[1], shape[0], name)
    ramp.color_range = color_range
    for number, plane in enumerate(ramp.planes):
        rows = np.full((plane.height, plane.line_size), _NEUTRAL, np.uint8)
        if number == 0:
            rows[:, : shape[1]] = levels
        plane.update(rows.tobytes())
    red = _rgb(ramp, "bt601")[..., 0]
    table = np.zeros(_N_LEVELS, np.uint8)
    table[levels] = red
    return table.tobytes() if (table[levels] == red).all() else None
