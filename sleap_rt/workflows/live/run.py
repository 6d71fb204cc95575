"""A live run from its options to its summary: resolve, plan, warm up, answer, save."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sleap_rt.arrays import Image
from sleap_rt.errors import SleapRtError
from sleap_rt.options import NO_OVERRIDES, LiveOptions, ModelOverrides, RunOptions
from sleap_rt.runtime.frames.live import LiveSource, find_source
from sleap_rt.runtime.inspect.warm_up import warm_up
from sleap_rt.runtime.live import Outlet
from sleap_rt.runtime.outputs.provenance import prediction_provenance
from sleap_rt.runtime.pipeline.stages.faults import doing
from sleap_rt.runtime.pipeline.track_assignment import Following
from sleap_rt.runtime.predictors import Predictor, check_single_frames
from sleap_rt.workflows.live.answering import Answering
from sleap_rt.workflows.live.record import Record
from sleap_rt.workflows.live.report import LiveReport, LiveSummary
from sleap_rt.workflows.live.stop_signals import stop_signals
from sleap_rt.workflows.planning.doubts import doubts_about
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.planning.plan import PredictionPlan, check_options, plan_prediction
from sleap_rt.workflows.resolve import resolve_models
from sleap_rt.workflows.running.predicting import asked_of_engine
from sleap_rt.workflows.tuning import open_checked

_N_WARM_UPS = 2  # the first run of a size allocates and may build, the second one still settles


def watch(
    data: Any,
    model_paths: Sequence[Path],
    options: PredictionOptions,
    live: LiveOptions,
    overrides: ModelOverrides = NO_OVERRIDES,
    outlets: Sequence[Outlet] = (),
    report: LiveReport | None = None,
) -> LiveSummary:
    """Predict and follow the animals of each frame as it arrives: the whole of `sleap-nn live`.

    Frames that arrive while another one is worked on replace each other; only the newest is taken.
    Ctrl-C ends the run in order.

    Args:
        data: as `find_source` takes.
        model_paths: export folders, `.onnx` files or trained models.
        options: decoding, filters, tracking, engine, and the file to record to.
        live: what is special about live runs.
        overrides: settings that replace those of the training configurations.
        outlets: get every result; besides those that `live` asks for.
        report: told what happens.

    Raises:
        OptionError: wrong use, found before anything runs.
        DataError: there is no such source, or it is lost. What was recorded until then is saved.
        ModelError, EngineError: as `open_predictor`.
        RunError: a library or an outlet failed. What was recorded until then is saved.
    """
    report = report or LiveReport()
    options = replace(options, run=RunOptions(batch_size=1))
    check_single_frames(options.decode, "live frames")
    check_options(options, [Path(data)] if isinstance(data, (str, Path)) else [])
    with ExitStack() as stack:
        source = stack.enter_context(closing(find_source(data, live)))
        resolved = resolve_models(model_paths, overrides)
        plan = plan_prediction(resolved, source.opened, options)
        report.planned(plan)
        addressed = dict(_addressed_outlets(live))
        for outlet in addressed.values():
            stack.callback(outlet.close)
        graphs = resolved.exported(report.step, report.warn)
        report.chosen(plan)
        decode, engine = plan.options.decode, plan.options.engine
        predictor = open_checked(graphs, decode, engine, warn=report.warn)
        stack.enter_context(closing(predictor))
        record = None
        if options.output_path is not None:
            record = Record(options.output_path, options, source.opened, predictor.skeleton)
            stack.callback(record.close)
        warm_up(predictor, engine)
        first = _warmed(source, predictor)
        for doubt in doubts_about(plan, first.shape):
            report.warn(doubt)
        addresses = {kind: outlet.address for kind, outlet in addressed.items()}
        report.watching(source.name, first, predictor.device, addresses)
        run = _Run(plan, live, source, predictor, record, addresses)
        return run.complete([*outlets, *addressed.values()], report)


def _addressed_outlets(live: LiveOptions) -> Iterator[tuple[str, Any]]:
    """Those that others connect to, by kind."""
    if live.zmq is not None:
        from sleap_rt.runtime.live.publisher import Publisher

        yield "zmq", Publisher(live.zmq)
    if live.view is not None:
        from sleap_rt.runtime.live.view import View

        yield "view", View(live.view)


def _warmed(source: LiveSource, predictor: Predictor) -> Image:
    """The first frame, after the engine has run on it: later ones of its size are quick."""
    first = source.first()
    for _ in range(_N_WARM_UPS):
        predictor.predict(first[None], [0])
    return first


def _with_record(message: str, paths: Sequence[Path]) -> str:
    if not paths:
        return message
    ends = not message or message.endswith(".")
    return f"{message}{'' if ends else '.'} What was recorded until then is in {paths[0]}.".strip()


class _Run:
    """A live run whose parts are open."""

    def __init__(
        self,
        plan: PredictionPlan,
        live: LiveOptions,
        source: LiveSource,
        predictor: Predictor,
        record: Record | None,
        addresses: Mapping[str, str],
    ) -> None:
        self._plan, self._live, self._source = plan, live, source
        self._predictor, self._record, self._addresses = predictor, record, addresses
        self._following = Following(plan.options.tracking, predictor.class_names)

    def complete(self, outlets: Sequence[Outlet], report: LiveReport) -> LiveSummary:
        started_at = datetime.now(timezone.utc)
        answering = Answering(
            self._source,
            self._predictor,
            self._following,
            self._plan.options.filters,
            self._live,
            outlets if self._record is None else [self._record, *outlets],
            report.figures,
            report.warn,
        )
        failure: SleapRtError | KeyboardInterrupt | None = None
        with stop_signals() as stop:
            try:
                with doing(f"Watching {self._source.name}"):
                    answering.run(stop)
            except (SleapRtError, KeyboardInterrupt) as error:
                failure = error
            paths = self._save(started_at, answering)
        summary = LiveSummary(
            figures=answering.figures,
            n_tracks=len(self._following.names),
            n_trackless=self._following.n_left_out,
            engine=self._plan.options.engine.engine,
            device=self._predictor.device,
            paths=paths,
            addresses=self._addresses,
            notes=self._following.notes,
            warnings=tuple(answering.damaged.warnings(self._source.opened.videos())),
        )
        report.ended(summary)
        if failure is not None:
            raise type(failure)(_with_record(str(failure), paths)) from failure
        return summary

    def _save(self, started_at: datetime, answering: Answering) -> tuple[Path, ...]:
        if self._record is None:
            return ()
        figures = answering.figures
        provenance = prediction_provenance(
            self._plan.options,
            self._source.opened,
            self._predictor,
            overrides=self._plan.resolved.overrides,
            engine_options=asked_of_engine(self._plan),
            started_at=started_at,
            seconds=figures.seconds,
            n_processed=figures.n_predicted,
            tracking=self._following.options,
            damaged=answering.damaged,
            n_nodeless=self._record.n_nodeless,
        )
        provenance["live"] = {"source": self._source.name, **vars(figures)}
        return self._record.save(self._following.names, provenance)
