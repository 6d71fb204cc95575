"""A run under way: takes in what is predicted, follows, and writes the result."""

import time
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.errors import DataError, EngineError, RunError, as_given
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.outputs.centroids import store_centroids
from sleap_rt.runtime.outputs.damaged_frames import DamagedFrames
from sleap_rt.runtime.outputs.formats import format_named, write_labels, write_results
from sleap_rt.runtime.outputs.labels import labels_of
from sleap_rt.runtime.outputs.names import make_folder
from sleap_rt.runtime.outputs.origin.origin import AskedFrames, Origin, name_of_input
from sleap_rt.runtime.outputs.provenance import prediction_provenance, without_times
from sleap_rt.runtime.outputs.results import RunResults, Shown, Tally
from sleap_rt.runtime.outputs.summary import PredictionSummary
from sleap_rt.runtime.outputs.video_paths import with_absolute_paths
from sleap_rt.runtime.pipeline.journal import Journal, JournalError
from sleap_rt.runtime.pipeline.progress import Pace
from sleap_rt.runtime.pipeline.spool import Spool
from sleap_rt.runtime.pipeline.stages.faults import doing
from sleap_rt.runtime.pipeline.stream import followed
from sleap_rt.runtime.pipeline.track_assignment import Following
from sleap_rt.runtime.predictors import most_instances
from sleap_rt.words import as_typed, counted, is_or_are, sentence
from sleap_rt.workflows.planning.doubts import out_of_reach
from sleap_rt.workflows.planning.plan import PredictionPlan
from sleap_rt.workflows.planning.result_files import check_result_replaceable
from sleap_rt.workflows.report import Report
from sleap_rt.workflows.run_identity.asked import asked_of_input
from sleap_rt.workflows.running.predicting import Predicting

if TYPE_CHECKING:
    import sleap_io as sio


