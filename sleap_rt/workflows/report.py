"""What a prediction tells while it runs."""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sleap_rt.errors import log_of
from sleap_rt.runtime.pipeline.progress import bar_width

if TYPE_CHECKING:
    from sleap_rt.export.steps import Step
    from sleap_rt.instances import FrameInstances
    from sleap_rt.workflows.planning.plan import PredictionPlan

_log = log_of(__name__)


class Report:
    """What a workflow tells while it runs; this one tells the log."""

    def planned(self, plan: "PredictionPlan") -> None:
        """The plan is made, and about to be carried out."""

    def trying(self, engines: Sequence[str]) -> None:
        """These engines are about to be compared, which takes some seconds."""
        _log.info(comparing(engines))

    def chosen(self, plan: "PredictionPlan") -> None:
        """Engine and batch are settled, and about to be used."""
        if plan.is_engine_chosen:
            _log.info(plan.engine_line)

    def tell(self, message: str) -> None:
        """Something that the user may want to know."""
        _log.info(message)

    def note(self, message: str) -> None:
        """Something that the user should know, and that is as asked for."""
        _log.info(message)

    def watch(self, status: Callable[[], str]) -> None:
        """What `status` says belongs beside the progress from now on."""

    def step(self, step: "Step") -> None:
        """A step of an export begins or has ended."""

    def warn(self, message: str) -> None:
        """Something that the user should know, and that stops nothing."""
        _log.warning(message)

    def results(
        self, results: "Iterable[FrameInstances]", n_frames: int, n_done: int
    ) -> "Iterable[FrameInstances]":
        """The results as they come: `n_frames` in all, `n_done` of them from a journal."""
        return results

    def saving(
        self, results: "Iterable[FrameInstances]", n_frames: int
    ) -> "Iterable[FrameInstances]":
        """The same while they are saved; some formats take them twice."""
        return results


def comparing(engines: Sequence[str]) -> str:
    """What to say while engines are compared."""
    return f"comparing {', '.join(engines)} once for this model ..."


class StepsBar:
    """A bar on standard error that shows steps of work; called as each begins and ends."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __call__(self, step: "Step") -> None:
        from tqdm import tqdm

        if self._bar is None:
            self._bar = tqdm(
                desc=step.what,
                total=step.n_steps,
                bar_format="{l_bar}{bar}| {n_fmt}/{total_fmt} steps [{elapsed}]",
                file=sys.stderr,
                **bar_width(),
                leave=False,
            )
        self._bar.set_description_str(step.what)
        self._bar.total = step.n_steps
        if step.seconds is not None:
            self._bar.n = step.n_done
            self._bar.refresh()
            if step.n_done >= step.n_steps > 1:
                self.close()

    def close(self) -> None:
        """The bar goes, as it does behind the last step."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
