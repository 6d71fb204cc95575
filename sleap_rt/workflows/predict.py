"""Predict the poses of an input and write them: resolve, plan, run."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleap_rt.errors import DataError, EngineError, RunError
from sleap_rt.instances import FrameInstances
from sleap_rt.options import NO_OVERRIDES, ModelOverrides
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.outputs.centroids import store_centroids
from sleap_rt.runtime.outputs.damaged_frames import DamagedFrames
from sleap_rt.runtime.outputs.earlier_results import name_of_input
from sleap_rt.runtime.outputs.formats import load_writer, write_labels, write_results
from sleap_rt.runtime.outputs.labels import labels_of
from sleap_rt.runtime.outputs.names import default_output, make_folder
from sleap_rt.runtime.outputs.provenance import prediction_provenance, without_times
from sleap_rt.runtime.outputs.results import RunResults, Shown, Tally
from sleap_rt.runtime.outputs.saving import remove_unfinished
from sleap_rt.runtime.outputs.summary import PredictionSummary
from sleap_rt.runtime.outputs.trial import try_output
from sleap_rt.runtime.outputs.video_paths import with_absolute_paths
from sleap_rt.runtime.pipeline.journal import Journal, JournalError
from sleap_rt.runtime.pipeline.spool import Spool
from sleap_rt.runtime.pipeline.stages.faults import doing
from sleap_rt.runtime.pipeline.stream import stream_results
from sleap_rt.runtime.pipeline.track_assignment import Following
from sleap_rt.runtime.predictors import Predictor
from sleap_rt.workflows.doubts import doubts
from sleap_rt.workflows.plan import (
    PredictionOptions,
    PredictionPlan,
    check_options,
    check_output_of,
    plan_prediction,
)
from sleap_rt.workflows.report import Report
from sleap_rt.workflows.resolve import ResolvedModels, resolve_models
from sleap_rt.workflows.run_identity import run_identity
from sleap_rt.workflows.tuning import continued, open_checked, tuned

if TYPE_CHECKING:
    import sleap_io as sio


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
    """
    check_options(options, [data] if isinstance(data, Path) else [])
    with open_input(data, options.selection) as opened:
        if options.output_path is None and options.names_output:
            path = default_output(
                data, opened.video_name, options.output_format, name_of_input(opened)
            )
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
    keeps_labels: bool = True,
) -> PredictionSummary:
    """Predict the planned frames of an input and write the result.

    Args:
        plan: made for this input.
        opened: the input; it stays open.
        report: told what happens.
        predictor: of the plan's models, open; it stays open. None opens one.
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
    options = plan.options
    if options.output_path is not None:
        load_writer(options.output_format)
        make_folder(options.output_path)
    with ExitStack() as stack:
        journal = None
        if plan.journal_path is not None:  # first, so that a second run is refused at once
            journal = stack.enter_context(Journal(plan.journal_path, report.warn))
        if options.output_path is not None:
            try_output(
                options.output_path,
                options.output_format,
                plan.models.skeleton,
                opened.videos(),
                plan.selection.refs,
            )
        for doubt in doubts(plan, opened):
            report.warn(doubt)
        earlier = journal.described() if journal is not None and options.resume else None
        if earlier is not None:
            plan = continued(plan, earlier, engine_is_open=predictor is not None)
        if predictor is None:
            graphs = plan.resolved.exported(report.step, report.warn)
            plan = plan if earlier is not None else tuned(plan, graphs, opened, report)
            report.chosen(plan)
            predictor = open_checked(
                graphs,
                options.decode,
                plan.options.engine,
                match_known=plan.match_known,
                warn=report.warn,
            )
            stack.enter_context(closing(predictor))
        if journal is not None:
            resume = options.resume == "auto" or options.resume
            journal.begin(run_identity(opened, predictor, plan), resume=resume)
        stored: Spool | list[FrameInstances] = []
        if options.output_path is not None:
            remove_unfinished(options.output_path)
            stored = stack.enter_context(Spool(options.output_path.parent))
        run = _Run(opened, plan, predictor, journal, stored)
        return run.complete(report, keeps_labels=keeps_labels)


class _Run:
    """A prediction under way."""

    def __init__(
        self,
        opened: OpenInput,
        plan: PredictionPlan,
        predictor: Predictor,
        journal: Journal | None,
        stored: "Spool | list[FrameInstances]",
    ) -> None:
        self._opened, self._plan, self._predictor = opened, plan, predictor
        self._journal, self._stored = journal, stored
        self._following = Following(plan.options.tracking, predictor.class_names)
        self._tally = Tally(keeps_empty=not plan.options.no_empty_frames)
        self._n_wanted = len(plan.selection.refs)
        self._damaged = DamagedFrames()

    def complete(self, report: Report, *, keeps_labels: bool) -> PredictionSummary:
        n_resumed = 0 if self._journal is None else self._journal.n_frames
        started_at, started = datetime.now(timezone.utc), time.perf_counter()
        failure = self._collect(report, n_resumed)
        seconds = time.perf_counter() - started
        results = self._results(started_at, seconds)
        options, n_done = self._plan.options, self._tally.n_frames
        needs_labels = keeps_labels or options.centroid_output != "instance"
        labels = self._labels(results) if needs_labels else None
        paths: tuple[Path, ...] = ()
        if options.output_path is not None:
            paths = self._save(results, labels, options.output_path, report)
        if failure is not None:
            where = f" saved in {options.output_path}" if paths else " lost"
            raise DataError(
                f"{failure} The {n_done} frames before it are{where}; "
                f"{self._n_wanted - n_done} frames are missing."
            ) from failure
        if self._journal is not None:
            self._journal.remove()
        return PredictionSummary(
            n_frames=n_done,
            n_resumed=n_resumed,
            n_instances=results.n_instances,
            n_tracks=len(results.track_names),
            n_skipped=self._plan.selection.n_skipped,
            damaged=self._damaged,
            notes=(*self._opened.source.notes, *self._following.notes),
            seconds=seconds,
            engine=options.engine.engine,
            device=self._predictor.device,
            batch_size=options.run.frames_per_batch,
            paths=paths,
            videos=results.videos,
            labels=labels,
        )

    def _collect(self, report: Report, n_resumed: int) -> DataError | None:
        """Take in all results; what stopped them, if anything did."""
        stream = stream_results(
            self._predictor,
            self._opened.source,
            self._plan.selection.refs,
            run=self._plan.options.run,
            filters=self._plan.options.filters,
            following=self._following,
            labels=self._opened.labels,
            journal=self._journal,
        )
        with closing(stream):
            try:
                for result in report.results(stream, self._n_wanted, n_resumed):
                    with doing(f"storing frame {result.frame_index}"):
                        self._damaged.note(result)
                        if self._tally.add(result):
                            self._stored.append(result)
            except JournalError as error:
                raise JournalError(f"{error} {self._how_to_go_on()}.") from error
            except DataError as error:
                return error
            except KeyboardInterrupt:
                raise KeyboardInterrupt(self._how_to_go_on()) from None
            except (EngineError, RunError) as error:
                raise type(error)(f"{error} {self._what_is_left()}") from error
        return None

    def _what_is_left(self) -> str:
        return f"{self._how_to_go_on() or 'nothing was written'}."

    def _how_to_go_on(self) -> str:
        if self._journal is None:
            return ""
        if not self._journal.n_frames:
            self._journal.remove()
            return "nothing was predicted yet"
        n_kept, path = self._journal.n_frames, self._journal.path
        return (
            f"{n_kept} of {self._n_wanted} frames are kept in {path}; "
            "pass --resume to the same command to continue"
        )

    def _how_to_save(self) -> str:
        """After all was predicted, and could not be written."""
        if self._journal is None:
            return ""
        return (
            f"{self._how_to_go_on()}, or `--resume --journal {self._journal.path}` with another "
            "-o to write elsewhere or in another format"
        )

    def _results(self, started_at: datetime, seconds: float) -> RunResults:
        provenance = prediction_provenance(
            self._plan.options,
            self._opened,
            self._predictor,
            started_at=started_at,
            seconds=seconds,
            n_processed=self._tally.n_frames,
            tracked=self._following.options is not None,
            damaged=self._damaged,
        )
        if self._plan.options.reproducible:
            provenance = without_times(provenance)
        skeleton, videos = self._predictor.skeleton, with_absolute_paths(self._opened.videos())
        names = self._following.names
        return self._tally.results(self._stored, skeleton, videos, names, provenance)

    def _labels(self, results: RunResults) -> "sio.Labels":
        anchor_part = self._predictor.models.first.anchor_part
        return store_centroids(labels_of(results), self._plan.options.centroid_output, anchor_part)

    def _save(
        self, results: RunResults, labels: "sio.Labels | None", path: Path, report: Report
    ) -> tuple[Path, ...]:
        output_format = self._plan.options.output_format
        input_name = name_of_input(self._opened)
        try:
            make_folder(path)  # again: it may have been deleted in the meantime
            if labels is not None and self._plan.options.centroid_output != "instance":
                return write_labels(labels, path, output_format, input_name)
            shown = Shown(results.stored, partial(report.saving, n_frames=results.n_frames))
            shown_results = replace(results, stored=shown)
            return write_results(shown_results, path, output_format, input_name)
        except DataError as error:
            raise DataError(f"{error} {self._how_to_save()}.") from error
        except KeyboardInterrupt:
            raise KeyboardInterrupt(self._how_to_go_on()) from None
