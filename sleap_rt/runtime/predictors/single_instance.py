"""Models of one animal per frame."""

from collections.abc import Mapping, Sequence

from sleap_rt.instances import FrameInstances, KnownInstances
from sleap_rt.kinds import MAP_SUMS
from sleap_rt.runtime.engines import Array, open_engine
from sleap_rt.runtime.predictors.graph_predictor import GraphPredictor
from sleap_rt.runtime.predictors.interface import (
    Frames,
    Pending,
    check_frames,
    image_state,
)
from sleap_rt.runtime.predictors.setup import Setup
from sleap_rt.runtime.predictors.stages import peak_inputs


class SingleInstancePredictor(GraphPredictor):
    """The one animal of each frame."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._engine = open_engine(setup.graphs.paths[0], setup.engine, setup.n_at_once)
        self.device = self._engine.device
        self._constants = peak_inputs(setup.decode.peak_threshold, setup.decode)
        self._raw = setup.raw

    def _begin(
        self,
        frames: Frames,
        frame_indices: Sequence[int],
        known: Sequence[KnownInstances] | None,
    ) -> Pending:
        feed = {"frames": self._engine.upload(check_frames(frames)), **self._constants}
        outputs = self._engine.run(feed, ["peaks", "peak_vals", MAP_SUMS, *self._raw])
        return lambda: self._instances(outputs, frame_indices)

    def _instances(
        self, outputs: Mapping[str, Array], frame_indices: Sequence[int]
    ) -> list[FrameInstances]:
        results = []
        for i, frame_index in enumerate(frame_indices):
            points, vals = outputs["peaks"][i : i + 1], outputs["peak_vals"][i : i + 1]
            result = FrameInstances.untracked(
                frame_index=frame_index,
                points=points,
                point_scores=vals,
                scores=vals.sum(axis=1),
                raw={name: outputs[name][i] for name in self._raw},
                image=image_state(vals, outputs[MAP_SUMS][i]),
            )
            results.append(result.without_nodeless())
        return results

    def _close(self) -> None:
        self._engine.close()
