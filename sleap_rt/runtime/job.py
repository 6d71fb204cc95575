"""One prediction job: opened input and exported graphs in, a file of predictions out."""

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
from sleap_rt.runtime.following import Following
from sleap_rt.runtime.io.labels import labels_from_instances, save_labels
from sleap_rt.runtime.io.output import check_output
from sleap_rt.runtime.io.source import Source
from sleap_rt.runtime.journal import Journal
from sleap_rt.runtime.predictors import Predictor, open_predictor
from sleap_rt.runtime.provenance import prediction_provenance
from sleap_rt.runtime.stream import restrict_to_labeled, stream_results
from sleap_rt.tracking import TrackerOptions

Progress = Callable[[Iterable[FrameInstances], int, int], Iterable[FrameInstances]]


@dataclass(frozen=True, kw_only=True)
class PredictionJob:
    """With what to predict, and where to.

    Attributes:
        models: exported graphs.
        output_path: the file to write.
        selection: which frames; the source was opened with the same.
        decode: thresholds and grouping.
        filters: which instances are dropped.
        tracking: how to track; None does not.
        engine: what runs the graphs.
        run: batch size and queue.
        match_known: a centroid model alone takes over poses of labelled animals.
        no_empty_frames: leave out frames without instances.
        resume: go on with the journal of a run that was cut off. None refuses to overwrite one,
            False begins anew.
    """

    models: Sequence[Path]
    output_path: Path
    selection: SelectionOptions = field(default_factory=SelectionOptions)
    decode: DecodeOptions = field(default_factory=DecodeOptions)
    filters: FilterOptions = field(default_factory=FilterOptions)
    tracking: TrackerOptions | None = None
    engine: EngineOptions = field(default_factory=EngineOptions)
    run: RunOptions = field(default_factory=RunOptions)
    match_known: bool = False
    no_empty_frames: bool = False
    resume: bool | None = None

    @property
    def journal_path(self) -> Path:
        return self.output_path.with_name(self.output_path.name + ".journal")


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
        device: where the engines truly ran.
        paths: files written.
    """

    n_frames: int
    n_resumed: int
    n_instances: int
    n_tracks: int
    n_skipped: int
    seconds: float
    device: str
    paths: tuple[Path, ...]

    @property
    def frames_per_second(self) -> float:
        return (self.n_frames - self.n_resumed) / max(self.seconds, 1e-9)


def run_prediction(
    source: Source, job: PredictionJob, progress: Progress | None = None
) -> JobSummary:
    """Predict the frames of a source and write the result.

    Args:
        source: open; it stays open.
        job: everything else.
        progress: wraps the stream of results (given with the number of frames, and how many of
            them the journal has) to show progress.

    Raises:
        DataError: a frame cannot be read. What was predicted before it is saved.
        KeyboardInterrupt: with a word on how to go on; the journal has what was predicted.
        ModelError, OptionError, EngineError: as `open_predictor`.
    """
    check_output(job.output_path, source.files)
    _check_journal(job)
    with closing(
        open_predictor(job.models, job.decode, job.engine, match_known=job.match_known)
    ) as predictor:
        if predictor.needs_instances:
            restrict_to_labeled(source)
        following = Following(job.tracking, predictor.class_names)
        journal = Journal(
            job.journal_path, _identity(source, predictor, job), resume=bool(job.resume)
        )
        with closing(journal):
            return _Run(source, job, predictor, following, journal).complete(progress)


@dataclass
class _Run:
    """A job under way."""

    source: Source
    job: PredictionJob
    predictor: Predictor
    following: Following
    journal: Journal

    def complete(self, progress: Progress | None) -> JobSummary:
        n_resumed, n_wanted = self.journal.n_frames, len(self.source.selection.refs)
        started_at, started = datetime.now(UTC), time.perf_counter()
        results: list[FrameInstances] = []
        failure: DataError | None = None
        stream = stream_results(
            self.predictor,
            self.source,
            run=self.job.run,
            filters=self.job.filters,
            following=self.following,
            journal=self.journal,
        )
        with closing(stream):
            try:
                for result in progress(stream, n_wanted, n_resumed) if progress else stream:
                    results.append(result)
            except DataError as error:
                failure = error
            except KeyboardInterrupt:
                raise KeyboardInterrupt(self._how_to_go_on(n_wanted)) from None
        seconds = time.perf_counter() - started
        paths = self._save(results, started_at, seconds)
        if failure is not None:
            raise DataError(
                f"{failure} The {len(results)} frames before it are saved in {self.job.output_path}"
                f"; {n_wanted - len(results)} frames are missing."
            ) from failure
        self.journal.remove()
        return JobSummary(
            n_frames=len(results),
            n_resumed=n_resumed,
            n_instances=sum(len(result) for result in results),
            n_tracks=_n_tracks(results),
            n_skipped=self.source.selection.n_skipped,
            seconds=seconds,
            device=self.predictor.device,
            paths=paths,
        )

    def _how_to_go_on(self, n_wanted: int) -> str:
        if not self.journal.n_frames:
            self.journal.remove()
            return "nothing was predicted yet"
        return (
            f"{self.journal.n_frames} of {n_wanted} frames are kept in {self.journal.path}; "
            "go on with the same command and --resume"
        )

    def _save(
        self, results: list[FrameInstances], started_at: datetime, seconds: float
    ) -> tuple[Path, ...]:
        provenance = prediction_provenance(
            self.job,
            self.source,
            self.predictor,
            started_at=started_at,
            seconds=seconds,
            n_processed=len(results),
            tracked=self.following.options is not None,
        )
        stored = [result for result in results if len(result) or not self.job.no_empty_frames]
        labels = labels_from_instances(
            stored, self.predictor.skeleton, self.source.videos(), self.following.names, provenance
        )
        save_labels(labels, self.job.output_path)
        return (self.job.output_path,)


def _n_tracks(results: Sequence[FrameInstances]) -> int:
    if not results:
        return 0
    ids = np.concatenate([result.track_ids for result in results])
    return len(np.unique(ids[ids >= 0]))


def _check_journal(job: PredictionJob) -> None:
    path = job.journal_path
    if job.resume is None and path.exists():
        raise DataError(
            f"{path} holds results of a run that was cut off. Go on with it by --resume, or begin "
            "anew by --no-resume."
        )
    if job.resume and not path.exists():
        raise DataError(f"there is nothing to resume: {path} does not exist.")


def _identity(source: Source, predictor: Predictor, job: PredictionJob) -> dict[str, Any]:
    """What decides the results of a run, ahead of tracking."""
    refs = np.array([tuple(ref) for ref in source.selection.refs], np.int64)
    return {
        "layout": 1,
        "input": [[str(path.resolve()), path.stat().st_size] for path in source.files],
        "frames": hashlib.sha256(refs.tobytes()).hexdigest(),
        "models": [
            hashlib.sha256(file.contract.to_json().encode()).hexdigest() for file in predictor.files
        ],
        "decoding options": asdict(job.decode),
        "filters": asdict(job.filters),
        "batch_size": job.run.batch_size,
        "device": predictor.device,
        "video decoder": source.decoder,
        "match_known": job.match_known,
    }
