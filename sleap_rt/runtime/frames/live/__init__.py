"""Frames as they arrive: from a camera, a stream, a video at its rate, or a program."""

from sleap_rt.runtime.frames.live.find import find_source
from sleap_rt.runtime.frames.live.newest import Newest
from sleap_rt.runtime.frames.live.source import LiveFrame, LiveSource

__all__ = ["LiveFrame", "LiveSource", "Newest", "find_source"]
