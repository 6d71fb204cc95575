"""Shows the steps of an export on a terminal: a bar, or with `--verbose` the time of each."""

import sys
from typing import Any

import click

from sleap_rt.export.steps import Step


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
        self._shows_bar = not quiet and not verbose and sys.stderr.isatty()
        self._bar: Any = None

    def __call__(self, step: Step) -> None:
        if self._opening is not None:
            click.echo(self._opening, err=True)
            self._opening = None
        if self._verbose and step.seconds is not None:
            click.echo(f"{step.what}: {step.seconds:.2f} s", err=True)
        if self._shows_bar:
            self._draw(step)

    def _draw(self, step: Step) -> None:
        from tqdm import tqdm

        if self._bar is None:
            self._bar = tqdm(
                total=step.n_steps, unit=" steps", file=sys.stderr, dynamic_ncols=True, leave=False
            )
        self._bar.set_description_str(step.what)
        self._bar.total = step.n_steps
        if step.seconds is not None:
            self._bar.n = step.n_done
            self._bar.refresh()
            if step.n_done >= step.n_steps > 1:
                self._bar.close()
