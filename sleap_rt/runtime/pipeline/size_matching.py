"""Brings frames of several videos to one size, where a model needs that.

Legacy models without a training size see all frames of a run at the largest height and width among
its videos. A graph sees one batch and cannot know those, so this is done here. Sizes and pixels
follow TensorFlow's float32 arithmetic, as in the original.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sleap_rt.arrays import Floats
from sleap_rt.errors import DataError, FrameError
from sleap_rt.instances import KnownInstances
from sleap_rt.runtime.frames.frame_refs import FrameRef, FrameSource
from sleap_rt.runtime.predictors import EnginesFirst, Frames, Pending, Predictor


def at_common_size(
    predictor: Predictor, source: FrameSource, refs: Sequence[FrameRef]
) -> Predictor:
    """The predictor; if needed, wrapped so that it first brings frames to a common size.

    Args:
        predictor: finds the instances.
        source: gives the frames; the first readable frame of each video is read.
        refs: of all frames of the run.
    """
    if not predictor.models.first.preprocessing.fit_largest:
        return predictor
    sizes = set(_sizes(source, refs))
    if len(sizes) < 2:
        return predictor
    height, width = (max(sides) for sides in zip(*sizes, strict=True))
    return _SizedPredictor(predictor, height, width)


def _sizes(source: FrameSource, refs: Sequence[FrameRef]) -> Iterator[tuple[int, ...]]:
    """Height and width of each video of the run."""
    done: set[int] = set()
    for ref in refs:
        if ref.video_index not in done:
            try:
                yield source.read(ref).shape[:2]
            except FrameError:
                continue
            done.add(ref.video_index)


class _SizedPredictor(EnginesFirst):
    """A predictor behind size matching.

    Args:
        predictor: sees the sized frames; not closed here.
        height: of the sized frames, px.
        width: of the sized frames, px.
    """

    def __init__(self, predictor: Predictor, height: int, width: int) -> None:
        self._predictor, self._height, self._width = predictor, height, width
        self.skeleton, self.class_names = predictor.skeleton, predictor.class_names
        self.needs_instances, self.device = predictor.needs_instances, predictor.device
        self.models, self.threads = predictor.models, predictor.threads

    def begin(
        self,
        frames: Frames,
        frame_indices: Sequence[int],
        known: Sequence[KnownInstances] | None = None,
    ) -> Pending:
        fit = fit_to(frames.shape[1], frames.shape[2], self._height, self._width)
        if known is not None:
            known = [points * fit.ratio for points in known]
        sized = match_size(frames, fit, self._height, self._width)
        rest = self._predictor.begin(sized, frame_indices, known)
        return lambda: [replace(result, points=result.points / fit.ratio) for result in rest()]

    def close(self) -> None:
        self._predictor.close()


@dataclass(frozen=True)
class Fit:
    """How frames fit a target.

    Attributes:
        ratio: sized px per frame px; converts points.
        resized: (height, width) that frames are resized to.
        origin: (top, left) of the resized frame in the target.
    """

    ratio: np.float32
    resized: tuple[int, int]
    origin: tuple[int, int]


def fit_to(height: int, width: int, target_height: int, target_width: int) -> Fit:
    """Fit a frame into the target, in two steps as TensorFlow does.

    First, the largest size that fits is truncated to whole px, which changes its proportions a
    little. Then the frame is fitted into that size and centered, which shrinks it slightly more.
    Points are converted by the ratio of the first step only.

    Raises:
        DataError: a side would become less than a pixel.
    """
    if (height, width) == (target_height, target_width):
        return Fit(np.float32(1), (height, width), (0, 0))
    size = np.array([height, width], np.float32)
    target = np.array([target_height, target_width], np.float32)
    ratio = (target / size).min()
    limiting = 0 if target[0] / size[0] <= target[1] / size[1] else 1
    fitting = np.floor(size * ratio)
    fitting[limiting] = target[limiting]
    if fitting.min() < 1:
        raise DataError(
            f"A frame of {height}x{width} px (height x width) cannot be brought to "
            f"{target_height}x{target_width} px, the largest sides among the videos of this run; "
            "predict this video on its own"
        )
    resized = size / (size / fitting).max()
    margin = np.maximum(np.floor((fitting - resized) / np.float32(2)), 0)
    (rows, columns), (top, left) = resized.astype(int).tolist(), margin.astype(int).tolist()
    return Fit(ratio, (rows, columns), (top, left))


def match_size(frames: Frames, fit: Fit, target_height: int, target_width: int) -> Frames:
    """Resize bilinearly without antialiasing, truncate to bytes, pad with zeros.

    Args:
        frames: (batch, height, width, channels) uint8.
        fit: how these frames fit the target.
        target_height: rows of the result.
        target_width: columns of the result.
    """
    if frames.shape[1:3] == (target_height, target_width):
        return frames
    columns = _resize_axis(frames.astype(np.float32), 2, fit.resized[1])
    resized = _resize_axis(columns, 1, fit.resized[0])
    sized = np.zeros((len(frames), target_height, target_width, frames.shape[3]), np.uint8)
    (top, left), (height, width) = fit.origin, fit.resized
    sized[:, top : top + height, left : left + width] = resized  # truncates
    return sized


def _resize_axis(images: Floats, axis: int, n_out: int) -> Floats:
    n_in = images.shape[axis]
    step = np.float32(n_in) / np.float32(n_out)
    at = (np.arange(n_out, dtype=np.float32) + np.float32(0.5)) * step - np.float32(0.5)
    below = np.floor(at)
    first, second = (np.clip(below + i, 0, n_in - 1).astype(int) for i in (0, 1))
    start, end = images.take(first, axis), images.take(second, axis)
    share = (at - below).reshape([-1 if i == axis else 1 for i in range(4)])
    resized: Floats = start + (end - start) * share
    return resized
