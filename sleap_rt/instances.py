"""Poses of one frame as arrays: what the runtime produces and the tracker and writers consume."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sleap_rt.arrays import AnyFloats, AnyInts, Bools, Floats, Rows
from sleap_rt.errors import DataError, OptionError
from sleap_rt.options.value_types import check_value
from sleap_rt.words import counted

KnownInstances = Floats
"""(n, n_nodes, 2): the labelled animals of one frame, (x, y) frame px, NaN where a node is missing;
nodes in the order of the predictor's skeleton."""
_RAW_PER_INSTANCE = {"crop_confmaps", "class_probs"}


class ImageState(IntEnum):
    """What was there to predict on."""

    WHOLE = 0
    CONCEALED = 1  # the decoder made up a part of the image, or built on such a part
    UNREADABLE = 2  # there is no image, and so there are no instances
    UNANSWERED = 3  # there is, but not all that the engine gave is numbers; poses may be missing


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameInstances:
    """All instances found in one frame.

    Arrays are arrays of NumPy: lists are refused, `numpy.array` makes one of them. Two frames are
    equal where they are one object; `numpy.array_equal` compares what is in them.

    Attributes:
        frame_index: position of the frame in its video.
        video_index: position of the video in the run.
        points: (n_instances, n_nodes, 2) float32, (x, y) frame px; NaN (or infinite) where a node
            is missing.
        point_scores: (n_instances, n_nodes) float32; 0 or NaN where a node is missing.
        scores: (n_instances,) float32.
        track_ids: (n_instances,) int64, index into the run's track names; -1 without a track.
        tracking_scores: (n_instances,) float32; NaN where no tracker or class model set one.
        raw: outputs of the network for this frame that were asked for, by name. Those of crops
            (`crop_confmaps`, (n_instances, n_nodes, height, width), and `class_probs`,
            (n_instances, n_classes)) have one row per instance, and are absent without a crop.
        image: state of the frame's image.
        n_nodeless: predictions of the model without any visible node, which are left out here.

    Raises:
        DataError: an array is of another shape or type.
        OptionError: a number of a frame or video is no whole number.
    """

    frame_index: int
    video_index: int = 0
    points: AnyFloats
    point_scores: AnyFloats
    scores: AnyFloats
    track_ids: AnyInts
    tracking_scores: AnyFloats
    raw: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    image: ImageState = ImageState.WHOLE
    n_nodeless: int = 0

    def __post_init__(self) -> None:
        for name in ("frame_index", "video_index"):
            if type(value := getattr(self, name)) is not int:  # of NumPy, too
                check_value(name, value, int)
        if not _is_numbers(self.points) or self.points.shape[2:] != (2,) or self.points.ndim != 3:
            raise self._unlike("points", "(n_instances, n_nodes, 2), (x, y) px of every node")
        per_node = self.points.shape[:2]
        if not _is_numbers(self.point_scores) or self.point_scores.shape != per_node:
            raise self._unlike("point_scores", f"(n_instances, n_nodes), here {per_node}")
        one_each = per_node[:1]
        for name in ("scores", "track_ids", "tracking_scores"):
            values = getattr(self, name)
            if not _is_numbers(values) or values.shape != one_each:
                raise self._unlike(name, f"(n_instances,), here {one_each}")

    def _unlike(self, name: str, shape: str) -> DataError:
        given = getattr(self, name)
        is_array = isinstance(given, np.ndarray)
        found = f"{given.dtype} of shape {given.shape}" if is_array else type(given).__name__
        hint = "; numpy.array(...) makes one of a list" if isinstance(given, list | tuple) else ""
        if name == "points" and is_array and given.shape[2:] == (3,):
            hint = "; what is beside x and y, such as a likelihood, belongs into point_scores"
        return DataError(
            f"{name} of frame {self.frame_index} must be a NumPy array of numbers of shape "
            f"{shape}; got {found}{hint}"
        )

    @classmethod
    def untracked(
        cls,
        *,
        frame_index: int,
        points: AnyFloats,
        point_scores: AnyFloats,
        scores: AnyFloats,
        video_index: int = 0,
        raw: Mapping[str, NDArray[Any]] | None = None,
        image: ImageState = ImageState.WHOLE,
    ) -> "FrameInstances":
        """Instances that no tracker has seen yet; see `FrameInstances` for the arrays."""
        n = len(points) if _is_numbers(points) and points.ndim else 0  # others are refused below
        return cls(
            frame_index=frame_index,
            video_index=video_index,
            points=points,
            point_scores=point_scores,
            scores=scores,
            track_ids=np.full(n, -1, np.int64),
            tracking_scores=np.full(n, np.nan, np.float32),
            raw=raw or {},
            image=image,
        )

    @classmethod
    def unreadable(cls, *, frame_index: int, video_index: int, n_nodes: int) -> "FrameInstances":
        """No instances: there is no image."""
        return cls(
            frame_index=frame_index,
            video_index=video_index,
            points=np.zeros((0, n_nodes, 2), np.float32),
            point_scores=np.zeros((0, n_nodes), np.float32),
            scores=np.zeros(0, np.float32),
            track_ids=np.zeros(0, np.int64),
            tracking_scores=np.zeros(0, np.float32),
            image=ImageState.UNREADABLE,
        )

    def __len__(self) -> int:
        return len(self.points)

    def without_nodeless(self) -> "FrameInstances":
        """The instances with a visible node; the others are counted."""
        visible = np.flatnonzero(~np.isnan(self.points).all(axis=(1, 2)))
        n_nodeless = self.n_nodeless + len(self) - len(visible)
        return replace(self.take(visible), n_nodeless=n_nodeless)

    def __repr__(self) -> str:
        return f"<FrameInstances frame {self.frame_index}: {counted(len(self), 'instance')}>"

    def take(self, index: AnyInts | Bools | Sequence[int]) -> "FrameInstances":
        """The instances at `index` (positions or a mask), in that order.

        Raises:
            OptionError: there is no such instance, or the index is neither.
        """
        rows = self._rows(index)
        per_instance = {name: self.raw[name][rows] for name in _RAW_PER_INSTANCE & set(self.raw)}
        return replace(
            self,
            points=self.points[rows],
            point_scores=self.point_scores[rows],
            scores=self.scores[rows],
            track_ids=self.track_ids[rows],
            tracking_scores=self.tracking_scores[rows],
            raw={**self.raw, **per_instance},
        )

    def _rows(self, index: Any) -> Rows:
        try:
            given = np.asarray(index)
            rows: Rows = np.arange(len(self))[given if given.size else given.astype(np.intp)]
            if rows.ndim == 1:
                return rows
        except (IndexError, ValueError, TypeError):  # NumPy's
            pass
        raise OptionError(
            f"index must be a list of positions among {counted(len(self), 'instance')}, or a mask "
            f"of them; got {index!r}"
        )


def _is_numbers(array: Any) -> bool:
    return isinstance(array, np.ndarray) and array.dtype.kind in "fiu"
