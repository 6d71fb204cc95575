"""Predict the poses of an input and write them: resolve, plan, run."""

import hashlib
import json
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleap_rt.errors import DataError
from sleap_rt.instances import FrameInstances
from sleap_rt.options import NO_OVERRIDES, ModelOverrides
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.outputs.centroids import store_centroids
from sleap_rt.runtime.outputs.damaged_frames import DamagedFrames
from sleap_rt.runtime.outputs.earlier_results import name_of_input
from sleap_rt.runtime.outputs.formats import write_labels
from sleap_rt.runtime.outputs.labels import LabelsBuilder
from sleap_rt.runtime.outputs.names import default_output, make_folder
from sleap_rt.runtime.outputs.provenance import prediction_provenance
from sleap_rt.runtime.outputs.video_paths import with_absolute_paths
from sleap_rt.runtime.pipeline.journal import Journal, JournalError
from sleap_rt.runtime.pipeline.stream import stream_results
from sleap_rt.runtime.pipeline.track_assignment import Following
from sleap_rt.runtime.predictors import Predictor, open_predictor
from sleap_rt.workflows.plan import (
    PredictionOptions,
    PredictionPlan,
    check_options,
    check_output_of,
    plan_prediction,
)
from sleap_rt.workflows.resolve import resolve_models

if TYPE_CHECKING:
    import sleap_io as sio

    from sleap_rt.export.steps import Step

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PredictionSummary:
    """What a prediction did.

    Attributes:
        n_frames: in the result, before empty ones were left out.
        n_resumed: of these, taken from the journal.
        n_instances: found.
        n_tracks: in use.
        n_skipped: frames that were asked for, but do not exist.
        seconds: from the first frame read to the last result.
        engine: what ran the graphs.
        device: where it truly ran.
        paths: files written.
        damaged: frames whose image could not be read, or was made up in part by the decoder.
        labels: the result.
    """

    n_frames: int
    n_resumed: int
    n_instances: int
    n_tracks: int
    n_skipped: int
    damaged: DamagedFrames
    seconds: float
    engine: str
    device: str
    paths: tuple[Path, ...]
    labels: "sio.Labels"

    @property
    def frames_per_second(self) -> float:
        return (self.n_frames - self.n_resumed) / max(self.seconds, 1e-9)


