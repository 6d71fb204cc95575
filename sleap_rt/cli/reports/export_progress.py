"""Shows the steps of an export on a terminal: a bar, or with `--verbose` the time of each."""

import sys

import click

from sleap_rt.export.steps import Step
from sleap_rt.workflows.report import StepsBar


class ExportProgress:
    """Shows steps; called as each begins and ends.

    Args:
        quiet: show nothing.
        verbose: a line for each step, with its time, instead of a bar.
        opening: said ahead of the first step.
    """

    def __init__(self, *, quiet: bool, verbose: bool, opening: str | None = None) -> None:
        self._opening = opening
        self._verbose = verbose and not quiet
        self._bar = StepsBar() if sys.stderr.isatty() and not quiet and not verbose else None

    def __call__(self, step: Step) -> None:
        if self._opening is not None:
            click.echo(self._opening, err=True)
            self._opening = None
        if self._verbose and step.seconds is not None:
            click.echo(f"{step.what}: {step.seconds:.2f} s", err=True)
        if self._bar is not None:
            self._bar(step)