class Run:
    """A prediction under way.

    Args:
        opened: the input.
        plan: of the run.
        predicting: gives the results of the planned frames.
        journal: gets what was predicted; one of a part becomes the part.
        stored: gets the results; None where nobody needs them once more.
    """

    def __init__(
        self,
        opened: OpenInput,
        plan: PredictionPlan,
        predicting: Predicting,
        journal: Journal | None,
        stored: "Spool | list[FrameInstances] | None",
    ) -> None:
        self._opened, self._plan, self._predicting = opened, plan, predicting
        self._journal, self._stored = journal, stored
        self._following = Following(plan.tracking, predicting.models.class_names)
        self._tally = Tally(keeps_empty=not plan.options.no_empty_frames)
        self._n_wanted = len(plan.positions)
        self._damaged = DamagedFrames()
        self._pace = Pace(0 if journal is None else journal.n_frames)

    def complete(self, report: Report, *, keeps_labels: bool) -> PredictionSummary:
        """Do it all; arguments and errors as of `run_plan`."""
        n_resumed = 0 if self._journal is None else self._journal.n_frames
        started_at, started = datetime.now(timezone.utc), time.perf_counter()
        failure = self._collect(report, n_resumed)
        seconds = time.perf_counter() - started
        results = self._results(started_at, seconds)
        options, n_done = self._plan.options, self._tally.n_frames
        if failure is not None and not n_done:
            raise DataError(f"{sentence(failure)} {self._what_is_left()}") from failure
        if options.output_path is not None and not self._plan.is_part:
            self._check_replaced(failure)
        labels = self._labels(results, keeps_labels)
        paths = self._written(results, labels, failure, report)
        if failure is not None:
            where = f"saved in {options.output_path}" if paths else "lost"
            n_missing = self._n_wanted - n_done
            raise DataError(
                f"{sentence(failure)} The {counted(n_done, 'frame')} before it "
                f"{is_or_are(n_done)} {where}; {counted(n_missing, 'frame')} "
                f"{is_or_are(n_missing)} missing."
            ) from failure
        if self._journal is not None and not self._plan.is_part:
            self._journal.remove()
        return PredictionSummary(
            n_frames=n_done,
            n_resumed=n_resumed,
            n_instances=results.n_instances,
            n_nodeless=self._tally.n_nodeless,
            n_trackless=self._following.n_left_out,
            n_tracks=len(results.track_names),
            n_skipped=self._plan.selection.n_skipped,
            skipped=self._plan.selection.skipped,
            damaged=self._damaged,
            notes=(*self._opened.source.notes, *self._following.notes),
            seconds=seconds,
            frames_per_second=self._pace.rate,
            engine=self._predicting.engine,
            device=self._predicting.models.device,
            batch_size=options.run.frames_per_batch,
            paths=paths,
            videos=results.videos,
            labels=labels,
            most_instances=most_instances(self._plan.models),
            out_of_reach=tuple(out_of_reach(self._plan.options, self._plan.models)),
            n_untracked_rows=self._n_untracked_rows() if paths else 0,
        )

    def _collect(self, report: Report, n_resumed: int) -> DataError | None:
        """Take in all results; what stopped them, if anything did."""
        batches = self._predicting.batches(self._plan.positions[n_resumed:])
        stream = followed(batches, self._opened.source, self._following, self._journal)
        with closing(stream):
            try:
                for result in report.results(stream, self._n_wanted, n_resumed):
                    with doing(f"Storing frame {result.frame_index}"):
                        self._pace.add()
                        self._damaged.note(result)
                        if self._tally.add(result) and self._stored is not None:
                            self._stored.append(result)
            except JournalError as error:
                raise JournalError(f"{sentence(error)} {self._how_to_go_on()}.") from error
            except DataError as error:
                return error
            except KeyboardInterrupt:
                raise KeyboardInterrupt(as_given(self._how_to_go_on())) from None
            except (EngineError, RunError) as error:
                raise type(error)(f"{sentence(error)} {self._what_is_left()}") from error
        return None

    def _what_is_left(self) -> str:
        left = self._how_to_go_on() or "nothing was written"
        return f"{left[:1].upper()}{left[1:]}."

    def _how_to_go_on(self) -> str:
        if self._journal is None:
            return ""
        if not self._journal.n_frames:
            self._journal.remove()
            return "nothing was predicted yet"
        n_kept, path = self._journal.n_frames, self._journal.path
        return (
            f"{n_kept} of {self._n_wanted} frames {is_or_are(n_kept)} kept in {path}; "
            "pass --resume to the same command to continue"
        )

    def _how_to_save(self) -> str:
        """After all was predicted, and could not be written."""
        if self._journal is None:
            return ""
        kept = as_typed(self._journal.path)
        return (
            f"{self._how_to_go_on()}, or `--resume --journal {kept}` with another -o to write "
            "elsewhere or in another format"
        )

    def _results(self, started_at: datetime, seconds: float) -> RunResults:
        options, predicting = self._plan.options, self._predicting
        provenance = prediction_provenance(
            replace(options, engine=replace(options.engine, engine=predicting.engine)),
            self._opened,
            predicting.models,
            overrides=self._plan.resolved.overrides,
            engine_options=predicting.engine_options,
            started_at=started_at,
            seconds=seconds,
            n_processed=self._tally.n_frames,
            tracking=self._following.options,
            damaged=self._damaged,
            n_nodeless=self._tally.n_nodeless,
        )
        if options.reproducible:
            provenance = without_times(provenance)
        skeleton, videos = predicting.models.skeleton, with_absolute_paths(self._opened.videos())
        names, stored = self._following.names, self._stored
        return self._tally.results(
            [] if stored is None else stored, skeleton, videos, names, provenance
        )

    def _n_untracked_rows(self) -> int:
        has_them = format_named(self._plan.options.output_format).has_untracked_rows
        return self._tally.most_untracked if has_them else 0

    def _labels(self, results: RunResults, keeps_labels: bool) -> "sio.Labels | None":
        needs_labels = keeps_labels or self._plan.options.centroid_output != "instance"
        if not needs_labels or self._stored is None:
            return None
        anchor_part = self._predicting.models.models.first.anchor_part
        return store_centroids(labels_of(results), self._plan.options.centroid_output, anchor_part)

    def _origin(self) -> Origin:
        graphs = self._predicting.models.models
        resolved = replace(self._plan.resolved, models=graphs, graphs=graphs)
        return Origin(
            input_name=name_of_input(self._opened),
            n_frames=self._tally.n_frames,
            n_wanted=self._n_wanted,
            frames=AskedFrames.of(self._plan.options.selection.frames),
            asked=asked_of_input(self._plan.options, resolved, self._opened.files),
        )

    def _check_replaced(self, failure: DataError | None) -> None:
        """Refuse to save over more than there is, or what somebody put there in the meantime."""
        try:
            check_result_replaceable(self._plan.options, self._opened, self._tally.n_frames)
        except DataError as error:
            told = f"{sentence(failure)} {error}" if failure else str(error)
            how = self._how_to_save()
            raise DataError(f"{told} {how}." if how else told) from (failure or error)

    def _written(
        self,
        results: RunResults,
        labels: "sio.Labels | None",
        failure: DataError | None,
        report: Report,
    ) -> tuple[Path, ...]:
        path = self._plan.options.output_path
        if self._plan.is_part:
            return self._kept_part(failure)
        return () if path is None else self._save(results, labels, path, report)

    def _kept_part(self, failure: DataError | None) -> tuple[Path, ...]:
        """The journal as the file of a part."""
        assert self._journal is not None
        if failure is not None:
            raise DataError(f"{sentence(failure)} {self._how_to_go_on()}.") from failure
        if self._plan.options.output_path is None:
            self._journal.remove()
            return ()
        return (self._journal.kept_as(self._plan.options.output_path),)

    def _save(
        self, results: RunResults, labels: "sio.Labels | None", path: Path, report: Report
    ) -> tuple[Path, ...]:
        output_format = self._plan.options.output_format
        origin = self._origin()
        try:
            make_folder(path)  # again: it may have been deleted in the meantime
            if labels is not None and self._plan.options.centroid_output != "instance":
                return write_labels(labels, path, output_format, origin)
            shown = Shown(results.stored, partial(report.saving, n_frames=results.n_frames))
            shown_results = replace(results, stored=shown)
            return write_results(shown_results, path, output_format, origin)
        except DataError as error:
            raise DataError(f"{sentence(error)} {self._how_to_save()}.") from error
        except KeyboardInterrupt:
            raise KeyboardInterrupt(as_given(self._how_to_go_on())) from None
