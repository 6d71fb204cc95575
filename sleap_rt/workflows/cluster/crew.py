"""The workers of a cluster, as the run sees them: gives them ranges, takes their answers."""

import queue
import statistics
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sleap_rt.errors import EngineError, RunError
from sleap_rt.workflows.cluster.job import Answer, Job, Maker, RangeFailedError, Unfit
from sleap_rt.workflows.report import Report

if TYPE_CHECKING:
    from distributed import Client, Future

RETRIES = 2  # of a range, after which its input is set aside
_SECONDS_OF_RANGE = 10.0  # long beside what a range costs, short beside what is lost with a worker
_FIRST_SIZE = 64  # frames, until it is known how long one takes
_LEAST_BATCHES = 8  # of a range
_AHEAD = 2  # ranges per worker that are given out
_LOOK_SECONDS = 1.0


@dataclass(eq=False)
class Order:
    """A range that was given out.

    Attributes:
        job: what it belongs to.
        positions: of its frames.
        answer: once it is there; the error where there will be none.
    """

    job: Job
    positions: range
    future: "Future"
    answer: Answer | RangeFailedError | RunError | None = None


class Crew:
    """All workers of a cluster.

    Args:
        client: of the cluster.
        report: told who the workers are.

    Attributes:
        n_waiting: ranges without an answer.
        makers: workers that answered so far, by address.
    """

    def __init__(self, client: "Client", report: Report) -> None:
        self._client, self._report = client, report
        self._finished: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._rates: deque[float] = deque(maxlen=32)  # frames/s of a worker
        self._unfit: set[str] = set()
        self._there: list[str] = []
        self._looked_at = -_LOOK_SECONDS
        self._is_told_to_wait = False
        self.n_waiting = 0
        self.makers: dict[str, Maker] = {}

    @property
    def n_workers(self) -> int:
        """That are fit for the run, and were there a moment ago; a run that has ended may ask."""
        return len(self._fit_ones())

    def has_room(self) -> bool:
        """Whether workers would run out of work soon."""
        return self.n_waiting < _AHEAD * max(len(self._fit()), 1)

    def size_for(self, job: Job, n_left: int, *, is_last: bool) -> int:
        """Frames of the next range.

        Args:
            job: it belongs to.
            n_left: frames of the job that nobody has yet.
            is_last: there is no other job that could follow, so all workers should end together.
        """
        size = _FIRST_SIZE
        if self._rates:
            size = int(statistics.median(self._rates) * _SECONDS_OF_RANGE)
        if is_last:
            size = min(size, -(-n_left // (_AHEAD * max(len(self._fit()), 1))))
        return max(size, _LEAST_BATCHES * job.run.frames_per_batch)

    def order(self, job: Job, positions: range) -> Order:
        """Have a range predicted."""
        order = Order(job, positions, self._submitted(job, positions))
        self._await(order)
        return order

    def wait(self) -> None:
        """Until a range is answered, or a second has passed.

        Raises:
            EngineError: no worker can take part.
            RunError: the scheduler is gone.
        """
        try:
            order = self._finished.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            self._look_around()
            return
        if order.answer is not None:  # it was cancelled meanwhile
            return
        self.n_waiting -= 1
        answer = self._answer_of(order)
        if isinstance(answer, Unfit):
            self._leave_out(answer)
            order.future = self._submitted(order.job, order.positions)
            self._await(order)
            return
        order.answer = answer
        if isinstance(answer, Answer):
            self._rates.append(len(order.positions) / max(answer.seconds, 1e-6))
            self._greet(answer)

    def cancel(self, orders: "list[Order]") -> None:
        """Have nobody begin with these any more."""
        waiting = [order.future for order in orders if order.answer is None]
        self.n_waiting -= len(waiting)
        for order in orders:
            order.answer = order.answer or RunError("It was cancelled")
        if waiting and self._client.status == "running":
            self._client.cancel(waiting)

    def _submitted(self, job: Job, positions: range) -> "Future":
        from sleap_rt.workflows.cluster.worker import predict_range

        return self._client.submit(
            predict_range,
            job,
            positions.start,
            positions.stop,
            pure=False,
            retries=RETRIES,
            workers=self._fit() if self._unfit else None,
        )

    def _await(self, order: Order) -> None:
        future = order.future
        self.n_waiting += 1

        def finished(_: Any) -> None:
            if order.future is future and order.answer is None:
                self._finished.put(order)

        future.add_done_callback(finished)

    def _answer_of(self, order: Order) -> Answer | Unfit | RangeFailedError | RunError:
        from distributed import CancelledError, KilledWorker

        first, last = order.positions[0], order.positions[-1]
        try:
            answer: Answer | Unfit = order.future.result()
            return answer
        except RangeFailedError as error:
            return error
        except KilledWorker as error:
            return RunError(
                f"Frames {first} to {last} of the run: every worker that had them ended, as for "
                f"lack of memory ({error.last_worker.address} the last)."
            )
        except (Exception, CancelledError) as error:
            words = " ".join(f"{type(error).__name__}: {error}".split())
            return RunError(f"Frames {first} to {last} of the run: the cluster failed: {words}.")

    def _greet(self, answer: Answer) -> None:
        maker = answer.maker
        if maker.address in self.makers:
            return
        self.makers[maker.address] = maker
        self._report.tell(
            f"worker {maker.address} on {maker.host}: {maker.engine} on {maker.device}"
        )
        for warning in answer.warnings:
            self._report.warn(warning)
        if maker.n_threads > 1:
            self._report.warn(
                f"worker {maker.address} has {maker.n_threads} threads, and one engine that uses "
                "all cores: start workers with --nthreads 1"
            )

    def _leave_out(self, answer: Unfit) -> None:
        if answer.address not in self._unfit:
            self._unfit.add(answer.address)
            self._report.warn(
                f"worker {answer.address} on {answer.host} is left out: {answer.reason}"
            )
        self._look_around()
        if self._there and not self._fit():
            raise EngineError(
                f"None of {len(self._there)} workers can take part; {answer.address} on "
                f"{answer.host}: {answer.reason}"
            )

    def _fit(self) -> list[str]:
        if time.monotonic() - self._looked_at >= _LOOK_SECONDS:
            self._look_around()
        return self._fit_ones()

    def _fit_ones(self) -> list[str]:
        return [address for address in self._there if address not in self._unfit]

    def _look_around(self) -> None:
        """Find out who is there now."""
        self._looked_at = time.monotonic()
        if self._client.status in ("closing", "closed"):
            raise RunError("The scheduler of the cluster does not answer any more.")
        try:
            self._there = list(self._client.nthreads())
        except (OSError, TimeoutError):  # the client connects once more, and closes if it cannot
            return
        if not self._there and not self._is_told_to_wait:
            self._report.tell("waiting for workers ...")
        self._is_told_to_wait = not self._there
