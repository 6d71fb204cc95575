"""Notices a stage of a run that does not get on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sleap_rt.errors import RunError, log_of
from sleap_rt.runtime.pipeline.stages.faults import doing
from sleap_rt.runtime.pipeline.stages.stage import POLL_SECONDS
from sleap_rt.runtime.predictors import is_building

_TELL_SECONDS = 10.0
_BUILD_SECONDS = 3600.0  # more, where an engine may have to be built first
_log = log_of(__name__)


@dataclass(eq=False)
class _Task:
    """One piece of a stage's own work.

    Attributes:
        what: as `doing` takes it.
        may_build: an engine may have to be built first, or one was built meanwhile.
        seconds: for how long its result has been waited for.
    """

    what: str
    may_build: bool
    seconds: float = 0.0


class Activity:
    """What the threads of a stage are doing; nothing while they wait for others."""

    def __init__(self) -> None:
        self.tasks: list[_Task] = []

    @contextmanager
    def doing(self, what: str, *, may_build: bool = False) -> Iterator[None]:
        """As `doing`, and watched."""
        task = _Task(what, may_build)
        self.tasks.append(task)
        try:
            with doing(what):
                yield
        finally:
            self.tasks.remove(task)


class Watch:
    """Watches stages while their results are waited for.

    Args:
        activities: of the stages.
        stall_timeout: s after which a stage is given up; 0 waits for ever.
    """

    def __init__(self, activities: Sequence[Activity], stall_timeout: float) -> None:
        self._activities, self._timeout = activities, stall_timeout
        self._has_told = False

    def check(self) -> None:
        """To be called each `POLL_SECONDS` of waiting.

        Seconds are counted here, not read from a clock: a program that was suspended is not late.

        Raises:
            RunError: one of the stages does not get on.
        """
        for activity in self._activities:
            for task in tuple(activity.tasks):
                task.seconds += POLL_SECONDS
                task.may_build = task.may_build or is_building()
                self._judge(task)

    def _judge(self, task: _Task) -> None:
        limit = self._timeout + _BUILD_SECONDS * task.may_build
        if self._timeout and task.seconds >= limit:
            raise RunError(
                f"{task.what} has not ended after {limit:g} s and is given up (stall_timeout)."
            )
        if task.seconds >= _TELL_SECONDS and not (task.may_build or self._has_told):
            self._has_told = True
            end = f"; it is given up after {limit:g} s" if self._timeout else ""
            _log.warning("%s takes more than %g s%s", task.what, _TELL_SECONDS, end)
