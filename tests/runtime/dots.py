"""A top-down pair whose animals are single bright pixels, so that crops can be followed by hand.

The centroid graph finds every bright pixel of a frame; the crop graph the one nearest to the middle
of a crop, if it is at most `REACH` px away.
"""

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
from fakes import graph_contract

from sleap_rt.kinds import MAP_SUMS
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.runtime.predictors import stages
from sleap_rt.runtime.predictors.carried import CarriedCropsPredictor
from sleap_rt.runtime.predictors.setup import Setup
from sleap_rt.skeleton import Skeleton

REACH = 3.0
SKELETON = Skeleton("dot", ("dot",))


def frame_of(*places, height=12, width=64):
    """(height, width, 1) uint8 with a bright pixel at each (x, y)."""
    frame = np.zeros((height, width, 1), np.uint8)
    for x, y in places:
        frame[y, x] = 255
    return frame


def _dots(frame):
    """(n, 2) float32, (x, y), in raster order."""
    return np.argwhere(frame[..., 0] > 0)[:, ::-1].astype(np.float32)


class _Engine(ABC):
    """What both graphs share.

    Attributes:
        seen: how many frames or crops each run was about.
        fail_at: number of the run that is interrupted.
    """

    device = "cpu"

    def __init__(self):
        self.seen, self.fail_at = [], None

    def upload(self, frames):
        return frames

    def run(self, feed, fetch):
        if len(self.seen) == self.fail_at:
            raise KeyboardInterrupt
        outputs = self._outputs(feed)
        return {name: outputs[name] for name in fetch}

    @abstractmethod
    def _outputs(self, feed): ...

    def close(self):
        self.is_closed = True


class CentroidEngine(_Engine):
    def _outputs(self, feed):
        frames, n_slots = feed["frames"], len(feed["slots"])
        self.seen.append(len(frames))
        centroids = np.full((len(frames), n_slots, 2), np.nan, np.float32)
        for row, frame in enumerate(frames):
            found = _dots(frame)[:n_slots]
            centroids[row, : len(found)] = found
        return {
            "centroids": centroids,
            "centroid_vals": np.where(np.isnan(centroids[..., 0]), np.nan, 0.75),
            "n_candidates": np.array([len(_dots(frame)) for frame in frames]),
            MAP_SUMS: np.zeros((len(frames), 1), np.float32),
        }


class CropEngine(_Engine):
    def _outputs(self, feed):
        centers = feed["centers"]
        self.seen.append(len(centers))
        peaks = np.full((len(centers), 1, 2), np.nan, np.float32)
        for row, (center, frame) in enumerate(zip(centers, feed["frame_index"], strict=True)):
            dots = _dots(feed["frames"][frame])
            gaps = np.linalg.norm(dots - center, axis=1)
            if len(dots) and gaps.min() <= REACH:
                peaks[row, 0] = dots[gaps.argmin()]
        return {
            "peaks": peaks,
            "peak_vals": np.where(np.isnan(peaks[..., 0]), np.nan, 0.5).astype(np.float32),
            MAP_SUMS: np.zeros((len(centers), 1), np.float32),
        }


def dots_predictor(monkeypatch, every):
    """The predictor; `centroid_engine` and `crop_engine` are those it runs."""
    engines = {"centroid": CentroidEngine(), "crops": CropEngine()}
    monkeypatch.setattr(stages, "open_engine", lambda path, options, n_frames=4: engines[path.stem])
    graphs = GraphSet(
        (
            graph_contract("centroid", skeleton=SKELETON),
            graph_contract("centered_instance", skeleton=SKELETON, crop_size=(8, 8)),
        ),
        (Path("centroid.onnx"), Path("crops.onnx")),
    )
    setup = Setup(graphs, DecodeOptions(detect_every=every), EngineOptions(engine="ort", threads=1))
    predictor = CarriedCropsPredictor(setup)
    vars(predictor).update(centroid_engine=engines["centroid"], crop_engine=engines["crops"])
    return predictor
