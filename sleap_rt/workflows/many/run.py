"""Processes many inputs, one by one: one that fails stops no other."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sleap_rt.errors import DataError, OptionError, as_given
from sleap_rt.runtime.outputs.origin.marks import WITHOUT_MARK
from sleap_rt.runtime.outputs.saving import save
from sleap_rt.version import __version__
from sleap_rt.workflows.many.task import Task

SUMMARY_LAYOUT = 1
_BESIDE_RESUME = ", with --skip_existing for the tables that are done"
LookAhead = Callable[[Sequence[Task]], None]  # is told all tasks ahead of the first


def none_ahead(tasks: Sequence[Task]) -> None:
    """Of work that is done for one input after the other."""


class CannotRunError(Exception):
    """No input can be processed.

    Args:
        cause: why.
    """

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class ManyReport:
    """What is told while inputs are processed; this one tells nothing."""

    def begins(self, number: int, tasks: Sequence[Task]) -> None:
        """Task `number` is next."""

    def ended(self, number: int, tasks: Sequence[Task]) -> None:
        """Task `number` is over, well or not, or was left out."""


@dataclass
class ManyRun:
    """Inputs, and how far they are.

    Attributes:
        tasks: one per input.
        summary: file that says what was done, kept up to date.
        started_at: of the run.
    """

    tasks: list[Task]
    summary: Path | None = None
    started_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    _started: float = field(default_factory=time.perf_counter)

    def with_status(self, status: str) -> list[Task]:
        return [task for task in self.tasks if task.status == status]

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._started

    @property
    def missing(self) -> list[str]:
        """Inputs that failed, and frames without poses as they could not be read or answered."""
        return [words for task in self.tasks for words in task.missing]

    def carry_out(
        self,
        work: Callable[[Task], Any],
        report: ManyReport,
        *,
        keeps_labels: bool = False,
        look_ahead: LookAhead = none_ahead,
    ) -> None:
        """Do the work for each input in turn.

        Args:
            work: processes an input, and gives what was done.
            report: told how it goes.
            keeps_labels: tasks have the labels of all inputs in the end.
            look_ahead: told all tasks ahead of the work, which may begin with later ones.

        Raises:
            OptionError: wrong use, told by the first input.
            ModelError, EngineError: the models cannot be opened.
            DataError: the summary file cannot be written.
            KeyboardInterrupt: with a word on how to continue.
        """
        self.save_summary()
        look_ahead(self.tasks)
        for number, task in enumerate(self.tasks):
            if task.status == "waiting":
                report.begins(number, self.tasks)
                self._process(task, work)
            report.ended(number, self.tasks)
            if not keeps_labels:
                task.forget_labels()
            self.save_summary()

    def _process(self, task: Task, work: Callable[[Task], Any]) -> None:
        is_first = not self.with_status("done") and not self.with_status("failed")
        task.status = "running"
        try:
            task.done = work(task)
            task.status = "done"
        except CannotRunError as stop:
            task.fail(stop.cause)
            self.save_summary()
            raise stop.cause from None
        except Exception as error:
            if is_first and isinstance(error, OptionError):
                raise  # it would be told of every input
            task.fail(error)
        except BaseException as stop:
            task.status = "interrupted"
            self.save_summary()
            if isinstance(stop, KeyboardInterrupt) and str(stop) and self._has_tables():
                raise KeyboardInterrupt(f"{stop}{as_given(_BESIDE_RESUME)}") from None
            raise

    def _has_tables(self) -> bool:
        """Whether results are done that the next run cannot tell from others."""
        outputs = [task.output for task in self.with_status("done")]
        return any(output is not None and output.suffix in WITHOUT_MARK for output in outputs)

    def facts(self) -> dict[str, Any]:
        """For the summary file."""
        return {
            "sleap_rt_summary": SUMMARY_LAYOUT,
            "sleap_rt_version": __version__,
            "started_at": self.started_at.isoformat(),
            "seconds": round(self.seconds, 3),
            "n_inputs": len(self.tasks),
            **{
                f"n_{status}": len(self.with_status(status))
                for status in ("done", "failed", "existing", "interrupted", "waiting")
            },
            "inputs": [task.facts() for task in self.tasks],
        }

    def save_summary(self) -> None:
        """Write the summary file as things are now, complete or not at all.

        Raises:
            DataError: it cannot be written.
        """
        path = self.summary
        if path is None:
            return
        text = json.dumps(self.facts(), indent=1)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            save(path, lambda new: new.write_text(text, encoding="utf8"))
        except OSError as error:
            raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error
