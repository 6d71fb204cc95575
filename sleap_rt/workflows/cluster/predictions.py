"""Predicts on inputs with the workers of a cluster, which are kept busy across inputs."""

import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType

from sleap_rt.interrupts import held_back
from sleap_rt.options import NO_OVERRIDES, ModelOverrides
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.outputs.summary import PredictionSummary
from sleap_rt.untrusted import listed
from sleap_rt.words import counted
from sleap_rt.workflows.cluster.connection import (
    PATIENCE_SECONDS,
    check_host,
    connected,
    threads_of_worker,
)
from sleap_rt.workflows.cluster.crew import Crew
from sleap_rt.workflows.cluster.elsewhere import PredictingElsewhere, job_of
from sleap_rt.workflows.many.predictions import ModelsOnce, options_of, or_cannot_run
from sleap_rt.workflows.many.run import CannotRunError
from sleap_rt.workflows.many.task import Task
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.planning.plan import PredictionPlan
from sleap_rt.workflows.predict import planned, run_plan
from sleap_rt.workflows.report import Report

_MOST_HELD = 64  # ranges that were answered and wait for the ones ahead of them
_MOST_OPEN = 32  # inputs whose ranges are given out
_SECONDS_OF_A_RATE = 60  # several ranges, whose frames come together, or were there ahead


@dataclass
class _Begun:
    """An input whose turn comes later, and whose frames are predicted already.

    Attributes:
        stack: closes it.
        plan, opened, predicting: of its run; None where it cannot be predicted on.
        error: why it cannot.
    """

    stack: ExitStack
    plan: PredictionPlan | None = None
    opened: OpenInput | None = None
    predicting: PredictingElsewhere | None = None
    error: Exception | None = None


