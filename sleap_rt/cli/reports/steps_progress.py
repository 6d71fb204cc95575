"""Shows the steps of an export, or of `bench`: a bar on a terminal, or the time of each.

A log gets a line now and then: whoever reads it sees that the work goes on.
"""

import sys
import time

from sleap_rt.cli.terminal.streams import say
from sleap_rt.export.steps import Step
from sleap_rt.workflows.report import StepsBar

_SECONDS_BETWEEN_LINES = 2.0


class StepsProgress:
    """Shows steps; called as each begins and ends.

    Args:
        quiet: show nothing.
        verbose: a line for each step, with its time, instead of a bar.
        opening: said ahead of the first step.
    """

    def __init__(self, *, quiet: bool, verbose: bool, opening: str | None = None) -> None:
        self._opening = opening
        self._verbose = verbose and not quiet
        is_plain = not quiet and not verbose
        self._bar = StepsBar() if sys.stderr.isatty() and is_plain else None
        self._has_lines = is_plain and self._bar is None
        self._told = time.monotonic()

    def __call__(self, step: Step) -> None:
        if self._opening is not None:
            say(self._opening, err=True)
            self._opening = None
        if self._verbose and step.seconds is not None:
            say(f"{step.what}: {step.seconds:.2f} s", err=True)
        if self._bar is not None:
            self._bar(step)
        elif self._has_lines and step.seconds is None:
            self._tell(step)

    def close(self) -> None:
        """The bar goes, so that an error has a line of its own."""
        if self._bar is not None:
            self._bar.close()

    def _tell(self, step: Step) -> None:
        if time.monotonic() - self._told >= _SECONDS_BETWEEN_LINES:
            say(f"{step.what} ({step.n_done} of {step.n_steps}) ...", err=True)
            self._told = time.monotonic()
