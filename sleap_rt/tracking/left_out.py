"""Counts predictions that got no track and are left out, so that it can be said."""

from dataclasses import dataclass

import numpy as np

from sleap_rt.arrays import AnyFloats, AnyInts
from sleap_rt.tracking.options import TrackerOptions
from sleap_rt.words import counted


@dataclass
class LeftOut:
    """Predictions left out so far. Culling, which a user asks for, does not count.

    Attributes:
        n_invisible: without a visible node: there is nothing to follow.
        n_trackless: for which no track was free.
        n_frames: with such ones.
    """

    n_invisible: int = 0
    n_trackless: int = 0
    n_frames: int = 0

    def count(self, points: AnyFloats, track_ids: AnyInts) -> None:
        """Count those of a frame.

        Args:
            points: (n, n_nodes, 2), NaN where a node is missing.
            track_ids: (n,), -1 without a track.
        """
        trackless = points[track_ids < 0]
        if not len(trackless):
            return
        n_visible = int((~np.isnan(trackless[..., 0])).any(axis=1).sum())
        self.n_invisible += len(trackless) - n_visible
        self.n_trackless += n_visible
        self.n_frames += n_visible > 0

    def notes(self, options: TrackerOptions) -> tuple[str, ...]:
        """What was left out and why, in words; nothing where nothing was.

        Args:
            options: of the tracker.
        """
        notes = []
        if self.n_trackless:
            limits = {name: getattr(options, name) for name in _LIMITS}
            named = ", ".join(f"{name} {value}" for name, value in limits.items() if value)
            notes.append(
                f"{counted(self.n_trackless, 'prediction')} in "
                f"{counted(self.n_frames, 'frame')} left out, since no track was free for them"
                f"{f' ({named})' if named else ''}"
            )
        if self.n_invisible:
            notes.append(
                f"{counted(self.n_invisible, 'prediction')} without a visible node left out"
            )
        return tuple(notes)


_LIMITS = ("max_tracks", "tracking_target_instance_count", "min_new_track_points")
