"""Cameras of this machine, as FFmpeg names them."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FORMATS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}
_LINUX_NAMES = Path("/sys/class/video4linux")
_LINUX_DEVICES = Path("/dev")


@dataclass(frozen=True)
class Device:
    """A camera.

    Attributes:
        address: what FFmpeg opens.
        name: for people; empty where the system tells none.
    """

    address: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.address} ({self.name})" if self.name else self.address


def camera_format() -> str | None:
    """FFmpeg's reader of cameras on this system; None where there is none."""
    return _FORMATS.get(sys.platform)


def cameras() -> Sequence[Device]:
    """The cameras that the system tells of."""
    if camera_format() == "v4l2":
        return _linux_cameras()
    return _listed_cameras()


def _linux_cameras() -> list[Device]:
    found = [path for path in _LINUX_DEVICES.glob("video*") if re.fullmatch(r"video\d+", path.name)]
    return [
        Device(str(path), _linux_name(path))
        for path in sorted(found, key=lambda path: int(path.name[5:]))
    ]


def _linux_name(path: Path) -> str:
    try:
        return (_LINUX_NAMES / path.name / "name").read_text(encoding="utf8").strip()
    except (OSError, ValueError):
        return ""


def _listed_cameras() -> list[Device]:
    import av

    try:
        listed = av.enumerate_input_devices(camera_format() or "")
    except (AttributeError, ValueError, av.FFmpegError):  # PyAV up to 17 cannot list them
        return []
    return [
        Device(device.name, device.description)
        for device in listed
        if not device.media_types or "video" in device.media_types
    ]
