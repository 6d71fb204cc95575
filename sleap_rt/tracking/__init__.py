"""Instances in, tracks out. NumPy and SciPy; OpenCV only for optical flow and appearance.

Enters: `FrameInstances`, frame by frame, and images where optical flow or appearance is asked for.
Leaves: the same frames with track ids and tracking scores; names in `Tracker.track_names`.

The tracker is imported when it is first used: options are read by commands that do not track.
"""

from typing import TYPE_CHECKING, Any

from sleap_rt.tracking.options import TrackerOptions

if TYPE_CHECKING:
    from sleap_rt.tracking.tracker import Assignment, Tracker, track_frames

__all__ = ["Assignment", "Tracker", "TrackerOptions", "track_frames"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sleap_rt.tracking import tracker

    return getattr(tracker, name)
