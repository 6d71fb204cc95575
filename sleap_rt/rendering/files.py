"""Pictures and videos on the disk."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError

if TYPE_CHECKING:
    from av import VideoStream
    from av.container import OutputContainer

_QUALITY = {"crf": "18", "preset": "veryfast"}  # of x264: thin lines keep their colours
_BT601, _LIMITED = 6, 1  # FFmpeg's numbers of a colour matrix and of a range
_FINEST_RATE = 100_000  # denominator of frames/s


def write_picture(path: Path, picture: Image, drawn_by: str = "") -> None:
    """Write one picture.

    Args:
        path: as Pillow knows its suffix.
        picture: (height, width, 3) uint8 RGB.
        drawn_by: a text that the file begins with.

    Raises:
        OSError: it cannot be written.
    """
    from PIL import Image as Pillow
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    if drawn_by:
        texts.add_text("Software", drawn_by)
    # Pillow takes the one of PNG, and the others of JPEG.
    Pillow.fromarray(picture).save(path, pnginfo=texts, quality=95, comment=drawn_by.encode())


def write_video(path: Path, pictures: Iterable[Image], fps: float, drawn_by: str = "") -> None:
    """Write a video that browsers play: H.264, 4:2:0, in an `.mp4`; one picture is held at a time.

    Sides of an odd number of px get one more, a copy of the last: 4:2:0 has only even ones.

    Args:
        path: .mp4, .mov or .mkv.
        pictures: (height, width, 3) uint8 RGB, all of one size, at least one.
        fps: frames per second.
        drawn_by: a text that stands in the file as its comment.

    Raises:
        DataError: FFmpeg cannot encode here, or the pictures are not of one size.
        OSError: the disk is full, or failed.
    """
    import av

    kind = {"movflags": "+faststart"} if path.suffix in (".mp4", ".mov") else {}
    # The protocol in front keeps a colon in the name from being taken for one.
    with av.open(f"file:{path}", "w", options=kind) as container:
        if drawn_by:
            container.metadata["comment"] = drawn_by
        stream, size = None, None
        for number, picture in enumerate(pictures):
            if stream is None:
                stream, size = _stream(container, picture, fps), picture.shape
            if picture.shape != size:
                raise DataError(
                    f"Frames of {_size(size)} and of {_size(picture.shape)} px do not go into one "
                    "video: give --crop, or pictures (-o NAME.png)"
                )
            frame = av.VideoFrame.from_ndarray(_even(picture), format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace="ITU601")
            frame.pts = number
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode(None))


def _stream(container: "OutputContainer", picture: Image, fps: float) -> "VideoStream":
    import av

    try:
        stream = container.add_stream(
            "libx264", rate=Fraction(fps).limit_denominator(_FINEST_RATE), options=_QUALITY
        )
    except ValueError as error:  # of PyAV: it knows no such encoder
        raise DataError(
            f"This FFmpeg (PyAV {av.__version__}) has no encoder for H.264; PyPI's has one: `pip "
            f"install av`. Pictures need none: -o NAME.png. ({error})"
        ) from error
    stream.height, stream.width = _even(picture).shape[:2]
    stream.pix_fmt = "yuv420p"
    stream.codec_context.colorspace = _BT601
    stream.codec_context.color_range = _LIMITED
    return stream


def _even(picture: Image) -> Image:
    height, width = picture.shape[:2]
    if height % 2 or width % 2:
        picture = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return np.ascontiguousarray(picture)


def _size(shape: tuple[int, ...] | None) -> str:
    height, width, *_ = shape or (0, 0)
    return f"{width}x{height}"
