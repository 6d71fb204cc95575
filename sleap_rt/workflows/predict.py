"""Predict the poses of an input and write them: resolve, plan, run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sleap_rt.options import NO_OVERRIDES, ModelOverrides
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.outputs.names import default_output, part_of
from sleap_rt.runtime.outputs.origin.origin import name_of_input
from sleap_rt.runtime.outputs.summary import PredictionSummary
from sleap_rt.runtime.pipeline.journal import Journal
from sleap_rt.runtime.predictors import Predictor
from sleap_rt.workflows.planning.doubts import doubts
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.planning.plan import (
    PredictionPlan,
    check_options,
    check_output_of,
    plan_prediction,
)
from sleap_rt.workflows.report import Report
from sleap_rt.workflows.resolve import ResolvedModels, resolve_models
from sleap_rt.workflows.run_identity.continued import check_continued
from sleap_rt.workflows.run_identity.identity import Predictors, run_identity
from sleap_rt.workflows.running.output import (
    make_ready,
    store_of,
    tell_replaced,
    try_planned_output,
)
from sleap_rt.workflows.running.predicting import Predicting, PredictingHere
from sleap_rt.workflows.running.run import Run
from sleap_rt.workflows.tuning import continued, fitted, open_checked, tuned

Opens = Callable[
    [PredictionPlan, OpenInput, Mapping[str, Any] | None], tuple[PredictionPlan, Predictor]
]
"""(plan, its input, what the journal says of the run that is continued) -> the plan with nothing
left open, and its models, which stay open."""


def predict(
    data: Any,
    model_paths: Sequence[Path],
    options: PredictionOptions,
    overrides: ModelOverrides = NO_OVERRIDES,
    report: Report | None = None,
) -> PredictionSummary:
    """Resolve the models, plan, and run: the whole of `sleap-nn track -m`.

    Args:
        data: as `open_input` takes.
        model_paths: export folders, `.onnx` files or trained models.
        options: everything else.
        overrides: settings that replace those of the training configurations.
        report: receives the plan, the steps of an export, and the results as they come.

    Raises:
        OptionError: wrong use, found before anything runs.
        DataError: the input is missing or cannot be read. What was predicted before is saved.
        ModelError, EngineError: as `open_predictor`.
        KeyboardInterrupt: with a word on how to continue; the journal has what was predicted.
    """
    report = report or Report()
    with planned(data, model_paths, options, overrides) as (plan, opened):
        report.planned(plan)
        return run_plan(plan, opened, report, keeps_labels=False)


@contextmanager
def planned(
    data: Any,
    model_paths: Sequence[Path],
    options: PredictionOptions,
    overrides: ModelOverrides = NO_OVERRIDES,
    match_known: bool | None = None,
    resolve: Callable[[Sequence[Path], ModelOverrides], ResolvedModels] = resolve_models,
) -> Iterator[tuple[PredictionPlan, OpenInput]]:
    """The plan of a prediction, and its input, open while the context lasts.

    Arguments and errors are those of `predict` and `plan_prediction`; `resolve` finds the models.
    A journal that the prediction must not go on with is refused.
    """
    models = (model_paths, options, overrides, match_known, resolve)
    with planned_apart(data, *models) as (plan, opened):
        check_continued(plan, opened)
        yield plan, opened


@contextmanager
def planned_apart(
    data: Any,
    model_paths: Sequence[Path],
    options: PredictionOptions,
    overrides: ModelOverrides,
    match_known: bool | None,
    resolve: Callable[[Sequence[Path], ModelOverrides], ResolvedModels],
) -> Iterator[tuple[PredictionPlan, OpenInput]]:
    """The same, apart from what a journal says of its run."""
    check_options(options, [data] if isinstance(data, Path) else [])
    with open_input(data, options.selection) as opened:
        if options.output_path is None and options.names_output:
            path = default_output(
                data, opened.video_name, options.output_format, name_of_input(opened)
            )
            if options.frame_range_of is not None:
                path = part_of(path, options.frame_range_of)
            options = replace(options, output_path=path)
        check_output_of(options, opened)  # ahead of the models, which may take a while
        resolved = resolve(model_paths, overrides)
        yield plan_prediction(resolved, opened, options, match_known), opened


def run_plan(
    plan: PredictionPlan,
    opened: OpenInput,
    report: Report | None = None,
    predictor: Predictor | None = None,
    *,
    opens: Opens | None = None,
    predicting: Predicting | None = None,
    keeps_labels: bool = True,
) -> PredictionSummary:
    """Predict the planned frames of an input and write the result.

    Args:
        plan: made for this input.
        opened: the input; it stays open.
        report: told what happens.
        predictor: of the plan's models, open; it stays open. None opens one.
        opens: settles the plan and opens its models, in place of a predictor.
        predicting: who predicts in its place.
        keeps_labels: the summary has the result, too. False: memory does not grow with the number
            of frames, where the output format allows it.

    Raises:
        DataError: a frame cannot be read. What was predicted before it is saved.
        KeyboardInterrupt: with a word on how to continue; the journal has what was predicted.
        RunError: the engine, a library or a thread failed, or does not get on; says what is kept,
            and how to go on.
        ModelError, OptionError, EngineError: as `open_predictor`.
    """
    report = report or Report()
    make_ready(plan)
    with ExitStack() as stack:
        journal = None
        if plan.journal_path is not None:  # first, so that a second run is refused at once
            journal = stack.enter_context(Journal(plan.journal_path, report.warn))
        try_planned_output(plan, opened)
        tell_replaced(plan, opened, report)
        for doubt in doubts(plan, opened):
            report.warn(doubt)
        earlier = journal.described() if journal is not None and plan.options.resume else None
        if predicting is None:
            if opens is not None:
                plan, predictor = opens(plan, opened, earlier)
                predicting = PredictingHere(predictor, opened, plan)
            else:
                plan, predicting = _here(plan, opened, report, predictor, earlier, stack)
        if journal is not None:
            resume = plan.options.resume == "auto" or plan.options.resume
            identity = run_identity(opened, Predictors.of(predicting), plan, earlier)
            journal.begin(identity, resume=resume)
        stored = store_of(plan, stack, keeps_labels=keeps_labels)
        run = Run(opened, plan, predicting, journal, stored)
        return run.complete(report, keeps_labels=keeps_labels)


def _here(
    plan: PredictionPlan,
    opened: OpenInput,
    report: Report,
    predictor: Predictor | None,
    earlier: Mapping[str, Any] | None,
    stack: ExitStack,
) -> tuple[PredictionPlan, PredictingHere]:
    """The plan with nothing left open, and this process, ready to predict.

    Args:
        plan: of the run.
        opened: its input.
        report: told what happens.
        predictor: of the plan's models, open; None opens one.
        earlier: what the journal says of the run that is continued.
        stack: closes what is opened.
    """
    if earlier is not None:
        plan = continued(plan, earlier, engine_is_open=predictor is not None)
    elif predictor is not None and not plan.is_part:
        plan = fitted(plan, predictor.models, opened)
    if predictor is None:
        graphs = plan.resolved.exported(report.step, report.warn)
        if earlier is None and not plan.is_part:  # parts must not differ by what was measured
            plan = tuned(plan, graphs, opened, report)
        report.chosen(plan)
        predictor = open_checked(
            graphs,
            plan.options.decode,
            plan.options.engine,
            match_known=plan.match_known,
            n_at_once=plan.n_at_once,
            warn=report.warn,
        )
        stack.enter_context(closing(predictor))
    return plan, PredictingHere(predictor, opened, plan)
