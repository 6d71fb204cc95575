"""Models that see crops, around centroids that another model finds or around labelled animals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from sleap_rt.arrays import Floats
from sleap_rt.instances import FrameInstances, ImageState, KnownInstances
from sleap_rt.kinds import MAP_SUMS
from sleap_rt.runtime.engines import Array, opened_together
from sleap_rt.runtime.predictors.graph_predictor import GraphPredictor
from sleap_rt.runtime.predictors.ground_truth import anchor_node, instance_centers
from sleap_rt.runtime.predictors.identity import assign_classes, first_choices
from sleap_rt.runtime.predictors.interface import (
    Frames,
    Pending,
    check_frames,
    check_known,
    image_state,
)
from sleap_rt.runtime.predictors.setup import Setup
from sleap_rt.runtime.predictors.stages import (
    CentroidStage,
    CropStage,
    FoundCentroids,
    UploadedFrames,
)

# Raw outputs of crops: as users know them -> as the graph has them.
_CROP_OUTPUTS = {"crop_confmaps": "confmaps", "class_probs": "class_probs"}


class TopDownPredictor(GraphPredictor):
    """All animals of each frame: centroids first, then the pose in the crop around each."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._centroids, self._crops = open_stages(
            setup, keeps_confmaps="centroid_confmaps" in setup.raw
        )
        self.device = self._crops.device

    def _begin(
        self,
        frames: Frames,
        frame_indices: Sequence[int],
        known: Sequence[KnownInstances] | None,
    ) -> Pending:
        uploaded = self._centroids.upload(check_frames(frames))
        found = self._centroids.find(uploaded)
        poses = self._crops.begin(
            uploaded, frame_indices, [here.points for here in found], [here.vals for here in found]
        )
        return lambda: [behind(here, result) for here, result in zip(found, poses(), strict=True)]

    def run_crops(self, frame: Frames, n_animals: int) -> None:
        """Run the second model on the middle of a frame, as if so many animals were there.

        Args:
            frame: (1, height, width, channels) uint8.
            n_animals: crops.
        """
        height, width = frame.shape[1:3]
        centers = np.full((n_animals, 2), (width / 2, height / 2), np.float32)
        self._crops.run(self._centroids.upload(frame), [centers])

    def _close(self) -> None:
        self._centroids.close()
        self._crops.close()


def behind(centroids: FoundCentroids, result: FrameInstances) -> FrameInstances:
    """The poses of a frame, with what is known of the stage ahead of them."""
    if centroids.image is not ImageState.WHOLE:
        result = replace(result, image=centroids.image)
    if centroids.confmaps is None:
        return result
    return replace(result, raw={**result.raw, "centroid_confmaps": centroids.confmaps})


class KnownCropPredictor(GraphPredictor):
    """The pose in the crop around each labelled animal."""

    needs_instances = True

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._crops = Crops(setup)
        self._max_instances = setup.decode.max_instances
        anchor_part = setup.decode.anchor_part or setup.graphs.last.anchor_part
        self._anchor = anchor_node(self.skeleton, anchor_part)
        self._center_method = setup.graphs.last.center_method
        self.device = self._crops.device

    def _begin(
        self,
        frames: Frames,
        frame_indices: Sequence[int],
        known: Sequence[KnownInstances] | None,
    ) -> Pending:
        known = check_known(known, len(frames), self.skeleton.n_nodes)
        centers = []
        for animals in known:
            points = instance_centers(animals, self._anchor, self._center_method)
            # The first `max_instances`: all labelled animals are equally certain.
            centers.append(points[~np.isnan(points[:, 0])][: self._max_instances])
        certain = [np.ones(len(points), np.float32) for points in centers]
        uploaded = self._crops.upload(check_frames(frames))
        return self._crops.begin(uploaded, frame_indices, centers, certain)

    def _close(self) -> None:
        self._crops.close()


def open_stages(setup: Setup, *, keeps_confmaps: bool = False) -> "tuple[CentroidStage, Crops]":
    """Both stages of a pair.

    Args:
        setup: of the predictor.
        keeps_confmaps: hand out the confidence maps of the first stage.
    """

    def open_centroids() -> CentroidStage:
        return CentroidStage(
            setup.graphs.files[0],
            setup.decode,
            setup.engine,
            keeps_confmaps=keeps_confmaps,
            n_at_once=setup.n_at_once,
        )

    calls: list[Callable[[], Any]] = [open_centroids, partial(Crops, setup)]
    centroids, crops = opened_together(calls, setup.engine)
    return centroids, crops


class Crops:
    """Turns the centers of each frame into instances."""

    def __init__(self, setup: Setup) -> None:
        self._n_nodes = setup.graphs.last.skeleton.n_nodes
        self._drops_unsure = setup.graphs.last.drops_unsure_crops
        self._raw = {name: _CROP_OUTPUTS[name] for name in setup.raw if name in _CROP_OUTPUTS}
        file = setup.graphs.files[-1]
        raw = list(self._raw.values())
        self._stage = CropStage(file, setup.decode, setup.engine, raw, setup.n_at_once)
        self.device = self._stage.device
        self.upload, self.run = self._stage.upload, self._stage.run

    def begin(
        self,
        frames: UploadedFrames,
        frame_indices: Sequence[int],
        centers: Sequence[Floats],
        scores: Sequence[Floats],
    ) -> Pending:
        """The poses around each frame's centers; crops without any visible node are counted.

        Args:
            frames: (batch, height, width, channels) uint8, uploaded.
            frame_indices: of the batch's frames in their video.
            centers: per frame (n, 2) float32, (x, y) frame px.
            scores: per frame (n,) float32, confidence of each center.
        """
        return self.poses(frame_indices, self.run(frames, centers), scores)

    def poses(
        self,
        frame_indices: Sequence[int],
        outputs: Sequence[Mapping[str, Array] | None],
        scores: Sequence[Floats],
    ) -> Pending:
        """The poses in what `run` gave; arguments are those of `begin`."""
        return lambda: [
            self._nothing(frame_index)
            if found is None
            else self._frame(frame_index, found, center_scores)
            for frame_index, found, center_scores in zip(
                frame_indices, outputs, scores, strict=True
            )
        ]

    def _frame(
        self, frame_index: int, found: Mapping[str, Array], scores: Floats
    ) -> FrameInstances:
        result = FrameInstances.untracked(
            frame_index=frame_index,
            points=found["peaks"],
            point_scores=found["peak_vals"],
            scores=scores,
            raw={name: found[output] for name, output in self._raw.items()},
            image=image_state(found["peak_vals"], found[MAP_SUMS]),
        )
        if "class_probs" in found:
            classes, probs = assign_classes(found["class_probs"])
            result = replace(result, track_ids=classes, tracking_scores=probs)
            if self._drops_unsure:
                result = result.take(first_choices(found["class_probs"], classes))
        return result.without_nodeless()

    def _nothing(self, frame_index: int) -> FrameInstances:
        points = np.empty((0, self._n_nodes, 2), np.float32)
        return FrameInstances.untracked(
            frame_index=frame_index,
            points=points,
            point_scores=points[..., 0],
            scores=points[:, 0, 0],
        )

    def close(self) -> None:
        self._stage.close()
