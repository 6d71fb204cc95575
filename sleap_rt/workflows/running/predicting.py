"""Who predicts the frames of a run: this process, or others."""

from collections.abc import Generator, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.pipeline.batches import Batch
from sleap_rt.runtime.pipeline.stream import filtered_batches
from sleap_rt.runtime.predictors import Predictor, UsedModels
from sleap_rt.workflows.planning.plan import PredictionPlan


class Predicting(Protocol):
    """Gives the results of frames, filtered, ahead of tracking.

    Attributes:
        models: what finds the instances, and on which device.
        engine: what runs the graphs.
        engine_options: what was asked of it, by name, as `asked_of_engine` gives it.
    """

    @property
    def models(self) -> UsedModels: ...
    @property
    def engine(self) -> str: ...
    @property
    def engine_options(self) -> Mapping[str, Any]: ...

    def batches(self, positions: range) -> Generator[Batch, None, None]:
        """Batches of the frames at these positions, in order.

        Raises:
            DataError: a frame cannot be read; all frames ahead of it have been yielded by then.
            EngineError, RunError: as `predict_batches`.
        """
        ...


class PredictingHere:
    """This process predicts.

    Args:
        predictor: open; it stays open.
        opened: the input.
        plan: of the run, with nothing left open.
    """

    def __init__(self, predictor: Predictor, opened: OpenInput, plan: PredictionPlan) -> None:
        self.models: UsedModels = predictor
        self.engine = plan.options.engine.engine
        self.engine_options = asked_of_engine(plan)
        self._predictor, self._opened, self._plan = predictor, opened, plan

    def batches(self, positions: range) -> Generator[Batch, None, None]:
        return filtered_batches(
            self._predictor,
            self._opened.source,
            self._plan.selection.refs,
            positions,
            run=self._plan.options.run,
            filters=self._plan.options.filters,
            labels=self._opened.labels,
        )


def asked_of_engine(plan: PredictionPlan) -> dict[str, Any]:
    """What was asked of the engine, by name; what it came to is recorded beside it."""
    size = plan.asked.run.batch_size
    return {**asdict(plan.asked.engine), "batch_size": "auto" if size is None else size}
