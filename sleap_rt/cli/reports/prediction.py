"""Reports a prediction on a terminal: progress while `track` runs, a summary at the end."""

from collections.abc import Callable, Iterable, Sequence

from sleap_rt.cli.reports.steps_progress import StepsProgress
from sleap_rt.cli.terminal import messages
from sleap_rt.cli.terminal.streams import say
from sleap_rt.export.cache import kept_in_words
from sleap_rt.export.steps import Step
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.outputs.summary import PredictionSummary
from sleap_rt.runtime.pipeline import progress
from sleap_rt.words import counted
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.planning.plan import PredictionPlan
from sleap_rt.workflows.report import Report, comparing


class TerminalReport(Report):
    """Progress and messages of a prediction.

    Args:
        quiet: only warnings.
        verbose: also how long each step of an export took.
        json_lines: progress for a program; the summary goes to standard error.
        is_aside: so does the summary alone: standard output is for something else.
    """

    def __init__(
        self, *, quiet: bool, verbose: bool, json_lines: bool, is_aside: bool = False
    ) -> None:
        self._quiet, self._json_lines = quiet, json_lines
        self._is_aside = is_aside or json_lines
        self._told: set[str] = set()
        self._export = StepsProgress(quiet=quiet, verbose=verbose)
        self._status: Callable[[], str] = str

    def planned(self, plan: PredictionPlan) -> None:
        if self._quiet:
            return
        for note in plan.notes:
            messages.note(note)
        if plan.resolved.graphs is None:
            say(f"exporting {plan.models.in_words}{kept_in_words()} ...", err=True)

    def trying(self, engines: Sequence[str]) -> None:
        if not self._quiet:
            say(comparing(engines), err=True)

    def chosen(self, plan: PredictionPlan) -> None:
        if plan.is_engine_chosen and not self._quiet and self._is_news(plan.engine_line):
            say(plan.engine_line, err=True)

    def tell(self, message: str) -> None:
        if not self._quiet:
            say(message, err=True)

    def note(self, message: str) -> None:
        if not self._quiet:
            messages.note(message)

    def watch(self, status: Callable[[], str]) -> None:
        self._status = status

    def step(self, step: Step) -> None:
        self._export(step)

    def warn(self, message: str) -> None:
        if self._is_news(message):
            messages.warn(message)

    def _is_news(self, message: str) -> bool:
        """Whether it was not told of an earlier one of many inputs."""
        is_news = message not in self._told
        self._told.add(message)
        return is_news

    def results(
        self, results: Iterable[FrameInstances], n_frames: int, n_done: int
    ) -> Iterable[FrameInstances]:
        if self._json_lines:
            return progress.json_lines(results, n_frames, n_done)
        if self._quiet:
            return progress.silent(results, n_frames, n_done)
        return progress.bar(results, n_frames, n_done, beside=self._status)

    def saving(self, results: Iterable[FrameInstances], n_frames: int) -> Iterable[FrameInstances]:
        if self._quiet or self._json_lines:
            return results
        return progress.bar(results, n_frames, 0, "saving")

    def done(
        self, summary: PredictionSummary, options: PredictionOptions, *, predicts: bool = True
    ) -> None:
        """Warnings, and one line that sums up the run; a speed only if it predicted."""
        for warning in summary.warnings:
            messages.warn(warning)
        if self._quiet:
            return
        nodeless = summary.n_nodeless
        left_out = f" ({nodeless} more without a visible node left out)" if nodeless else ""
        tracks = (
            f"{counted(summary.n_tracks, 'track')}, "
            if summary.n_tracks or (options.tracking and options.frame_range_of is None)
            else ""
        )
        detection = options.decode.detection_in_words and f", {options.decode.detection_in_words}"
        workers = f", {counted(summary.n_workers, 'worker')}" if summary.n_workers else ""
        resumed = f" ({summary.n_resumed} of them before)" if summary.n_resumed else ""
        how = _how_fast(summary) if predicts else "predicted"
        say(
            f"{counted(summary.n_frames, 'frame')}{resumed}, "
            f"{counted(summary.n_instances, 'instance')}{left_out}, {tracks}"
            f"{how} with {summary.engine} on {summary.device}, batches of "
            f"{summary.batch_size}{detection}{workers} "
            f"-> {', '.join(map(str, summary.paths))}",
            err=self._is_aside,
        )


def _how_fast(summary: PredictionSummary) -> str:
    if summary.frames_per_second is not None:
        return f"{summary.frames_per_second:.1f} frames/s"
    if summary.n_workers or summary.n_frames == summary.n_resumed:
        return "predicted"
    return took(summary.seconds)


def took(seconds: float) -> str:
    """How long a run took that was too short for a rate."""
    return f"in {seconds:.1f} s" if seconds >= 0.05 else "in under 0.1 s"
