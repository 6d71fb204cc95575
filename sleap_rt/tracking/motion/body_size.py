"""The size of the animals, by which the motion model scales all its distances."""

import numpy as np

from sleap_rt.arrays import AnyFloats
from sleap_rt.geometry import pose_boxes

_N_REMEMBERED = 200  # detections; a median over fewer follows single bad poses
_STEPS_PER_BODY = 10.0  # a one-node skeleton has no extent: an animal moves a tenth of itself
_LEAST_PX = 1.0


class BodySize:
    """Running median of the diagonals of detections' boxes."""

    def __init__(self) -> None:
        self._extents: AnyFloats = np.empty(0)
        self._previous: AnyFloats = np.empty((0, 1, 2))

    def update(self, points: AnyFloats) -> float:
        """Size in px after the detections (n, n_nodes, 2) px of the next frame."""
        extents = diagonals(points) if points.shape[1] > 1 else self._steps(points)
        known = extents[extents > 0]
        self._extents = np.concatenate((self._extents, known))[-_N_REMEMBERED:]
        if not len(self._extents):
            return _LEAST_PX
        return max(float(np.median(self._extents)), _LEAST_PX)

    def _steps(self, points: AnyFloats) -> AnyFloats:
        """Sizes (n,) px by the distance to the nearest detection of the frame before."""
        previous, self._previous = self._previous, points
        if not (len(previous) and len(points)):
            return np.empty(0)
        apart = np.linalg.norm(points[:, 0, None] - previous[None, :, 0], axis=-1)
        nearest: AnyFloats = np.fmin.reduce(apart, axis=1)
        return nearest * _STEPS_PER_BODY


def diagonals(points: AnyFloats) -> AnyFloats:
    """Diagonals (n,) px of the boxes of poses (n, n_nodes, 2); NaN where no node is visible."""
    boxes = pose_boxes(points)
    length: AnyFloats = np.hypot(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    return length
