"""Appearance: an animal's pixels as a vector, independent of its position and heading."""

import numpy as np

from sleap_rt.arrays import AnyFloats, Image
from sleap_rt.geometry import pose_boxes
from sleap_rt.tracking.features import centroids

_CROP_SIZE = 24  # px of the resampled crop, each side
_MARGIN = 1.25  # crop side as a share of the diagonal of the animal's box
_LEAST_SIDE_PX = 16.0  # of the frame; one visible node has no extent
_LEAST_SPREAD = 1.0  # gray levels; a flatter crop has no appearance


def appearances(points: AnyFloats, gray: Image) -> AnyFloats:
    """Crops centered on the poses, turned along their long axes, with mean 0 and length 1.

    Args:
        points: (n, n_nodes, 2), (x, y) px, NaN where a node is missing.
        gray: (height, width) uint8.

    Returns:
        (n, 24 * 24); NaN where no node is visible or the crop is of one gray level.
    """
    import cv2

    vectors = np.full((len(points), _CROP_SIZE * _CROP_SIZE), np.nan)
    centers, boxes = centroids(points), pose_boxes(points)
    sides = np.maximum(np.hypot(*(boxes[:, 2:] - boxes[:, :2]).T) * _MARGIN, _LEAST_SIDE_PX)
    for row, center in enumerate(centers):
        if np.isnan(center[0]):
            continue
        warp = _warp(center, _heading(points[row]), sides[row])
        crop = cv2.warpAffine(
            gray,
            warp,
            (_CROP_SIZE, _CROP_SIZE),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ).astype(float)
        if crop.std() >= _LEAST_SPREAD:
            crop -= crop.mean()
            vectors[row] = (crop / np.linalg.norm(crop)).ravel()
    return vectors


def _warp(center: AnyFloats, heading: AnyFloats, side: float) -> AnyFloats:
    """Affine map (2, 3) from crop px to frame px."""
    step = side / _CROP_SIZE * heading
    turn = np.array([[step[0], -step[1]], [step[1], step[0]]])
    middle = (_CROP_SIZE - 1) / 2
    return np.column_stack((turn, center - turn @ (middle, middle)))


def _heading(pose: AnyFloats) -> AnyFloats:
    """Unit vector along the pose's long axis, towards its first visible node."""
    visible = pose[~np.isnan(pose[:, 0])]
    spread = visible - visible.mean(axis=0)
    if len(visible) < 2 or not spread.any():
        return np.array([1.0, 0.0])
    axis = np.linalg.eigh(spread.T @ spread)[1][:, -1]
    away = spread[np.argmax(np.abs(spread @ axis) > 1e-9)] @ axis
    heading: AnyFloats = axis if away >= 0 else -axis
    return heading
