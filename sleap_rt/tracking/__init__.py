"""Instances in, tracks out. NumPy and SciPy; OpenCV only for optical flow and appearance.

Enters: `FrameInstances`, frame by frame, and images where optical flow or appearance is asked for.
Leaves: the same frames with track ids and tracking scores; names in `Tracker.track_names`.
"""

from sleap_rt.tracking.options import TrackerOptions
from sleap_rt.tracking.tracker import Assignment, Tracker, track_frames

__all__ = ["Assignment", "Tracker", "TrackerOptions", "track_frames"]
