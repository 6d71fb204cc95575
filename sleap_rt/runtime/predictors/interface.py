"""The interface of predictors, and checks of their inputs."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError
from sleap_rt.instances import FrameInstances, ImageState, KnownInstances
from sleap_rt.runtime.engines import Array
from sleap_rt.runtime.model_set import GraphSet, ModelSet
from sleap_rt.skeleton import Skeleton

Frames = Image
Pending = Callable[[], list[FrameInstances]]
"""What is left to do of a prediction when the engines have answered; gives one entry per frame."""


class UsedModels(Protocol):
    """What a result says of the models that found it.

    Attributes:
        skeleton: of the instances.
        class_names: identities that `FrameInstances.track_ids` index into; empty where the model
            tells no identities.
        device: where the engines truly run.
        models: in use.
    """

    @property
    def skeleton(self) -> Skeleton: ...
    @property
    def class_names(self) -> tuple[str, ...]: ...
    @property
    def device(self) -> str: ...
    @property
    def models(self) -> GraphSet: ...


@dataclass(frozen=True)
class ModelsElsewhere:
    """`UsedModels` that another process has open.

    Attributes:
        models: in use.
        device: where the engines truly run.
        match_known: a centroid model alone takes over poses of labelled animals.
    """

    models: GraphSet
    device: str
    match_known: bool = False

    @property
    def skeleton(self) -> Skeleton:
        finds_centroids = self.models.is_centroid_alone and not self.match_known
        return centroid_skeleton(self.models) if finds_centroids else self.models.skeleton

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.models.class_names


def centroid_skeleton(models: ModelSet) -> Skeleton:
    """Of a centroid model's points: one node."""
    trained = models.skeleton
    return trained if trained.n_nodes == 1 else Skeleton("centroid", ("centroid",))


class Predictor(UsedModels, Protocol):
    """Finds instances in frames.

    Attributes:
        needs_instances: the predictor works on labelled animals, which `predict` must be given.
        threads: that batches side by side share out; with 1 there are none.
    """

    needs_instances: bool
    threads: int

    def predict(
        self,
        frames: Frames,
        frame_indices: Sequence[int],
        known: Sequence[KnownInstances] | None = None,
    ) -> list[FrameInstances]:
        """Find the instances of a batch of frames.

        Args:
            frames: (batch, height, width, channels) uint8, RGB or gray.
            frame_indices: of the batch's frames in their video.
            known: the labelled animals of each frame; used where `needs_instances`.

        Returns:
            One entry per frame, in order.

        Raises:
            DataError: the frames are not 8-bit images, or labelled animals are needed and missing.
        """
        ...

    def begin(
        self,
        frames: Frames,
        frame_indices: Sequence[int],
        known: Sequence[KnownInstances] | None = None,
    ) -> Pending:
        """The engines' part of `predict`; another thread may do the rest meanwhile.

        The next batch may begin before the rest of this one is done, and as many at once as share
        out the threads (`LANES`).
        """
        ...

    def close(self) -> None: ...


class EnginesFirst(ABC):
    """A predictor whose `predict` is `begin` and the rest."""

    threads = 1

    @abstractmethod
    def begin(
        self,
        frames: Frames,
        frame_indices: Sequence[int],
        known: Sequence[KnownInstances] | None = None,
    ) -> Pending: ...

    def predict(
        self,
        frames: Frames,
        frame_indices: Sequence[int],
        known: Sequence[KnownInstances] | None = None,
    ) -> list[FrameInstances]:
        return self.begin(frames, frame_indices, known)()


def check_frames(frames: Array) -> Frames:
    """Refuse frames that a graph cannot take.

    Raises:
        DataError: not (batch, height, width, channels) uint8 with 1 or 3 channels, or empty.
    """
    if frames.dtype != np.uint8:
        raise DataError(
            f"Frames are {frames.dtype}, but models take 8-bit images (uint8, 0 to 255). "
            "Convert the video to 8 bit first."
        )
    if frames.ndim != 4 or frames.shape[3] not in (1, 3) or 0 in frames.shape[1:]:
        raise DataError(
            f"Frames have shape {frames.shape}; (batch, height, width, channels) with 1 or 3 "
            "channels was expected, and no side of 0 px"
        )
    return frames


def image_state(*answers: Array) -> ImageState:
    """Whether the engine answered a frame with numbers, where a sound one always does.

    Args:
        *answers: `MAP_SUMS`, and of a graph that gives one peak per map its `peak_vals`.
    """
    is_answered = all(np.isfinite(answer).all() for answer in answers)
    return ImageState.WHOLE if is_answered else ImageState.UNANSWERED


def check_known(
    known: Sequence[KnownInstances] | None, n_frames: int, n_nodes: int
) -> Sequence[KnownInstances]:
    """Refuse labelled animals that are missing or do not fit the frames.

    Raises:
        DataError: there are none, not one entry per frame, or of another shape.
    """
    if known is None:
        raise DataError(
            "This model alone works on labelled animals, and there are none: give a `.slp` file "
            "with labelled frames, or the other model of the pair as well"
        )
    if len(known) != n_frames:
        raise DataError(f"Labelled animals of {len(known)} frames were given for {n_frames} frames")
    for points in known:
        if points.ndim != 3 or points.shape[1:] != (n_nodes, 2):
            raise DataError(
                f"Labelled animals have shape {points.shape}; (n, {n_nodes}, 2) was expected, "
                "one point for each node of the model's skeleton"
            )
    return known
