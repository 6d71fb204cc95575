"""Counts predictions that got no track and are left out, and why, so that it can be said."""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from sleap_rt.arrays import AnyFloats, AnyInts
from sleap_rt.tracking.options import TrackerOptions
from sleap_rt.words import counted


class Reason(Enum):
    """Why a prediction with visible nodes got no track; the value goes on `left out, since`."""

    TAKEN = "no track was free for them"
    UNEXPECTED = (
        "they are unlikely to be the animals whose tracks were free: too far from where these were "
        "expected, or on an animal that has its track. More tracks are no cure; look at these "
        "poses, or follow without motion_model, where a free track takes any pose"
    )
    SMALL = "they fit no track and have too few visible nodes to start one"


@dataclass
class LeftOut:
    """Predictions left out so far. Culling, which a user asks for, does not count.

    Attributes:
        n_invisible: without a visible node: there is nothing to follow.
        predictions: number of the others, by why.
        frames: number of frames with such ones.
    """

    n_invisible: int = 0
    predictions: Counter[Reason] = field(default_factory=Counter)
    frames: Counter[Reason] = field(default_factory=Counter)

    @property
    def n(self) -> int:
        return self.n_invisible + self.predictions.total()

    def count(
        self, points: AnyFloats, track_ids: AnyInts, *, n_followed: int, room: int | None
    ) -> None:
        """Count those of a frame.

        Args:
            points: (n, n_nodes, 2), NaN where a node is missing.
            track_ids: (n,), -1 without a track.
            n_followed: tracks that are followed, those that began in this frame included.
            room: how many tracks may still be started; None: any number.
        """
        trackless = points[track_ids < 0]
        if not len(trackless):
            return
        n_visible = int((~np.isnan(trackless[..., 0])).any(axis=1).sum())
        self.n_invisible += len(trackless) - n_visible
        if not n_visible:
            return
        reason = Reason.SMALL
        if room == 0:
            n_tracked = len(points) - len(trackless)
            reason = Reason.UNEXPECTED if n_followed > n_tracked else Reason.TAKEN
        self.predictions[reason] += n_visible
        self.frames[reason] += 1

    def notes(self, options: TrackerOptions) -> tuple[str, ...]:
        """What was left out and why, in words; nothing where nothing was.

        Args:
            options: of the tracker.
        """
        notes = []
        for reason, number in self.predictions.items():
            limits = {name: getattr(options, name) for name in _DECIDING[reason]}
            named = ", ".join(f"{name} {value}" for name, value in limits.items() if value)
            notes.append(
                f"{counted(number, 'prediction')} in {counted(self.frames[reason], 'frame')} left "
                f"out ({named}), since {reason.value}"
            )
        if self.n_invisible:
            notes.append(
                f"{counted(self.n_invisible, 'prediction')} without a visible node left out"
            )
        return tuple(notes)


_COUNTS = ("max_tracks", "tracking_target_instance_count")
_DECIDING = {
    Reason.TAKEN: _COUNTS,
    Reason.UNEXPECTED: ("motion_model", *_COUNTS),
    Reason.SMALL: ("min_new_track_points",),
}
