"""Watch a camera: predict and follow the animals in each frame while the next one arrives."""

from sleap_rt.workflows.live.report import LiveReport, LiveSummary
from sleap_rt.workflows.live.run import watch

__all__ = ["LiveReport", "LiveSummary", "watch"]
