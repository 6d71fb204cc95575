"""One prediction job: opened input and exported graphs in, a file of predictions out."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sleap_rt.errors import DataError
from sleap_rt.instances import FrameInstances
from sleap_rt.options import (
    DecodeOptions,
    EngineOptions,
    FilterOptions,
    RunOptions,
    SelectionOptions,
)
from sleap_rt.runtime.engines import choose_engine
from sleap_rt.runtime.frames.source import Source
from sleap_rt.runtime.outputs.centroids import (
    CentroidOutput,
    check_centroid_output,
    store_centroids,
)
from sleap_rt.runtime.outputs.formats import write_labels
from sleap_rt.runtime.outputs.labels import labels_from_instances
from sleap_rt.runtime.outputs.names import check_output
from sleap_rt.runtime.outputs.provenance import prediction_provenance
from sleap_rt.runtime.pipeline.journal import Journal
from sleap_rt.runtime.pipeline.stream import restrict_to_labeled, stream_results
from sleap_rt.runtime.pipeline.track_assignment import Following
from sleap_rt.runtime.predictors import Predictor, open_predictor
from sleap_rt.tracking import TrackerOptions

if TYPE_CHECKING:
    import sleap_io as sio

Progress = Callable[[Iterable[FrameInstances], int, int], Iterable[FrameInstances]]


@dataclass(frozen=True, kw_only=True)
class PredictionJob:
    """With what to predict, and where to.

    Attributes:
        models: exported graphs.
        output_path: the file to write; None writes none.
        selection: which frames; the source was opened with the same.
        decode: thresholds and grouping.
        filters: which instances are dropped.
        tracking: how to track; None does not.
        engine: what runs the graphs.
        run: batch size and queue.
        match_known: a centroid model alone takes over poses of labelled animals.
        centroid_output: what a centroid model alone gives; one of `CENTROID_OUTPUTS`.
        output_format: kind of the file; one of `FORMATS`.
        no_empty_frames: leave out frames without instances.
        resume: go on with the journal of a run that was cut off. None refuses to overwrite one,
            False begins anew.
    """

    models: Sequence[Path]
    output_path: Path | None = None
    selection: SelectionOptions = field(default_factory=SelectionOptions)
    decode: DecodeOptions = field(default_factory=DecodeOptions)
    filters: FilterOptions = field(default_factory=FilterOptions)
    tracking: TrackerOptions | None = None
    engine: EngineOptions = field(default_factory=EngineOptions)
    run: RunOptions = field(default_factory=RunOptions)
    match_known: bool = False
    centroid_output: CentroidOutput = "instance"
    output_format: str = "slp"
    no_empty_frames: bool = False
    resume: bool | None = None

    @property
    def journal_path(self) -> Path | None:
        path = self.output_path
        return None if path is None else path.with_name(path.name + ".journal")


@dataclass(frozen=True, kw_only=True)
class JobSummary:
    """What a job did.

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
        labels: the result.
    """

    n_frames: int
    n_resumed: int
    n_instances: int
    n_tracks: int
    n_skipped: int
    seconds: float
    engine: str
    device: str
    paths: tuple[Path, ...]
    labels: "sio.Labels"

    @property
    def frames_per_second(self) -> float:
        return (self.n_frames - self.n_resumed) / max(self.seconds, 1e-9)


def run_prediction(
    source: Source,
    job: PredictionJob,
    progress: Progress | None = None,
    predictor: Predictor | None = None,
) -> JobSummary:
    """Predict the frames of a source and write the result.

    Args:
        source: open; it stays open.
        job: everything else.
        progress: wraps the stream of results (given with the number of frames, and how many of
            them the journal has) to show progress.
        predictor: of the job's models, open; it stays open. None opens one.

    Raises:
        DataError: a frame cannot be read. What was predicted before it is saved.
        KeyboardInterrupt: with a word on how to go on; the journal has what was predicted.
        ModelError, OptionError, EngineError: as `open_predictor`.
    """
    if job.output_path is not None:
        check_output(job.output_path, source.files, job.output_format)
    _check_journal(job)
    with ExitStack() as stack:
        if predictor is None:
            opened = open_predictor(job.models, job.decode, job.engine, match_known=job.match_known)
            predictor = stack.enter_context(closing(opened))
        # As `open_predictor` settled it: what is stored names the engine that runs.
        precisions = {file.contract.precision for file in predictor.files}
        job = replace(job, engine=choose_engine(job.engine, precisions).options)
        _check_centroid_output(job, predictor)
        if predictor.needs_instances:
            restrict_to_labeled(source)
        journal = None
        if job.journal_path is not None:
            run = _identity(source, predictor, job)
            journal = Journal(job.journal_path, run, resume=bool(job.resume))
            stack.enter_context(closing(journal))
        return _Run(source, job, predictor, journal).complete(progress)


class _Run:
    """A job under way."""

    def __init__(
        self, source: Source, job: PredictionJob, predictor: Predictor, journal: Journal | None
    ) -> None:
        self._source, self._job, self._predictor = source, job, predictor
        self._journal = journal
        self._following = Following(job.tracking, predictor.class_names)
        self._results: list[FrameInstances] = []
        self._n_wanted = len(source.selection.refs)

    def complete(self, progress: Progress | None) -> JobSummary:
        n_resumed = 0 if self._journal is None else self._journal.n_frames
        started_at, started = datetime.now(UTC), time.perf_counter()
        failure = self._collect(progress, n_resumed)
        seconds = time.perf_counter() - started
        labels = self._labels(started_at, seconds)
        job = self._job
        paths: tuple[Path, ...] = ()
        if job.output_path is not None:
            paths = write_labels(labels, job.output_path, job.output_format)
        if failure is not None:
            n_done = len(self._results)
            where = f" saved in {job.output_path}" if paths else " lost"
            raise DataError(
                f"{failure} The {n_done} frames before it are{where}; "
                f"{self._n_wanted - n_done} frames are missing."
            ) from failure
        if self._journal is not None:
            self._journal.remove()
        return JobSummary(
            n_frames=len(self._results),
            n_resumed=n_resumed,
            n_instances=sum(len(result) for result in self._results),
            n_tracks=_n_tracks(self._results),
            n_skipped=self._source.selection.n_skipped,
            seconds=seconds,
            engine=job.engine.engine,
            device=self._predictor.device,
            paths=paths,
            labels=labels,
        )

    def _collect(self, progress: Progress | None, n_resumed: int) -> DataError | None:
        """Take in all results; what stopped them, if anything did."""
        stream = stream_results(
            self._predictor,
            self._source,
            run=self._job.run,
            filters=self._job.filters,
            following=self._following,
            journal=self._journal,
        )
        with closing(stream):
            try:
                for result in progress(stream, self._n_wanted, n_resumed) if progress else stream:
                    self._results.append(result)
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
            "go on with the same command and --resume"
        )

    def _labels(self, started_at: datetime, seconds: float) -> "sio.Labels":
        provenance = prediction_provenance(
            self._job,
            self._source,
            self._predictor,
            started_at=started_at,
            seconds=seconds,
            n_processed=len(self._results),
            tracked=self._following.options is not None,
        )
        stored = [one for one in self._results if len(one) or not self._job.no_empty_frames]
        labels = labels_from_instances(
            stored,
            self._predictor.skeleton,
            self._source.videos(),
            self._following.names,
            provenance,
        )
        anchor_part = self._predictor.files[0].contract.anchor_part
        return store_centroids(labels, self._job.centroid_output, anchor_part)


def _n_tracks(results: Sequence[FrameInstances]) -> int:
    if not results:
        return 0
    ids = np.concatenate([result.track_ids for result in results])
    return len(np.unique(ids[ids >= 0]))


def _check_centroid_output(job: PredictionJob, predictor: Predictor) -> None:
    alone = [file.contract.kind for file in predictor.files] == ["centroid"]
    check_centroid_output(
        job.centroid_output,
        finds_centroids=alone and not predictor.needs_instances,
        is_tracked=job.tracking is not None,
        output_format=job.output_format,
    )


def _check_journal(job: PredictionJob) -> None:
    path = job.journal_path
    if path is None:
        return
    if job.resume is None and path.exists():
        raise DataError(
            f"{path} holds results of a run that was cut off. Go on with it by --resume, or begin "
            "anew by --no-resume."
        )
    if job.resume and not path.exists():
        raise DataError(f"there is nothing to resume: {path} does not exist.")


def _identity(source: Source, predictor: Predictor, job: PredictionJob) -> dict[str, Any]:
    """What decides the results of a run, ahead of tracking."""
    return {
        "layout": 1,
        "input": _hashed([[str(path.resolve()), path.stat().st_size] for path in source.files]),
        "frames": source.selection.fingerprint,
        "models": _hashed([file.contract.to_json() for file in predictor.files]),
        "decoding options": asdict(job.decode),
        "filters": asdict(job.filters),
        "batch_size": job.run.batch_size,
        "engine": job.engine.engine,
        "device": predictor.device,
        "video decoder": source.decoder,
        "match_known": job.match_known,
    }


def _hashed(values: Any) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()
