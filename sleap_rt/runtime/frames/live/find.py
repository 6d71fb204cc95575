"""Finds out what a source of live frames is, by what a user wrote."""

import os
import re
import stat
from collections.abc import Iterable
from numbers import Integral
from pathlib import Path
from typing import Any

from sleap_rt.errors import DataError, OptionError
from sleap_rt.model_files import refuse_model
from sleap_rt.options import LiveOptions
from sleap_rt.runtime.frames.live.camera import Camera
from sleap_rt.runtime.frames.live.devices import Device, camera_format, cameras
from sleap_rt.runtime.frames.live.given import GivenFrames
from sleap_rt.runtime.frames.live.played import PlayedVideo
from sleap_rt.runtime.frames.live.source import LiveSource
from sleap_rt.runtime.frames.unfiled import CAMERA

# Of streams: options of FFmpeg that keep it from hoarding frames.
_PROTOCOLS: dict[str, dict[str, str]] = {
    "rtsp": {"rtsp_transport": "tcp"},
    "rtsps": {"rtsp_transport": "tcp"},
    "rtmp": {},
    "rtp": {},
    "udp": {},
    "tcp": {},
    "http": {},
    "https": {},
}
_UNBUFFERED = {"fflags": "nobuffer", "flags": "low_delay"}
_NAME_OF_FORMAT = {"v4l2": "input_format", "dshow": "pixel_format", "avfoundation": "pixel_format"}


def find_source(data: Any, options: LiveOptions) -> LiveSource:
    """The source; a camera or a stream is not opened yet.

    Args:
        data: name or number of a camera, address of a stream, path of a video, or frames as they
            come, (height, width[, channels]) uint8 each.
        options: what is asked of it.

    Raises:
        OptionError: an option has no meaning for this source, or it is none.
        DataError: there is no such camera or video.
    """
    if not isinstance(data, (str, Path, Integral)):
        if not isinstance(data, Iterable):
            raise OptionError(
                f"Cannot watch what is given ({type(data).__name__}); give a camera, an address, a "
                "path of a video, or an iterable of frames"
            )
        _refuse(options, "frames of a program", ("rate", "size", "camera_format"))
        return GivenFrames(data, options.stall_timeout)
    text = str(data)
    if "://" in text:
        _refuse(options, "a stream", ("rate", "size", "camera_format"))
        return _stream(text, options)
    if _is_played(text):
        refuse_model(Path(text), "The source")
        _refuse(options, "a video", ("size", "camera_format", "stall_timeout"))
        return PlayedVideo(Path(text), options.rate)
    return _camera(text, options)


def _is_played(text: str) -> bool:
    """Whether there is such a file or folder, other than a device."""
    try:
        mode = os.stat(text).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _refuse(options: LiveOptions, source: str, names: tuple[str, ...]) -> None:
    useless = [name for name in names if getattr(options, name) != getattr(LiveOptions, name)]
    if useless:
        raise OptionError(f"{', '.join(useless)}: no effect with {source}; leave it out")


def _stream(address: str, options: LiveOptions) -> Camera:
    protocol = address.partition("://")[0].lower()
    if protocol not in _PROTOCOLS:
        raise OptionError(
            f"No stream of {protocol}:// is read; {', '.join(_PROTOCOLS)} are. For a file, give "
            "its path."
        )
    settings = {**_UNBUFFERED, **_PROTOCOLS[protocol]}
    return Camera(without_password(address), address, None, settings, options.stall_timeout)


def without_password(address: str) -> str:
    """An address as it may be shown and stored."""
    return re.sub(r"^(\w+://[^/@:]*):[^/]*@", r"\1:***@", address)


def _camera(text: str, options: LiveOptions) -> Camera:
    reader = camera_format()
    there = cameras()
    found = _named(text, there)
    if found is None or reader is None:
        raise DataError(f"There is no video and no camera {text}. {_what_there_is(there)}")
    settings = dict(_UNBUFFERED)
    if options.size is not None:
        settings["video_size"] = "{}x{}".format(*options.size)
    if options.rate is not None:
        settings["framerate"] = f"{options.rate:g}"
    if options.camera_format is not None:
        settings[_NAME_OF_FORMAT[reader]] = options.camera_format
    address = f"video={found.address}" if reader == "dshow" else found.address
    return Camera(f"{CAMERA}{found}", address, reader, settings, options.stall_timeout)


def _named(text: str, there: Iterable[Device]) -> Device | None:
    """The camera of that address, name or number."""
    text = text.removeprefix("video=")
    for position, device in enumerate(there):
        _, is_file, number = device.address.rpartition("/dev/video")
        names = (device.address, device.name, number if is_file else str(position))
        if text in names or os.path.realpath(text) == device.address:  # /dev/v4l/by-id/...
            return device
    return None


def _what_there_is(there: Iterable[Device]) -> str:
    names = ", ".join(map(str, there))
    if names:
        return f"Cameras here: {names}."
    return "This system tells of no camera; is one plugged in, and may you open it?"
