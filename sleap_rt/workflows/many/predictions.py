"""Predicts on many inputs with models that are opened once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from sleap_rt.errors import DataError, EngineError, ModelError, RunError
from sleap_rt.options import NO_OVERRIDES, EngineOptions, ModelOverrides
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.runtime.outputs.summary import PredictionSummary
from sleap_rt.runtime.predictors import Predictor
from sleap_rt.workflows.many.plan import Ahead
from sleap_rt.workflows.many.run import CannotRunError
from sleap_rt.workflows.many.task import Task
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.planning.plan import PredictionPlan
from sleap_rt.workflows.predict import planned, planned_apart, run_plan
from sleap_rt.workflows.report import Report
from sleap_rt.workflows.resolve import ResolvedModels, resolve_models
from sleap_rt.workflows.run_identity.asked import asked_of
from sleap_rt.workflows.run_identity.continued import check_continued
from sleap_rt.workflows.tuning import continued, open_checked, settled_like, tuned


class ModelsOnce:
    """Resolves the models of many inputs once, and exports them once; errors stop all inputs."""

    def __init__(self) -> None:
        self._resolved: ResolvedModels | None = None

    def __call__(self, paths: Sequence[Path], overrides: ModelOverrides) -> ResolvedModels:
        """As `resolve_models`."""
        if self._resolved is None:
            self._resolved = or_cannot_run(lambda: resolve_models(paths, overrides))
        return self._resolved

    def ahead(
        self,
        paths: Sequence[Path],
        options: PredictionOptions,
        overrides: ModelOverrides,
        match_known: bool | None = None,
    ) -> Ahead:
        """What predictions with these models tell ahead of all inputs.

        What is wrong with an input itself is told when its turn comes. The functions raise
        ModelError as `resolve_models`.
        """

        def asked() -> dict[str, Any]:
            with _their_own_errors():
                return asked_of(options, self(paths, overrides))

        def check_begun(task: Task) -> None:
            models = (paths, options_of(task, options), overrides, match_known, self)
            with ExitStack() as stack, _their_own_errors():
                try:
                    plan, opened = stack.enter_context(planned_apart(task.path, *models))
                except DataError:
                    return
                check_continued(plan, opened)

        return Ahead(asked, check_begun)

    def exported(self, plan: PredictionPlan, report: Report) -> GraphSet:
        """The graphs, also for the plans of all inputs to come."""
        graphs: GraphSet = or_cannot_run(lambda: plan.resolved.exported(report.step, report.warn))
        self._resolved = replace(plan.resolved, models=graphs, graphs=graphs)
        return graphs


class ManyPredictions:
    """Predicts on one input after the other. A context manager that closes the models.

    Args:
        model_paths: as of `predict`.
        options: of each input.
        overrides: as of `predict`.
        report: as of `predict`; told the plan of the first input only.
        match_known: as of `planned`.
        keeps_labels: as of `run_plan`.

    Attributes:
        ahead: what is told ahead of all inputs.
    """

    def __init__(
        self,
        model_paths: Sequence[Path],
        options: PredictionOptions,
        overrides: ModelOverrides = NO_OVERRIDES,
        report: Report | None = None,
        match_known: bool | None = None,
        *,
        keeps_labels: bool = False,
    ) -> None:
        self._paths, self._options, self._overrides = model_paths, options, overrides
        self._report, self._match_known = report or Report(), match_known
        self._keeps_labels = keeps_labels
        self._resolve = ModelsOnce()
        self.ahead = self._resolve.ahead(model_paths, options, overrides, match_known)
        self._n_inputs = 1
        self._first: PredictionPlan | None = None  # settles the engine for all
        # By whether known poses are taken over, and by engine
        self._predictors: dict[tuple[bool, EngineOptions], Predictor] = {}
        self._stack = ExitStack()

    def look_ahead(self, tasks: Sequence[Task]) -> None:
        """Note how many inputs there are, which decides whether engines are worth comparing."""
        self._n_inputs = sum(task.status == "waiting" for task in tasks)

    def __call__(self, task: Task) -> PredictionSummary:
        """Predict on one input.

        Raises:
            CannotRunError: no input can be predicted on, since the models cannot be opened.
            Other errors: as `predict`.
        """
        options = options_of(task, self._options)
        models = (self._paths, options, self._overrides, self._match_known)
        with planned(task.path, *models, resolve=self._resolve) as (plan, opened):
            if not self._predictors:
                self._report.planned(plan)
            return run_plan(
                plan, opened, self._report, opens=self._ready, keeps_labels=self._keeps_labels
            )

    def _ready(
        self, plan: PredictionPlan, opened: OpenInput, earlier: Mapping[str, Any] | None
    ) -> tuple[PredictionPlan, Predictor]:
        """The plan with the engine and the batch that all inputs have, and the open models.

        The first input decides; one that is continued goes on with what it had.
        """
        if earlier is not None:
            plan = continued(plan, earlier, engine_is_open=False)
        else:
            if self._first is None:
                self._first = or_cannot_run(lambda: self._tuned(plan, opened))
            plan = settled_like(plan, self._first)
        return plan, self._predictor(plan)

    def _tuned(self, plan: PredictionPlan, opened: OpenInput) -> PredictionPlan:
        graphs = self._resolve.exported(plan, self._report)
        return tuned(plan, graphs, opened, self._report, self._n_inputs)

    def _predictor(self, plan: PredictionPlan) -> Predictor:
        key = plan.match_known, plan.options.engine
        if key not in self._predictors:
            self._report.chosen(plan)
            predictor = or_cannot_run(lambda: self._open(plan))
            self._stack.enter_context(closing(predictor))
            self._predictors[key] = predictor
        return self._predictors[key]

    def _open(self, plan: PredictionPlan) -> Predictor:
        graphs = plan.resolved.exported(self._report.step)
        return open_checked(
            graphs,
            plan.options.decode,
            plan.options.engine,
            match_known=plan.match_known,
            n_at_once=plan.n_at_once,
            warn=self._report.warn,
        )

    def __enter__(self) -> "ManyPredictions":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()


def options_of(task: Task, options: PredictionOptions) -> PredictionOptions:
    """Of one of many inputs."""
    return replace(options, output_path=task.output, resume=task.resume)


@contextmanager
def _their_own_errors() -> Iterator[None]:
    """Ahead of all inputs there are none to stop."""
    try:
        yield
    except CannotRunError as stop:
        raise stop.cause from None


def or_cannot_run(call: Callable[[], Any]) -> Any:
    """What a call gives; its errors stop all inputs."""
    try:
        return call()
    except (ModelError, EngineError, RunError) as error:
        raise CannotRunError(error) from error
