"""Models that find all peaks of a frame at once, and group them along edges or by class."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sleap_rt.instances import FrameInstances, KnownInstances
from sleap_rt.kinds import MAP_SUMS
from sleap_rt.runtime.engines import Array, open_engine
from sleap_rt.runtime.predictors.graph_predictor import GraphPredictor
from sleap_rt.runtime.predictors.grouping import group_peaks, grouping_order
from sleap_rt.runtime.predictors.identity import classify_peaks
from sleap_rt.runtime.predictors.interface import (
    Frames,
    Pending,
    check_frames,
    image_state,
)
from sleap_rt.runtime.predictors.setup import Setup
from sleap_rt.runtime.predictors.stages import SlottedGraph, peak_inputs, scalar_inputs

_Outputs = dict[str, Array]
_MOST_PAIRED = 1024  # peaks of a node; each of them is paired with each of another node


class BottomUpPredictor(GraphPredictor):
    """All animals of each frame, assembled from their peaks.

    Args:
        setup: one graph that finds peaks.
        constants: inputs of the graph besides `peak_inputs`.
        fetch: outputs of the graph that `assemble` needs.
        assemble: (frame index, one frame's outputs) -> its instances.
    """

    def __init__(
        self,
        setup: Setup,
        constants: _Outputs,
        fetch: Sequence[str],
        assemble: Callable[[int, _Outputs], FrameInstances],
    ) -> None:
        super().__init__(setup)
        self._assemble, self._raw = assemble, setup.raw
        self._fetch = list(dict.fromkeys([*fetch, MAP_SUMS, *setup.raw]))
        self._engine = open_engine(setup.graphs.paths[0], setup.engine, setup.n_at_once)
        most = _MOST_PAIRED if "line_scores" in fetch else None
        self._graph = SlottedGraph(self._engine, most_slots=most)
        self.device = self._engine.device
        self._constants = peak_inputs(setup.decode.peak_threshold, setup.decode) | constants

    def _begin(
        self,
        frames: Frames,
        frame_indices: Sequence[int],
        known: Sequence[KnownInstances] | None,
    ) -> Pending:
        uploaded = self._engine.upload(check_frames(frames))  # once, however often the graph runs
        outputs = self._graph.run({"frames": uploaded, **self._constants}, self._fetch)
        return lambda: self._instances(outputs, frame_indices)

    def _instances(self, outputs: _Outputs, frame_indices: Sequence[int]) -> list[FrameInstances]:
        results = []
        for i, frame_index in enumerate(frame_indices):
            here = {name: outputs[name][i] for name in self._fetch}
            instances = self._assemble(frame_index, here)
            raw = {name: here[name] for name in self._raw}
            results.append(replace(instances, raw=raw, image=image_state(here[MAP_SUMS])))
        return results

    def _close(self) -> None:
        self._engine.close()


def open_bottomup(setup: Setup) -> BottomUpPredictor:
    """A predictor that groups peaks along the skeleton's edges, by part affinity fields."""
    decode, edges = setup.decode, setup.graphs.last.edges
    grouping_order(edges)  # refuses a skeleton that cannot be grouped, before any work

    def assemble(frame_index: int, found: _Outputs) -> FrameInstances:
        grouped = group_peaks(
            found["peaks"], found["peak_vals"], found["line_scores"], edges, decode
        )
        return FrameInstances.untracked(
            frame_index=frame_index,
            points=grouped.points,
            point_scores=grouped.point_scores,
            scores=grouped.scores,
        )

    constants = scalar_inputs(
        max_edge_length_ratio=decode.max_edge_length_ratio,
        dist_penalty_weight=decode.dist_penalty_weight,
    )
    return BottomUpPredictor(setup, constants, ["peaks", "peak_vals", "line_scores"], assemble)


def open_multi_class_bottomup(setup: Setup) -> BottomUpPredictor:
    """A predictor that groups peaks by the class maps' probabilities; one animal per class."""

    def assemble(frame_index: int, found: _Outputs) -> FrameInstances:
        named = classify_peaks(
            found["peaks"], found["peak_vals"], found["class_probs"], setup.decode.max_instances
        )
        return FrameInstances(
            frame_index=frame_index,
            points=named.points,
            point_scores=named.point_scores,
            scores=named.scores,
            track_ids=named.classes,
            tracking_scores=named.class_probs,
        )

    return BottomUpPredictor(setup, {}, ["peaks", "peak_vals", "class_probs"], assemble)
