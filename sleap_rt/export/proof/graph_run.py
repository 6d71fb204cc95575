"""Runs an exported graph on one frame, on the engine that certifies, for all of its outputs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sleap_rt.arrays import Floats, Image
from sleap_rt.models.reference.pipeline import FramePeaks
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime.engines import Engine, certifying_engine
from sleap_rt.runtime.predictors.stages import SlottedGraph, peak_inputs, scalar_inputs

CPU = EngineOptions(engine=certifying_engine(), device="cpu")
Feed = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Found:
    """Outputs of a graph for one frame.

    Attributes:
        outputs: name -> (1, ...), or (n, ...) for models that see crops.
    """

    outputs: dict[str, Floats]

    def of_node(self, node: int) -> tuple[Floats, Floats]:
        """Points (n, 2) and values (n,) of a node's peaks; a global peak's point may be NaN."""
        if "centroids" in self.outputs:
            points, values = self.outputs["centroids"][0], self.outputs["centroid_vals"][0]
        else:
            points, values = self.outputs["peaks"][0, node], self.outputs["peak_vals"][0, node]
        if values.ndim == 0:
            return points[None], values[None]
        return points[~np.isnan(values)], values[~np.isnan(values)]

    def as_peaks(self, peaks: FramePeaks) -> FramePeaks:
        """`peaks` with the points and values of this run."""
        found = [self.of_node(node) for node in range(len(peaks.points))]
        points, values = [points for points, _ in found], [values for _, values in found]
        return peaks._replace(points=points, values=values)


def run_graph(
    engine: Engine, frame: Image, options: DecodeOptions, centers: Floats | None = None
) -> Found:
    """Run a graph with slots for every peak.

    Args:
        engine: runs the graph.
        frame: (height, width, channels) uint8.
        options: thresholds and refinement.
        centers: (n, 2) float32, (x, y) px, for models that see crops.
    """
    given = feed_of(frame, options, centers)
    names = [spec.name for spec in engine.inputs]
    feed = {name: given[name] for name in names if name != "slots"}
    if "slots" not in names:
        return Found(engine.run(feed))
    outputs = [spec.name for spec in engine.outputs if spec.name != "n_candidates"]
    return Found(SlottedGraph(engine).run(feed, outputs))


def feed_of(frame: Image, options: DecodeOptions, centers: Floats | None = None) -> Feed:
    """The inputs of any graph for one frame, all but its slots.

    Args:
        frame: (height, width, channels) uint8.
        options: thresholds and refinement.
        centers: (n, 2) float32, (x, y) px, for models that see crops.
    """
    feed: Feed = {"frames": frame[None]}
    feed |= peak_inputs(options.peak_threshold, options)
    feed |= scalar_inputs(
        max_edge_length_ratio=options.max_edge_length_ratio,
        dist_penalty_weight=options.dist_penalty_weight,
    )
    if centers is not None:
        feed |= {"centers": centers, "frame_index": np.zeros(len(centers), np.int64)}
    return feed
