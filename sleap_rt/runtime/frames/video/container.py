"""Opens a video file: that file alone, read as what it contains, and of it the one true video."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition

from sleap_rt.errors import DataError, did_you_mean_path
from sleap_rt.machine.cores import available_cores
from sleap_rt.words import unreadable

Failures = (av.error.FFmpegError, OSError, IndexError)
"""What PyAV raises while it reads; IndexError where a damaged file seems to gain a stream."""

_MOST_PIXELS = 2**28  # of a frame; as many as 16384x16384 px
# Demuxers that read frames out of the file itself. Others open what the file names (`concat`,
# `hls`, `dash`, `sdp`), draw its text, or take it for a series of pictures.
_FORMATS = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,nut,ivf,obu,h264,hevc,vvc,m4v,mjpeg,gif,apng,"
    "mxf,dv,yuv4mpegpipe,rm,wtv,swf,gxf,vc1,vc1test,h263,smjpeg,av1,cine,ser,dhav,mjpeg_2000,nuv,"
    "dnxhd,dirac,cavsvideo,nsv,amv"
)
# A title of broken text stops nothing. PyAV 19 reads titles when it is asked for them.
_READS_TITLES = int(av.__version__.partition(".")[0]) < 19
LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if _READS_TITLES else {}
_PLAYLISTS = (b"ffconcat", b"#EXTM3U", b"[playlist]", b"<MPD")


@dataclass(frozen=True)
class OpenContainer:
    """An open file and the stream to decode.

    Attributes:
        container: of PyAV.
        stream: of the container.
        notes: what a user should know.
    """

    container: av.container.InputContainer
    stream: av.VideoStream
    notes: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Name of the container's format, with its aliases."""
        return self.container.format.name


def open_container(path: Path, n_threads: int | None = None) -> OpenContainer:
    """Open a video file.

    Args:
        path: a file, whatever its name looks like.
        n_threads: that decode; None takes one per core.

    Raises:
        DataError: it is missing, is no video, or its frames are too large.
    """
    _check_is_file(path)
    # The protocol in front keeps a colon in the name from being taken for one.
    options = {"protocol_whitelist": "file", "format_whitelist": _FORMATS}
    try:
        container = av.open(f"file:{path}", container_options=options, **LENIENT)
    except PermissionError as error:
        raise DataError(unreadable(path, error)) from error
    except (*Failures, ValueError) as error:
        if _head(path).lstrip().startswith(_PLAYLISTS):
            raise DataError(
                f"{path} is a playlist that names other files; give these files themselves."
            ) from error
        raise DataError(f"{path}: not a video that can be read; {_why_not(path)}.") from error
    try:
        return _chosen(path, container, n_threads)
    except BaseException:
        container.close()
        raise


def _chosen(
    path: Path, container: av.container.InputContainer, n_threads: int | None
) -> OpenContainer:
    real = [one for one in container.streams.video if not one.disposition & _PICTURE]
    best = container.streams.best("video")
    stream = best if best in real else next(iter(real), None)
    if not isinstance(stream, av.VideoStream):
        what = "only a cover picture" if container.streams.video else "no video"
        raise DataError(f"{path}: the file holds {what}.")
    context: av.VideoCodecContext | None = stream.codec_context
    if context is None:
        raise DataError(f"{path}: its video is of a kind that this FFmpeg cannot decode.")
    if context.width * context.height > _MOST_PIXELS:
        raise DataError(
            f"{path}: frames of {context.width}x{context.height} px are declared; at most "
            f"{_MOST_PIXELS} px are read."
        )
    context.options = {"max_pixels": str(_MOST_PIXELS)}
    context.thread_type = "AUTO"
    context.thread_count = n_threads or available_cores().n  # left to itself, it knows no quotas
    notes = []
    if len(real) > 1:
        number = real.index(stream)
        notes.append(f"it holds {len(real)} videos; number {number} of them is taken")
    return OpenContainer(container, stream, tuple(notes))


_PICTURE = Disposition.attached_pic | Disposition.still_image


def _why_not(path: Path) -> str:
    if path.suffix.lower() in (".npy", ".npz"):
        return (
            "it holds arrays. Expected a file like .mp4 or .avi, images or HDF5; in Python, give "
            "frames in memory as an array, which `numpy.load` reads"
        )
    return "the file is damaged or of another kind"


def _check_is_file(path: Path) -> None:
    try:
        if path.is_file():
            return
    except (OSError, ValueError):  # a path that this system cannot have
        pass
    if os.path.exists(path):
        raise DataError(f"{path} is no file; expected a video file.")
    raise DataError(f"{path} does not exist; expected a video file.{did_you_mean_path(path)}")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(64)
    except OSError:
        return b""
