"""The parity certificate of legacy graphs: against `sleap_rt.models.legacy.reference`."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sleap_rt.contract import Certificate, ModelKind, Preprocessing
from sleap_rt.errors import ModelError
from sleap_rt.export.certificate import (
    CPU,
    Floats,
    Frame,
    Measured,
    certify,
    clear_threshold,
    frame_size,
    map_differences,
)
from sleap_rt.export.legacy_stages import LegacyStage
from sleap_rt.models.legacy import reference
from sleap_rt.models.legacy.reference.frames import match_size, network_input, to_channels
from sleap_rt.models.legacy.reference.grouping import LineScoring
from sleap_rt.models.legacy.reference.pipeline import find_centroids, peak_class_probs
from sleap_rt.models.legacy.reference.stages import FramePeaks, run_network
from sleap_rt.models.reference import ReferenceCrops, ReferenceInstances
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.engines import open_engine

_N_SLOTS = 1024  # more than a map of a synthetic frame has peaks


def certify_legacy(stage: LegacyStage, path: Path) -> Certificate:
    """Compare an exported graph with what the original would predict.

    Args:
        stage: the trained model in its place.
        path: the graph exported from it.

    Raises:
        ModelError: counts differ, or a coordinate or score differs by more than the tolerance.
    """
    oracle = LegacyOracle(stage)
    if stage.kind == "multi_class_bottomup":
        return certify(oracle, path, partial(_compare_class_peaks, oracle))
    return certify(oracle, path)


@dataclass(frozen=True)
class LegacyOracle:
    """What the original predicts with one legacy model."""

    stage: LegacyStage

    @property
    def kind(self) -> ModelKind:
        return self.stage.kind

    @property
    def preprocessing(self) -> Preprocessing:
        return self.stage.preprocessing

    def maps(self, frame: Frame) -> dict[str, Floats]:
        """The network's outputs on a whole frame."""
        spec = self.preprocessing
        image, _ = self._sized(frame)
        x = network_input(
            to_channels(image, spec.in_channels),
            input_scale=spec.input_scale,
            pad_stride=spec.max_stride,
        )
        return run_network(self.stage.model, x)

    def instances(self, frame: Frame, options: DecodeOptions) -> ReferenceInstances:
        """What a model of whole frames finds in one."""
        image, ratio = self._sized(frame)
        if self.kind == "centroid":
            points, vals = find_centroids(
                self.stage.model,
                to_channels(image, self.preprocessing.in_channels),
                reference.ReferenceOptions(peak_threshold=options.peak_threshold),
            )
            return ReferenceInstances(points[:, None] / np.float32(ratio), vals[:, None], vals)
        scoring = LineScoring(min_line_score=options.min_line_scores)
        (found,) = reference.predict(
            [self.stage.model],
            [frame],
            reference.ReferenceOptions(peak_threshold=options.peak_threshold, scoring=scoring),
        )
        return ReferenceInstances(found.points, found.point_scores, found.scores)

    def crops(self, frame: Frame, centres: Floats, options: DecodeOptions) -> ReferenceCrops:
        """What an instance model finds around centres in one frame."""
        image, ratio = self._sized(frame)
        image = to_channels(image, 1 if self.preprocessing.channels == "grayscale" else 3)
        found = reference.points_in_crops(
            self.stage.model, image, centres * np.float32(ratio), options.peak_threshold
        )
        return ReferenceCrops(found.points / np.float32(ratio), found.vals, found.class_probs)

    def peaks(self, frame: Frame, threshold: float) -> tuple[FramePeaks, float]:
        """All peaks of a frame, in px of the sized frame, and sized px per frame px."""
        image, ratio = self._sized(frame)
        return reference.peaks_in_frame(self.stage.model, image, threshold), ratio

    def _sized(self, frame: Frame) -> tuple[Frame, float]:
        height, width = self.preprocessing.max_height, self.preprocessing.max_width
        if height is None or width is None:
            return frame, 1.0
        return match_size(frame, height, width)


def _compare_class_peaks(
    oracle: LegacyOracle, path: Path, frames: list[Frame], measured: Measured
) -> None:
    """Models with class maps: every peak and its class probabilities, one by one.

    Not the instances: where several peaks have the same, saturated probability, which of them is
    chosen depends on the last bit.
    """
    engine = open_engine(path, CPU)
    for frame in frames:
        threshold = clear_threshold(oracle, frame)
        expected, ratio = oracle.peaks(frame, threshold)
        feed: dict[str, NDArray[Any]] = {
            "frames": frame[None],
            "peak_threshold": np.array(threshold, np.float32),
            "integral_refinement": np.array(1, np.float32),
            "slots": np.zeros(_N_SLOTS, np.float32),
        }
        found = engine.run(feed, ["peaks", "peak_vals", "class_probs"])
        there = ~np.isnan(found["peak_vals"][0])  # (n_nodes, slots)
        order = np.argsort(expected.peaks.channels, kind="stable")
        if not np.array_equal(np.nonzero(there)[0], expected.peaks.channels[order]):
            raise ModelError(
                f"the exported graph finds {there.sum()} peaks in {frame_size(frame)}, the "
                f"checkpoint {len(order)}, or finds them of other nodes. Please report this model."
            )
        probs = peak_class_probs(oracle.stage.model, expected)[order]
        vals = np.column_stack([expected.peaks.vals[order], probs])
        points = np.repeat(expected.points[order][:, None] / np.float32(ratio), vals.shape[1], 1)
        measured.maps += map_differences(oracle, engine, frame)
        measured.add(
            ReferenceInstances(points, vals, vals[:, 0]),
            np.repeat(found["peaks"][0][there][:, None], vals.shape[1], 1),
            np.column_stack([found["peak_vals"][0][there], found["class_probs"][0][there]]),
            frame_size(frame),
        )
    engine.close()