def predict(
    data: Any,
    model_paths: Sequence[Path],
    options: PredictionOptions,
    overrides: ModelOverrides = NO_OVERRIDES,
    report: "Report | None" = None,
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
        return run_plan(plan, opened, report)


@contextmanager
def planned(
    data: Any,
    model_paths: Sequence[Path],
    options: PredictionOptions,
    overrides: ModelOverrides = NO_OVERRIDES,
    match_known: bool | None = None,
) -> Iterator[tuple[PredictionPlan, OpenInput]]:
    """The plan of a prediction, and its input, open while the context lasts.

    Arguments and errors are those of `predict` and `plan_prediction`.
    """
    check_options(options, [data] if isinstance(data, Path) else [])
    with open_input(data, options.selection) as opened:
        if options.output_path is None and options.names_output:
            path = default_output(
                data, opened.video_name, options.output_format, name_of_input(opened)
            )
            options = replace(options, output_path=path)
        check_output_of(options, opened)  # ahead of the models, which may take a while
        resolved = resolve_models(model_paths, overrides)
        yield plan_prediction(resolved, opened, options, match_known), opened


class Report:
    """What a workflow tells while it runs; this one tells nothing."""

    def planned(self, plan: PredictionPlan) -> None:
        """The plan is made, and about to be carried out."""

    def step(self, step: "Step") -> None:
        """A step of an export begins or has ended."""

    def warn(self, message: str) -> None:
        """Something that the user should know, and that stops nothing."""
        _log.warning(message)

    def results(
        self, results: Iterable[FrameInstances], n_frames: int, n_done: int
    ) -> Iterable[FrameInstances]:
        """The results as they come: `n_frames` in all, `n_done` of them from a journal."""
        return results


def run_plan(
    plan: PredictionPlan,
    opened: OpenInput,
    report: Report | None = None,
    predictor: Predictor | None = None,
) -> PredictionSummary:
    """Predict the planned frames of an input and write the result.

    Args:
        plan: made for this input.
        opened: the input; it stays open.
        report: told what happens.
        predictor: of the plan's models, open; it stays open. None opens one.

    Raises:
        DataError: a frame cannot be read. What was predicted before it is saved.
        KeyboardInterrupt: with a word on how to continue; the journal has what was predicted.
        ModelError, OptionError, EngineError: as `open_predictor`.
    """
    report = report or Report()
    options = plan.options
    if options.output_path is not None:
        make_folder(options.output_path)
    with ExitStack() as stack:
        journal = None
        if plan.journal_path is not None:  # first, so that a second run is refused at once
            journal = stack.enter_context(Journal(plan.journal_path, report.warn))
        if predictor is None:
            graphs = plan.resolved.exported(report.step)
            predictor = open_predictor(
                graphs, options.decode, options.engine, match_known=plan.match_known
            )
            stack.enter_context(closing(predictor))
        if journal is not None:
            journal.begin(_identity(opened, predictor, plan), resume=options.resume)
        return _Run(opened, plan, predictor, journal).complete(report)


class _Run:
    """A prediction under way."""

    def __init__(
        self, opened: OpenInput, plan: PredictionPlan, predictor: Predictor, journal: Journal | None
    ) -> None:
        self._opened, self._plan, self._predictor = opened, plan, predictor
        self._journal = journal
        self._following = Following(plan.options.tracking, predictor.class_names)
        self._found = LabelsBuilder(
            predictor.skeleton,
            with_absolute_paths(opened.videos()),
            lambda track_id: self._following.names[track_id],
            keeps_empty=not plan.options.no_empty_frames,
        )
        self._n_wanted = len(plan.selection.refs)
        self._damaged = DamagedFrames()

    def complete(self, report: Report) -> PredictionSummary:
        n_resumed = 0 if self._journal is None else self._journal.n_frames
        started_at, started = datetime.now(UTC), time.perf_counter()
        failure = self._collect(report, n_resumed)
        seconds = time.perf_counter() - started
        labels = self._labels(started_at, seconds)
        options = self._plan.options
        paths: tuple[Path, ...] = ()
        if options.output_path is not None:
            make_folder(options.output_path)  # again: it may have been deleted in the meantime
            paths = write_labels(
                labels, options.output_path, options.output_format, name_of_input(self._opened)
            )
        if failure is not None:
            n_done = self._found.n_frames
            where = f" saved in {options.output_path}" if paths else " lost"
            raise DataError(
                f"{failure} The {n_done} frames before it are{where}; "
                f"{self._n_wanted - n_done} frames are missing."
            ) from failure
        if self._journal is not None:
            self._journal.remove()
        return PredictionSummary(
            n_frames=self._found.n_frames,
            n_resumed=n_resumed,
            n_instances=self._found.n_instances,
            n_tracks=self._found.n_tracks,
            n_skipped=self._plan.selection.n_skipped,
            damaged=self._damaged,
            seconds=seconds,
            engine=options.engine.engine,
            device=self._predictor.device,
            paths=paths,
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
                    self._damaged.note(result)
                    self._found.add(result)
            except JournalError as error:
                raise JournalError(f"{error} {self._how_to_go_on()}.") from error
            except DataError as error:
                if self._journal is not None:
                    self._journal.drop_last()
                return error
            except KeyboardInterrupt:
                raise KeyboardInterrupt(self._how_to_go_on()) from None
        return None

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

    def _labels(self, started_at: datetime, seconds: float) -> "sio.Labels":
        provenance = prediction_provenance(
            self._plan.options,
            self._opened,
            self._predictor,
            started_at=started_at,
            seconds=seconds,
            n_processed=self._found.n_frames,
            tracked=self._following.options is not None,
            damaged=self._damaged,
        )
        labels = self._found.labels(provenance)
        anchor_part = self._predictor.models.first.anchor_part
        return store_centroids(labels, self._plan.options.centroid_output, anchor_part)


def _identity(opened: OpenInput, predictor: Predictor, plan: PredictionPlan) -> dict[str, Any]:
    """What decides the results of a run, ahead of tracking."""
    options = plan.options
    return {
        "input": _hashed([[str(path.resolve()), path.stat().st_size] for path in opened.files]),
        "frames": plan.selection.fingerprint,
        "models": _hashed([contract.to_json() for contract in predictor.models.contracts]),
        "decoding options": asdict(options.decode),
        "filters": asdict(options.filters),
        "batch_size": options.run.batch_size,
        "engine": options.engine.engine,
        "device": predictor.device,
        "video decoder": opened.source.decoder,
        "match_known": plan.match_known,
    }


def _hashed(values: Any) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()
