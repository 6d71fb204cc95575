"""What trained models find in one frame by their plain pipelines, asked for in one way."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from sleap_rt.contract import ModelKind, Preprocessing
from sleap_rt.export.legacy_stages import LegacyStage
from sleap_rt.models import TrainedModel
from sleap_rt.models.legacy import reference as legacy
from sleap_rt.models.legacy.reference.frames import match_size, to_channels
from sleap_rt.models.legacy.reference.grouping import LineScoring
from sleap_rt.models.legacy.reference.pipeline import find_centroids
from sleap_rt.models.legacy.reference.stages import frame_input, run_network
from sleap_rt.models.reference import predict_crops, predict_instances
from sleap_rt.models.reference.frames import prepare_frame
from sleap_rt.options import DecodeOptions

Frame = NDArray[np.uint8]
Floats = NDArray[np.floating]
ANY_LINE = -1e3  # least score of a connection: all of them


class Found(NamedTuple):
    """Attributes:
    points: (n, n_nodes, 2), (x, y) frame px, NaN where a node is missing.
    scores: (n, n_nodes), of the points.
    """

    points: Floats
    scores: Floats


class Checkpoint(Protocol):
    """A trained model's own pipeline.

    Attributes:
        kind: what the model finds.
        preprocessing: what happens to a frame.
    """

    @property
    def kind(self) -> ModelKind: ...
    @property
    def preprocessing(self) -> Preprocessing: ...

    def confmaps(self, frame: Frame) -> Floats:
        """(n_nodes, rows, columns), of a model of whole frames."""
        ...

    def instances(self, frame: Frame, threshold: float) -> Found:
        """What a model of whole frames finds."""
        ...

    def crops(self, frame: Frame, centers: NDArray[np.float32], threshold: float) -> Found:
        """What an instance model finds around (n, 2) frame px: n poses."""
        ...


@dataclass(frozen=True)
class NativeCheckpoint:
    """Of a native model."""

    model: TrainedModel

    @property
    def kind(self) -> ModelKind:
        return self.model.kind

    @property
    def preprocessing(self) -> Preprocessing:
        return self.model.preprocessing

    def confmaps(self, frame: Frame) -> Floats:
        image, _ = prepare_frame(frame, self.model.preprocessing)
        with torch.inference_mode():
            confmaps: Floats = self.model.network(image)["confmaps"][0].numpy()
        return confmaps

    def instances(self, frame: Frame, threshold: float) -> Found:
        options = DecodeOptions(peak_threshold=threshold, min_line_scores=ANY_LINE)
        found = predict_instances(self.model, frame, options)
        return Found(found.points, found.point_scores)

    def crops(self, frame: Frame, centers: NDArray[np.float32], threshold: float) -> Found:
        options = DecodeOptions(peak_threshold=threshold)
        found = predict_crops(self.model, frame, centers, options, size_from=self.model)
        return Found(found.points, found.values)


@dataclass(frozen=True)
class LegacyCheckpoint:
    """Of a legacy model, as the original would run it."""

    stage: LegacyStage

    @property
    def kind(self) -> ModelKind:
        return self.stage.kind

    @property
    def preprocessing(self) -> Preprocessing:
        return self.stage.preprocessing

    def confmaps(self, frame: Frame) -> Floats:
        image, _ = self._sized(frame)
        outputs = run_network(self.stage.model, frame_input(self.stage.model, image))
        confmaps: Floats = outputs["confmaps"][0]
        return confmaps

    def instances(self, frame: Frame, threshold: float) -> Found:
        options = legacy.ReferenceOptions(
            peak_threshold=threshold, scoring=LineScoring(min_line_score=ANY_LINE)
        )
        if self.kind != "centroid":
            (found,) = legacy.predict([self.stage.model], [frame], options)
            return Found(found.points, found.point_scores)
        image, ratio = self._sized(frame)
        image = to_channels(image, self.preprocessing.in_channels)
        points, vals = find_centroids(self.stage.model, image, options)
        return Found(points[:, None] / np.float32(ratio), vals[:, None])

    def crops(self, frame: Frame, centers: NDArray[np.float32], threshold: float) -> Found:
        image, ratio = self._sized(frame)
        image = to_channels(image, 1 if self.preprocessing.channels == "grayscale" else 3)
        sized = centers * np.float32(ratio)
        found = legacy.points_in_crops(self.stage.model, image, sized, threshold)
        return Found(found.points / np.float32(ratio), found.vals)

    def _sized(self, frame: Frame) -> tuple[Frame, float]:
        height, width = self.preprocessing.max_height, self.preprocessing.max_width
        if height is None or width is None:
            return frame, 1.0
        return match_size(frame, height, width)
