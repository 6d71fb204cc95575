"""A page on this machine that shows the camera with its poses."""

from sleap_rt.runtime.live.view.server import View

__all__ = ["View"]
