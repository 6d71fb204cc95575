"""How a camera is watched: what is asked of it, for how long, and where results go."""

import math
import re
from dataclasses import dataclass

from sleap_rt.errors import OptionError

_LARGEST_PORT = 65535


@dataclass(frozen=True, kw_only=True)
class LiveOptions:
    """What is special about predicting while frames arrive.

    Attributes:
        rate: frames per second asked of a camera, or at which a video is played; None: its own.
        size: (width, height) px asked of a camera; None: its own.
        camera_format: pixel format or codec asked of a camera, e.g. `mjpeg`; None: its own.
        stall_timeout: s without a new frame after which a camera, or a program that gives frames,
            counts as lost; 0 waits for ever.
        duration: s from the first frame on after which the run ends; None: until the camera ends,
            or Ctrl-C.
        deadline_ms: latency from frame to result that is to be kept; None: none.
        report_every: s between lines of figures; 0 writes none.
        zmq: address to publish results on, `tcp://127.0.0.1:5555`; None publishes none.
        view: TCP port of a page on this machine that shows the camera with poses; 0 takes any that
            is free, None shows none.
    """

    rate: float | None = None
    size: tuple[int, int] | None = None
    camera_format: str | None = None
    stall_timeout: float = 10.0
    duration: float | None = None
    deadline_ms: float | None = None
    report_every: float = 10.0
    zmq: str | None = None
    view: int | None = None

    def __post_init__(self) -> None:
        for name in ("rate", "duration", "deadline_ms"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise OptionError(f"{name} must be a number above 0, got {value}")
        for name in ("stall_timeout", "report_every"):
            if not 0 <= getattr(self, name) < math.inf:
                raise OptionError(
                    f"{name} must be a number of seconds, 0 for none; got {getattr(self, name)}"
                )
        if self.size is not None and (len(self.size) != 2 or min(self.size) < 1):
            raise OptionError(f"size must be WIDTHxHEIGHT in px, got {self.size}")
        if self.view is not None and not 0 <= self.view <= _LARGEST_PORT:
            raise OptionError(f"view must be a port, 0 to {_LARGEST_PORT}; got {self.view}")
        if self.zmq is not None and "://" not in self.zmq:
            raise OptionError(f"zmq must be an address like tcp://127.0.0.1:5555, got {self.zmq!r}")
        port = re.fullmatch(r"tcp://.*:(\d+)", self.zmq or "")
        if port and not 1 <= int(port[1]) <= _LARGEST_PORT:
            raise OptionError(f"zmq: the port lies in 1 to {_LARGEST_PORT}, got {self.zmq!r}")
