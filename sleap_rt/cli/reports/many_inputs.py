"""Reports many inputs on a terminal: one bar for all, a line for each, a summary at the end."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sleap_rt.cli.terminal.streams import say
from sleap_rt.runtime.pipeline.progress import bar_width, json_error, json_line
from sleap_rt.words import counted
from sleap_rt.workflows.many.run import ManyReport, ManyRun
from sleap_rt.workflows.many.task import Task


class ManyTerminalReport(ManyReport):
    """Progress and messages of many inputs. A context manager that takes its bar away.

    Args:
        show: prints what was done with one input.
        quiet: only warnings and errors.
        json_lines: progress for a program; all else goes to standard error.
        is_aside: so does all else alone: standard output is for something else.
    """

    def __init__(
        self, show: Callable[[Any], None], *, quiet: bool, json_lines: bool, is_aside: bool = False
    ) -> None:
        self._show, self._quiet, self._json_lines = show, quiet, json_lines
        self._is_aside = is_aside or json_lines
        self._bar: Any = None

    def begins(self, number: int, tasks: Sequence[Task]) -> None:
        if self._json_lines:
            names = {"input": str(tasks[number].path), "input_index": number}
            json_line({**names, "n_inputs": len(tasks)})
        elif not self._quiet:
            if sys.stderr.isatty():
                self._bar_of(tasks).set_description(tasks[number].path.name)
            with self._aside():  # ahead of what is told of this input
                say(_place(number, tasks), err=self._is_aside)

    def ended(self, number: int, tasks: Sequence[Task]) -> None:
        task, place = tasks[number], _place(number, tasks)
        with self._aside():
            if task.status == "failed":
                say(f"{place}: Error: {task.error_words}", err=True)
                if self._json_lines and task.error is not None:
                    json_error(task.error, input_index=number)
            elif task.status == "existing" and not self._quiet:
                say(f"{place}: left out, {task.there_in_words}", err=self._is_aside)
            if task.done is not None:
                self._show(task.done)
        if self._bar is not None:
            self._bar.update(1)

    def finished(self, run: ManyRun) -> None:
        """What became of all inputs; those that failed by name."""
        failed = run.with_status("failed")
        if not self._quiet:
            counts = [f"{len(run.with_status('done'))} done", f"{len(failed)} failed"]
            counts.append(f"{len(run.with_status('existing'))} left out")
            took = timedelta(seconds=round(run.seconds))
            say(
                f"{counted(len(run.tasks), 'input')}: {', '.join(counts)}, in {took}",
                err=self._is_aside,
            )
        for task in failed:
            say(f"Failed: {task.failure}", err=True)

    def _bar_of(self, tasks: Sequence[Task]) -> Any:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(total=len(tasks), unit=" inputs", file=sys.stderr, **bar_width())
        return self._bar

    def __enter__(self) -> "ManyTerminalReport":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """Print between bars, not over them."""
        if self._bar is None:
            yield
            return
        from tqdm import tqdm

        with tqdm.external_write_mode(file=sys.stderr):
            yield


def _place(number: int, tasks: Sequence[Task]) -> str:
    return f"[{number + 1}/{len(tasks)}] {tasks[number].path}"
