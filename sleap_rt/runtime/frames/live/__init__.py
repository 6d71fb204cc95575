"""Frames as they arrive: from a camera, a stream, a video at its rate, or a program."""

from sleap_rt.runtime.frames.live.find import find_source
from sleap_rt.runtime.frames.live.newest import Newest
from sleap_rt.runtime.frames.live.source import (
    LiveFrame,
    LiveSource,
    check_patience,
    reading,
)

__all__ = ["LiveFrame", "LiveSource", "Newest", "check_patience", "find_source", "reading"]
