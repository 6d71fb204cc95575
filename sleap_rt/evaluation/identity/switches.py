"""Lists every identity switch: which animal, when, from which track to which."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sleap_rt.evaluation.identity.clear import TrackMatches
from sleap_rt.evaluation.identity.sequences import TrackSequence


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A true animal is matched with another predicted track than when it was last matched.

    Attributes:
        video: its name.
        animal: the true track.
        frame_idx: first frame with the new track.
        last_frame_idx: last frame with the old one.
        from_track, to_track: predicted tracks.
        frames_lost: labelled frames in between in which the animal was there, but not found.
            At 0, the switch is the tracker's mistake; else the detector lost the animal first.
    """

    video: str
    animal: str
    frame_idx: int
    last_frame_idx: int
    from_track: str
    to_track: str
    frames_lost: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def find_switches(sequence: TrackSequence, matches: TrackMatches) -> list[Switch]:
    """The switches of one video, in temporal order."""
    order = np.lexsort((matches.frames, matches.gt_ids))
    gt, pr, frames = matches.gt_ids[order], matches.pr_ids[order], matches.frames[order]
    at = np.flatnonzero((gt[1:] == gt[:-1]) & (pr[1:] != pr[:-1])) + 1
    at = at[np.argsort(frames[at], kind="stable")]
    return [_switch(sequence, gt[i], pr[i - 1], pr[i], frames[i - 1], frames[i]) for i in at]


def _switch(
    sequence: TrackSequence, animal: int, old: int, new: int, last: int, now: int
) -> Switch:
    between = sequence.gt_ids[last + 1 : now]
    return Switch(
        video=sequence.video,
        animal=sequence.gt_names[animal],
        frame_idx=int(sequence.frame_idxs[now]),
        last_frame_idx=int(sequence.frame_idxs[last]),
        from_track=sequence.pr_names[old],
        to_track=sequence.pr_names[new],
        frames_lost=sum(bool((ids == animal).any()) for ids in between),
    )
