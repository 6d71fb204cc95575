"""Poses drawn over a frame."""

from collections.abc import Sequence

import cv2
import numpy as np

from sleap_rt.arrays import Image
from sleap_rt.runtime.live.result import LiveResult

_Color = tuple[int, int, int]
# RGB; those of Okabe and Ito, which people with any colour vision tell apart
_PALETTE: Sequence[_Color] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)
_JPEG_QUALITY = 80


def jpeg_of(result: LiveResult) -> bytes:
    """The frame with all poses, and what the result says, as a JPEG file."""
    image = _in_color(result.image)
    for i in range(len(result.found)):
        _draw_animal(image, result, i)
    words = f"frame {result.found.frame_index}   {result.latency_ms:.1f} ms"
    _write(image, words, (6, 18), (255, 255, 255))
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()


def _in_color(image: Image) -> Image:
    """A copy with three channels."""
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image.copy()


def _draw_animal(image: Image, result: LiveResult, i: int) -> None:
    track_id = int(result.found.track_ids[i])
    color = _PALETTE[(track_id if track_id >= 0 else i) % len(_PALETTE)]
    points = [
        None if np.isnan(point).any() else (round(float(point[0])), round(float(point[1])))
        for point in result.found.points[i]
    ]
    for a, b in result.skeleton.edge_inds:
        if points[a] is not None and points[b] is not None:
            cv2.line(image, points[a], points[b], color, 2, cv2.LINE_AA)
    seen = [point for point in points if point is not None]
    for point in seen:
        cv2.circle(image, point, 3, color, -1, cv2.LINE_AA)
    if seen and (name := result.track_of(i)) is not None:
        _write(image, name, (seen[0][0] + 5, seen[0][1] - 5), color)


def _write(image: Image, words: str, place: tuple[int, int], color: _Color) -> None:
    cv2.putText(image, words, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, 1, cv2.LINE_AA)
