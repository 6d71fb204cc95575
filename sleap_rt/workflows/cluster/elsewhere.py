"""One input of a run whose frames are predicted by the workers of a cluster."""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from sleap_rt.errors import FrameError, OptionError
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.frames.ranges import cuts_of
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.runtime.outputs.origin.input_files import hashed
from sleap_rt.runtime.pipeline.batches import Batch
from sleap_rt.runtime.pipeline.records import unpacked
from sleap_rt.runtime.predictors import ModelsElsewhere
from sleap_rt.version import __version__
from sleap_rt.words import counted
from sleap_rt.workflows.cluster.crew import Crew, Order
from sleap_rt.workflows.cluster.job import Answer, Job, Maker, RangeFailedError
from sleap_rt.workflows.planning.plan import PredictionPlan
from sleap_rt.workflows.running.predicting import asked_of_engine

Fill = Callable[["PredictingElsewhere"], None]  # gives out ranges, of this input first


class PredictingElsewhere:
    """`Predicting` by a crew. Ranges are given out in order; answers are taken in order.

    Args:
        crew: the workers.
        job: what they need to know.
        opened: the input, as it is opened here.
        plan: of the run.
        graphs: of its models.

    Attributes:
        n_ranges: that were answered.
    """

    def __init__(
        self, crew: Crew, job: Job, opened: OpenInput, plan: PredictionPlan, graphs: GraphSet
    ) -> None:
        self._crew, self._job, self._plan, self._graphs = crew, job, plan, graphs
        batch_size = plan.options.run.frames_per_batch
        self._cuts = cuts_of(plan.selection.refs, opened.source.key_frames, batch_size)
        self._orders: deque[Order] = deque()
        self._next = plan.positions.start
        self._makers: dict[str, Maker] = {}
        self.n_ranges = 0
        self.engine_options = asked_of_engine(plan)
        self.fill: Fill = lambda _: None

    @property
    def engine(self) -> str:
        """Of all workers that answered; what was asked for, ahead of that."""
        found = dict.fromkeys(maker.engine for maker in self._makers.values())
        return ", ".join(found) or self._plan.options.engine.engine

    @property
    def models(self) -> ModelsElsewhere:
        found = dict.fromkeys(maker.device for maker in self._makers.values())
        device = ", ".join(found) or self._plan.options.engine.device
        return ModelsElsewhere(self._graphs, device, self._plan.match_known)

    @property
    def n_workers(self) -> int:
        """That have answered."""
        return len(self._makers)

    @property
    def idle_in_words(self) -> str | None:
        """Why workers had nothing to do, if that is since the frames made few ranges."""
        n_ranges, n_there = self.n_ranges, self._crew.n_workers
        if not 0 < n_ranges <= self.n_workers < n_there:
            return None
        return (
            f"{self.n_workers} of {counted(n_there, 'worker')} had work: the frames went out in "
            f"{counted(n_ranges, 'range')}"
        )

    @property
    def n_left(self) -> int:
        """Frames that nobody was given yet."""
        return self._plan.positions.stop - self._next

    @property
    def n_held(self) -> int:
        """Ranges that were answered and not taken yet."""
        return sum(order.answer is not None for order in self._orders)

    def give_out(self, *, is_last: bool) -> None:
        """Have the next range predicted.

        Args:
            is_last: no other input could follow.
        """
        size = self._crew.size_for(self._job, self.n_left, is_last=is_last)
        positions = self._cuts.range_from(self._next, size)
        self._orders.append(self._crew.order(self._job, positions))
        self._next = positions.stop

    def batches(self, positions: range) -> Generator[Batch, None, None]:
        """As of `Predicting`."""
        self._begin_at(positions)
        try:
            while self._orders or self.n_left:
                if not self._orders:
                    self.give_out(is_last=False)
                self.fill(self)
                while self._orders[0].answer is None:
                    self._crew.wait()
                    self.fill(self)
                yield from self._answered(self._orders.popleft())
        finally:
            self.close()

    def close(self) -> None:
        """Let nobody work on this any more."""
        self._crew.cancel(list(self._orders))
        self._orders.clear()

    def _begin_at(self, positions: range) -> None:
        """Go on where a journal ends, whatever was given out ahead."""
        first = self._orders[0].positions.start if self._orders else self._next
        if first != positions.start:
            self.close()
            self._next = positions.start

    def _answered(self, order: Order) -> Generator[Batch, None, None]:
        answer = order.answer
        order.future.release()
        if isinstance(answer, Answer):
            self._makers[answer.maker.address] = answer.maker
            self.n_ranges += 1
            yield from _batches(answer.batches)
            if answer.failure is not None:
                raise FrameError(answer.failure)
        elif isinstance(answer, RangeFailedError):
            raise type(answer.error)(f"{answer.error} (on {answer.host})")
        elif answer is not None:
            raise answer


def _batches(answered: Sequence[tuple[bytes, bool]]) -> Generator[Batch, None, None]:
    for content, is_whole in answered:
        results: list[FrameInstances] = unpacked(content)
        yield Batch(results, [None] * len(results), is_whole)


def job_of(plan: PredictionPlan, opened: OpenInput, graphs: GraphSet, threads: int | None) -> Job:
    """What workers need to predict the frames of a plan.

    Args:
        plan: of the run.
        opened: its input.
        graphs: of its models.
        threads: of each worker's engine on a CPU, if none were asked for.

    Raises:
        OptionError: the input is in no file.
    """
    given = opened.given
    if given is None:
        raise OptionError("cluster: workers read files; give a path as input, not data in memory")
    options = plan.options
    return Job(
        version=__version__,
        data=_absolute(given) if isinstance(given, Path) else tuple(map(_absolute, given)),
        selection=options.selection,
        frames=plan.selection.fingerprint,
        decoder=opened.source.decoder,
        graphs=tuple(map(_absolute, graphs.paths)),
        models=hashed([contract.to_json() for contract in graphs.contracts]),
        decode=options.decode,
        engine=plan.asked.engine,
        threads=threads,
        filters=options.filters,
        run=options.run,
        match_known=plan.match_known,
    )


def _absolute(path: Path) -> Path:
    return path.absolute()
