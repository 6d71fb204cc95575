"""What a prediction tells while it runs."""

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sleap_rt.instances import FrameInstances
from sleap_rt.workflows.plan import PredictionPlan

if TYPE_CHECKING:
    from sleap_rt.export.steps import Step

_log = logging.getLogger(__name__)


class Report:
    """What a workflow tells while it runs; this one tells nothing."""

    def planned(self, plan: PredictionPlan) -> None:
        """The plan is made, and about to be carried out."""

    def trying(self, engines: Sequence[str]) -> None:
        """These engines are about to be compared, which takes some seconds."""

    def chosen(self, plan: PredictionPlan) -> None:
        """Engine and batch are settled, and about to be used."""

    def step(self, step: "Step") -> None:
        """A step of an export begins or has ended."""

    def warn(self, message: str) -> None:
        """Something that the user should know, and that stops nothing."""
        _log.warning(message)

    def results(
        self, results: Iterable[FrameInstances], n_frames: int, n_done: int
    ) -> Iterable[FrameInstances]:
        """The results as they come: `n_frames` in all, `n_done` of them from a journal."""
        return results

    def saving(self, results: Iterable[FrameInstances], n_frames: int) -> Iterable[FrameInstances]:
        """The same while they are saved; some formats take them twice."""
        return results
