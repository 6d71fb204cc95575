"""Optical flow: past poses moved to where their pixels are in the current frame."""

from typing import Any

import numpy as np

from sleap_rt.arrays import AnyFloats, AnyImage, AnyInts, Image
from sleap_rt.errors import DataError

_MAX_ITERATIONS = 30
_LEAST_STEP_PX = 0.01


def gray_image(image: AnyImage) -> Image:
    """An image as optical flow and appearance need it.

    Args:
        image: (height, width), (height, width, 1) or (height, width, 3) RGB, 0..255; floating
            point is cut to whole numbers. Further axes of length 1 are dropped.

    Returns:
        (height, width) uint8.

    Raises:
        DataError: it is no such array, or has other numbers.
    """
    import cv2

    plain = np.asarray(image)
    if plain.ndim > 3:
        plain = plain.squeeze()
    is_image = plain.ndim > 1 and plain.size and plain.shape[2:] in ((), (1,), (3,))
    if not is_image or plain.dtype.kind not in "iuf":
        raise DataError(
            "An image to track by is an array of shape (height, width) or (height, width, "
            f"channels), 0 to 255, with 1 channel (gray) or 3 (RGB); got {_found(image)}"
        )
    if plain.dtype != np.uint8:
        _refuse_other_range(plain)
    if plain.ndim == 3 and plain.shape[-1] == 1:
        plain = plain[..., 0]
    gray: Image = np.ascontiguousarray(plain, np.uint8)
    return gray if gray.ndim == 2 else np.asarray(cv2.cvtColor(gray, cv2.COLOR_RGB2GRAY), np.uint8)


def _refuse_other_range(image: AnyImage) -> None:
    least, most = float(image.min()), float(image.max())
    is_share = image.dtype.kind == "f" and 0 < most <= 1
    if is_share or not (least >= 0 and most < 256):  # NaN is neither
        what_to_do = " Multiply it by 255, or hand over the uint8 image." if is_share else ""
        raise DataError(
            "An image to track by has gray levels from 0 to 255; this one, "
            f"{_found(image)}, has {least:g} to {most:g}.{what_to_do}"
        )


def _found(image: Any) -> str:
    is_array = isinstance(image, np.ndarray)
    return f"{image.dtype} {image.shape}" if is_array else type(image).__name__


class FlowShifter:
    """Moves candidates from their own frames directly to the current one, in one step.

    Args:
        scale: resize of the images ahead of the flow.
        window_size: px of the resized image.
        max_levels: pyramid levels above the first.
    """

    def __init__(self, *, scale: float, window_size: int, max_levels: int) -> None:
        self._scale = scale
        self._window_size = window_size
        self._max_levels = max_levels
        self._images: dict[int, Image] = {}
        self._size: tuple[int, ...] | None = None  # (height, width) of the frames, px

    def prepare(self, gray: Image) -> Image:
        """The image resized, for `shift` and `remember`.

        Args:
            gray: (height, width).

        Raises:
            DataError: the image has another size than those before.
        """
        import cv2

        if self._size not in (None, gray.shape):
            before, now = (f"{width} x {height}" for height, width in (self._size, gray.shape))
            raise DataError(
                f"A frame of {now} px follows frames of {before} px, and use_flow finds motion "
                "only between frames of one size. Follow the animals without it."
            )
        self._size = gray.shape
        if self._scale == 1:  # a copy: the caller may fill the same memory with the next frame
            return gray.copy()
        return np.asarray(cv2.resize(gray, None, fx=self._scale, fy=self._scale), np.uint8)

    def remember(self, frame_number: int, prepared: Image, live_frames: AnyInts) -> None:
        """Keep the frame's image and drop those that no entry in `live_frames` refers to."""
        self._images[frame_number] = prepared
        live = set(live_frames.ravel().tolist())
        self._images = {number: self._images[number] for number in self._images if number in live}

    def shift(self, points: AnyFloats, frame_numbers: AnyInts, prepared: Image) -> AnyFloats:
        """Where the candidates' nodes are in the current frame.

        Args:
            points: (n_tracks, window, n_nodes, 2) px.
            frame_numbers: (n_tracks, window), -1 where there is no candidate.
            prepared: the current image.

        Returns:
            Same shape as `points`; NaN where a node was lost or there was none.
        """
        moved = np.full(points.shape, np.nan)
        for frame_number, past in self._images.items():
            here = frame_numbers == frame_number
            moved[here] = self._flow(past, prepared, points[here])
        return moved

    def _flow(self, past: Image, current: Image, points: AnyFloats) -> AnyFloats:
        import cv2

        moved = np.full(points.shape, np.nan)
        known = ~np.isnan(points[..., 0])
        if not known.any():
            return moved
        start = np.ascontiguousarray(points[known] * self._scale, np.float32)
        end, found, _ = cv2.calcOpticalFlowPyrLK(
            past,
            current,
            start,
            None,
            winSize=(self._window_size, self._window_size),
            maxLevel=self._max_levels,
            criteria=(
                cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT,
                _MAX_ITERATIONS,
                _LEAST_STEP_PX,
            ),
        )
        shifted = np.where(found.reshape(-1, 1) == 1, end.astype(float) / self._scale, np.nan)
        moved[known] = shifted
        return moved