class ClusterPredictions:
    """Predicts on one input after the other. A context manager that lets the workers go.

    Poses are predicted ahead: while one input is tracked and written, workers have the next ones.

    Args:
        model_paths: as of `predict`.
        options: of each input; `cluster` says who the workers are.
        overrides: as of `predict`.
        report: as of `predict`; told the plan of the first input only.
        match_known: as of `planned`.
        keeps_labels: as of `run_plan`.

    Attributes:
        ahead: what is told ahead of all inputs.
    """

    def __init__(
        self,
        model_paths: Sequence[Path],
        options: PredictionOptions,
        overrides: ModelOverrides = NO_OVERRIDES,
        report: Report | None = None,
        match_known: bool | None = None,
        *,
        keeps_labels: bool = False,
    ) -> None:
        assert options.cluster is not None
        self._asked = options.cluster
        self._paths, self._options, self._overrides = model_paths, options, overrides
        self._report, self._match_known = report or Report(), match_known
        self._keeps_labels = keeps_labels
        self._resolve = ModelsOnce()
        self.ahead = self._resolve.ahead(model_paths, options, overrides, match_known)
        self._crew: Crew | None = None
        self._upcoming: deque[Task] = deque()
        self._begun: dict[Path, _Begun] = {}
        self._tasks: Sequence[Task] = ()
        self._started = time.monotonic()
        self._stack = ExitStack()
        self._written: list[Path] = []

    def look_ahead(self, tasks: Sequence[Task]) -> None:
        """Tell which inputs will come."""
        self._tasks = tasks
        self._upcoming = deque(task for task in tasks if task.status == "waiting")

    def __call__(self, task: Task) -> PredictionSummary:
        """Predict on one of many inputs.

        Raises:
            CannotRunError: no input can be predicted on.
            Other errors: as `predict`.
        """
        if task in self._upcoming:
            self._upcoming.remove(task)
        options = options_of(task, self._options)
        begun = self._begun.pop(task.path, None) or self._begin(task.path, options)
        with begun.stack:
            if begun.error is not None:
                raise begun.error
            return self._completed(begun)

    def predict(self, data: Path) -> PredictionSummary:
        """Predict on one input; errors as of the function `predict`."""
        begun = self._begin(data, self._options)
        with begun.stack:
            if isinstance(begun.error, CannotRunError):
                raise begun.error.cause from None
            if begun.error is not None:
                raise begun.error
            return self._completed(begun)

    def status(self) -> str:
        """Workers, and how far all inputs are together, in words."""
        n_workers = 0 if self._crew is None else self._crew.n_workers
        words = [counted(n_workers, "worker")]
        over = [task for task in self._tasks if task.status not in ("waiting", "running")]
        if len(self._tasks) > 1:
            words.append(f"{len(over)} of {len(self._tasks)} inputs")
        done = [task.done.n_frames for task in over if task.done is not None]
        if done:
            seconds = time.monotonic() - self._started
            left = seconds / len(done) * (len(self._tasks) - len(over))
            words.append(f"{sum(done) / seconds:.1f} frames/s in all")
            words.append(f"{timedelta(seconds=round(left))} left for all")
        return ", ".join(words)

    def _completed(self, begun: _Begun) -> PredictionSummary:
        plan, opened, predicting = begun.plan, begun.opened, begun.predicting
        assert plan is not None
        assert opened is not None
        assert predicting is not None
        predicting.fill = self._fill
        done = run_plan(
            plan, opened, self._report, predicting=predicting, keeps_labels=self._keeps_labels
        )
        self._written += done.paths
        if len(self._tasks) <= 1 and predicting.idle_in_words:
            self._report.tell(predicting.idle_in_words)
        rate = done.frames_per_second if done.seconds >= _SECONDS_OF_A_RATE else None
        return replace(done, n_workers=predicting.n_workers, frames_per_second=rate)

    def _begin(self, data: Path, options: PredictionOptions) -> _Begun:
        """Plan an input; what is wrong with it is told when its turn comes."""
        stack = ExitStack()
        begun = _Begun(stack)
        models = (self._paths, options, self._overrides, self._match_known)
        try:
            begun.plan, begun.opened = stack.enter_context(
                planned(data, *models, resolve=self._resolve)
            )
            if self._crew is None:
                self._report.planned(begun.plan)
            begun.predicting = self._predicting(begun.plan, begun.opened)
            stack.callback(begun.predicting.close)
        except Exception as error:
            begun.error = error
        return begun

    def _predicting(self, plan: PredictionPlan, opened: OpenInput) -> PredictingElsewhere:
        graphs = self._resolve.exported(plan, self._report)
        job = job_of(plan, opened, graphs, threads_of_worker(self._asked))
        return PredictingElsewhere(self._connected(), job, opened, plan, graphs)

    def _connected(self) -> Crew:
        """The workers; connected with when the first input is known to be good."""
        if self._crew is None:
            if self._asked.address is not None:
                self._report.tell(
                    f"connecting with the scheduler at {self._asked.address}, for at most "
                    f"{PATIENCE_SECONDS} s"
                )
            workers = connected(self._asked, self._report.warn)
            client = or_cannot_run(lambda: self._stack.enter_context(workers))
            self._report.tell(f"dashboard of the cluster: {client.dashboard_link}")
            self._report.watch(self.status)
            self._crew = Crew(client, self._report)
        return self._crew

    def _fill(self, current: PredictingElsewhere) -> None:
        """Give out ranges while workers would run out of them: of this input, then of the next."""
        assert self._crew is not None
        while self._crew.has_room():
            ahead = [current, *(one.predicting for one in self._begun.values() if one.predicting)]
            if sum(one.n_held for one in ahead) >= _MOST_HELD:
                return
            if not any(one.n_left for one in ahead):
                one = self._begun_next()
                if one is None:
                    return
                ahead = [one]
            chosen = next((one for one in ahead if one.n_left), None)
            if chosen is not None:
                chosen.give_out(is_last=not self._upcoming)

    def _begun_next(self) -> PredictingElsewhere | None:
        """Open the next input that has no journal yet; None if there is none."""
        while self._upcoming and len(self._begun) < _MOST_OPEN:
            task = self._upcoming.popleft()
            if task.journal is not None and task.journal.exists():
                continue  # it goes on where that ends, when its turn comes
            options = options_of(task, self._options)
            begun = self._begin(task.path, options)
            self._begun[task.path] = begun
            if begun.predicting is not None:
                return begun.predicting
        return None

    def __enter__(self) -> "ClusterPredictions":
        check_host(self._asked)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for begun in self._begun.values():
            begun.stack.close()
        if kind is not None:
            self._stack.close()
            return
        try:
            with held_back():  # Dask waits for workers in vain whose end was cut off
                self._stack.close()
        except KeyboardInterrupt:
            written = listed([str(path) for path in self._written]) if self._written else "nothing"
            raise KeyboardInterrupt(
                f"the run was over but for its workers; written: {written}"
            ) from None
