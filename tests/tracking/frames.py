"""Builds frames and runs trackers over them."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sleap_rt.instances import FrameInstances
from sleap_rt.tracking import TrackerOptions, track_frames
from tracking.identities import Labeled


def frame(
    poses: ArrayLike,
    *,
    frame_index: int = 0,
    video_index: int = 0,
    scores: Sequence[float] | None = None,
    n_nodes: int = 4,
) -> FrameInstances:
    """A frame of poses (n, n_nodes, 2) px."""
    points = np.asarray(poses, np.float32)
    if not points.size:
        points = points.reshape(0, n_nodes, 2)
    return FrameInstances.untracked(
        frame_index=frame_index,
        video_index=video_index,
        points=points,
        point_scores=np.ones(points.shape[:2], np.float32),
        scores=np.array([1.0] * len(points) if scores is None else scores, np.float32),
    )


def track(sequence: Iterable[FrameInstances], **options: Any) -> list[FrameInstances]:
    return list(track_frames(sequence, TrackerOptions(**options)))


def ids(tracked: Iterable[FrameInstances]) -> list[list[int]]:
    return [one.track_ids.tolist() for one in tracked]


def labeled(tracked: Iterable[FrameInstances]) -> list[Labeled]:
    return [Labeled(one.points.astype(float), one.track_ids) for one in tracked]
