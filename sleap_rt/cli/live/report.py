"""Tells on standard error what a live run does; standard output is for results."""

import json
import time
from contextlib import suppress
from typing import Any

from sleap_rt.arrays import Image
from sleap_rt.cli.reports.next_steps import after_live
from sleap_rt.cli.reports.steps_progress import StepsProgress
from sleap_rt.cli.terminal import messages
from sleap_rt.cli.terminal.streams import say
from sleap_rt.export.cache import kept_in_words
from sleap_rt.export.steps import Step
from sleap_rt.runtime.live import Figures
from sleap_rt.runtime.predictors import most_instances
from sleap_rt.words import counted, in_full
from sleap_rt.workflows.live import LiveReport, LiveSummary
from sleap_rt.workflows.planning.plan import PredictionPlan


class LiveTerminalReport(LiveReport):
    """Figures and messages of a live run.

    Args:
        quiet: only warnings, and the summary.
        verbose: also how long each step of an export took.
        as_json: the summary is a last line on standard output as well.
    """

    def __init__(self, *, quiet: bool, verbose: bool, as_json: bool) -> None:
        self._quiet, self._as_json = quiet, as_json
        self._export = StepsProgress(quiet=quiet, verbose=verbose)
        self._has_several = True

    def planned(self, plan: PredictionPlan) -> None:
        self._has_several = most_instances(plan.models) != 1
        for note in () if self._quiet else plan.notes:
            messages.note(note)
        if plan.resolved.graphs is None:
            self._say(f"exporting {plan.models.in_words}{kept_in_words()} ...")

    def step(self, step: Step) -> None:
        self._export(step)

    def watching(self, name: str, first: Image, device: str, addresses: dict[str, str]) -> None:
        height, width, channels = first.shape
        kind = "gray" if channels == 1 else "in colour"
        self._say(f"watching {name}, {width}x{height} px {kind}, on {device}; Ctrl-C ends it")
        for what, address in addresses.items():
            words = "watch it at" if what == "view" else "results are published at"
            say(f"{words} {address}", err=True)

    def figures(self, recent: Figures) -> None:
        self._say(f"{time.strftime('%H:%M:%S')} {recent.in_words()}")

    def warn(self, message: str) -> None:
        messages.warn(message)

    def ended(self, summary: LiveSummary) -> None:
        for note in summary.notes:
            messages.note(note)
        for warning in summary.warnings:
            messages.warn(warning)
        figures = summary.figures
        say(
            f"{figures.seconds:.1f} s with {summary.engine} on {summary.device}: "
            f"{figures.in_words()}; {counted(summary.n_tracks, 'track')}",
            err=True,
        )
        for path in summary.paths:
            say(f"-> {path}", err=True)
        if self._as_json:
            with suppress(ValueError):  # whoever read the results has closed the stream
                say(json.dumps({"summary": _facts(summary)}))
        if not self._quiet:
            after_live(
                summary.paths, is_tracked=summary.n_tracks > 0, has_several=self._has_several
            )

    def _say(self, words: str) -> None:
        if not self._quiet:
            say(words, err=True)


def _facts(summary: LiveSummary) -> dict[str, Any]:
    return {
        "outputs": list(map(in_full, summary.paths)),
        "engine": summary.engine,
        "device": summary.device,
        "n_tracks": summary.n_tracks,
        "n_trackless": summary.n_trackless,
        **vars(summary.figures),
    }
