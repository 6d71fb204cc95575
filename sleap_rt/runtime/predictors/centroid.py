"""A centroid model alone."""

from collections.abc import Sequence

import numpy as np

from sleap_rt.instances import FrameInstances, KnownInstances
from sleap_rt.runtime.predictors.graph_predictor import GraphPredictor
from sleap_rt.runtime.predictors.ground_truth import nearest_instances
from sleap_rt.runtime.predictors.interface import (
    Frames,
    Pending,
    centroid_skeleton,
    check_frames,
    check_known,
)
from sleap_rt.runtime.predictors.setup import Setup
from sleap_rt.runtime.predictors.stages import CentroidStage, FoundCentroids


class CentroidPredictor(GraphPredictor):
    """One point per animal, as a skeleton of one node."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.skeleton = centroid_skeleton(setup.graphs)
        self.class_names: tuple[str, ...] = ()
        self._stage = CentroidStage(
            setup.graphs.files[0],
            setup.decode,
            setup.engine,
            keeps_confmaps="confmaps" in setup.raw,
            n_at_once=setup.n_at_once,
        )
        self.device = self._stage.device

    def _begin(
        self,
        frames: Frames,
        frame_indices: Sequence[int],
        known: Sequence[KnownInstances] | None,
    ) -> Pending:
        found = self._stage.find(self._stage.upload(check_frames(frames)))
        return lambda: [
            _frame(frame_index, here.points[:, None], here.vals[:, None], here)
            for frame_index, here in zip(frame_indices, found, strict=True)
        ]

    def _close(self) -> None:
        self._stage.close()


class MatchedCentroidPredictor(CentroidPredictor):
    """Each centroid takes over the pose of the labelled animal nearest to it.

    This shows which labelled animals were found; it says nothing about poses.
    """

    needs_instances = True

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.skeleton = setup.graphs.last.skeleton

    def _begin(
        self,
        frames: Frames,
        frame_indices: Sequence[int],
        known: Sequence[KnownInstances] | None,
    ) -> Pending:
        known = check_known(known, len(frames), self.skeleton.n_nodes)
        found = self._stage.find(self._stage.upload(check_frames(frames)))
        return lambda: _matched(frame_indices, found, known)


def _matched(
    frame_indices: Sequence[int],
    found: Sequence[FoundCentroids],
    known: Sequence[KnownInstances],
) -> list[FrameInstances]:
    """The pose nearest to each centroid; centroids without a visible one are counted."""
    results = []
    for frame_index, here, animals in zip(frame_indices, found, known, strict=True):
        points = nearest_instances(here.points, animals)
        visible = ~np.isnan(points[..., 0])
        result = _frame(frame_index, points, visible.astype(np.float32), here)
        results.append(result.without_nodeless())
    return results


def _frame(
    frame_index: int, points: KnownInstances, point_scores: KnownInstances, found: FoundCentroids
) -> FrameInstances:
    return FrameInstances.untracked(
        frame_index=frame_index,
        points=points,
        point_scores=point_scores,
        scores=found.vals,
        raw={} if found.confmaps is None else {"confmaps": found.confmaps},
        image=found.image,
    )
