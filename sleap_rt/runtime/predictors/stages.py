"""Runs graphs for the predictors: on whole frames, for centroids, on crops."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sleap_rt.arrays import Floats
from sleap_rt.errors import DataError
from sleap_rt.instances import ImageState
from sleap_rt.kinds import MAP_SUMS
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime.engines import Array, DeviceArray, Engine, Feed, open_engine
from sleap_rt.runtime.graph_file import GraphFile
from sleap_rt.runtime.predictors.interface import Frames, image_state

UploadedFrames = Frames | DeviceArray
"""(batch, height, width, channels) uint8, where the engines of all stages can read them."""
_FEWEST_SLOTS = 8  # peaks per map that a graph is first run with


def scalar_inputs(**values: float) -> dict[str, Array]:
    """() float32 inputs of a graph."""
    return {name: np.array(value, np.float32) for name, value in values.items()}


def peak_inputs(threshold: float, decode: DecodeOptions) -> dict[str, Array]:
    """The inputs that every graph has for its peaks."""
    refine = decode.integral_refinement == "integral"
    return scalar_inputs(peak_threshold=threshold, integral_refinement=float(refine))


@dataclass
class SlottedGraph:
    """Runs a graph with enough slots for the peaks of the busiest map.

    A graph returns at most as many peaks per map as it gets slots, and the number of candidates it
    saw. If there were more candidates than slots, it runs again with more, so no peak is lost.

    Attributes:
        engine: has the graph open.
        n_slots: that it runs with; grows.
        most_slots: more peaks of a node are refused; None takes any number.
    """

    engine: Engine
    n_slots: int = _FEWEST_SLOTS
    most_slots: int | None = None

    def run(self, feed: Feed, fetch: Sequence[str]) -> dict[str, Array]:
        n_slots = self.n_slots  # another thread may raise it meanwhile
        while True:
            slots = np.zeros(n_slots, np.float32)
            outputs = self.engine.run({**feed, "slots": slots}, [*fetch, "n_candidates"])
            most = int(outputs["n_candidates"].max(initial=0))
            if most <= n_slots:
                return outputs
            if self.most_slots is not None and most > self.most_slots:
                raise DataError(
                    f"A frame has {most} peaks of one node, which cannot be joined to animals (the "
                    f"most are {self.most_slots}): raise peak_threshold."
                )
            while n_slots < most:
                n_slots *= 2
            self.n_slots = max(self.n_slots, n_slots)


@dataclass(frozen=True)
class FoundCentroids:
    """Centroids of one frame.

    Attributes:
        points: (n, 2) float32, (x, y) frame px.
        vals: (n,) float32, confidence.
        confmaps: (1, height, width) float32; None unless asked for.
        image: whether the engine answered.
    """

    points: Floats
    vals: Floats
    confmaps: Floats | None
    image: ImageState


class CentroidStage:
    """Finds the centroids of each frame: all in raster order, or the best `max_instances`.

    Args:
        file: a centroid graph.
        decode: threshold and most centroids.
        engine: what runs the graph.
        keeps_confmaps: hand out the confidence maps as well.
        n_at_once: batches of the run to come that may go side by side.
    """

    def __init__(
        self,
        file: GraphFile,
        decode: DecodeOptions,
        engine: EngineOptions,
        *,
        keeps_confmaps: bool,
        n_at_once: int = 1,
    ) -> None:
        self._engine = open_engine(file.path, engine, n_at_once)
        self._graph = SlottedGraph(self._engine)
        self._max_instances = decode.max_instances
        self._constants = peak_inputs(decode.centroid_threshold, decode)
        self._fetch = ["centroids", "centroid_vals", MAP_SUMS]
        if keeps_confmaps:
            self._fetch.append("confmaps")
        self.device = self._engine.device

    def upload(self, frames: Frames) -> UploadedFrames:
        """Upload frames for this stage and the next."""
        return self._engine.upload(frames)

    def find(self, frames: UploadedFrames) -> list[FoundCentroids]:
        """The centroids of each frame."""
        found = self._graph.run({"frames": frames, **self._constants}, self._fetch)
        confmaps = found.get("confmaps", [None] * len(frames))
        results = []
        for points, vals, sums, maps in zip(
            found["centroids"], found["centroid_vals"], found[MAP_SUMS], confmaps, strict=True
        ):
            kept = np.flatnonzero(~np.isnan(vals))
            if self._max_instances is not None and len(kept) > self._max_instances:
                kept = kept[np.argsort(-vals[kept], kind="stable")[: self._max_instances]]
            results.append(FoundCentroids(points[kept], vals[kept], maps, image_state(sums)))
        return results

    def close(self) -> None:
        self._engine.close()


class CropStage:
    """Finds the pose in the crop around each center; all crops of a batch of frames run at once.

    Args:
        file: a graph that sees crops.
        decode: threshold.
        engine: what runs the graph.
        raw: outputs to fetch besides the poses.
        n_at_once: batches of the run to come that may go side by side.
    """

    def __init__(
        self,
        file: GraphFile,
        decode: DecodeOptions,
        engine: EngineOptions,
        raw: Sequence[str] = (),
        n_at_once: int = 1,
    ) -> None:
        self._engine = open_engine(file.path, engine, n_at_once)
        self._constants = peak_inputs(decode.peak_threshold, decode)
        self._fetch = ["peaks", "peak_vals", MAP_SUMS]
        if file.contract.class_names:
            self._fetch.append("class_probs")
        self._fetch += [name for name in raw if name not in self._fetch]
        self.device = self._engine.device

    def upload(self, frames: Frames) -> UploadedFrames:
        """Upload frames that no earlier stage has uploaded."""
        return self._engine.upload(frames)

    def run(
        self, frames: UploadedFrames, centers: Sequence[Floats]
    ) -> list[dict[str, Array] | None]:
        """Run the graph on the crops of each frame.

        Args:
            frames: (batch, height, width, channels) uint8, uploaded for this or the first stage.
            centers: per frame (n, 2) float32, (x, y) frame px.

        Returns:
            Per frame the graph's outputs, n rows each; None for a frame without a center.
        """
        counts = [len(points) for points in centers]
        if not sum(counts):
            return [None] * len(counts)
        feed: dict[str, Array | DeviceArray] = {
            "frames": frames,
            "centers": np.concatenate(centers),
            "frame_index": np.repeat(np.arange(len(counts)), counts),
        }
        outputs = self._engine.run({**feed, **self._constants}, self._fetch)
        ends = np.cumsum(counts)
        return [
            {name: array[end - n : end] for name, array in outputs.items()} if n else None
            for n, end in zip(counts, ends.tolist(), strict=True)
        ]

    def close(self) -> None:
        self._engine.close()
