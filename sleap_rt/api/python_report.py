"""What the Python functions show while they run."""

from collections.abc import Iterable, Mapping
from typing import Any

from sleap_rt.errors import OptionError
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.pipeline import progress as shown
from sleap_rt.workflows.report import Report, StepsBar


class PythonReport(Report):
    """Progress on standard error, or as JSON lines for a program on standard output.

    Args:
        progress: show bars; None shows that of a first export alone, on terminals and in notebooks.
        gui: JSON lines in place of a bar.
    """

    def __init__(self, progress: bool | None = None, *, gui: bool = False) -> None:
        if progress and gui:
            raise OptionError("progress: no effect with gui; give one of them")
        self._shows_frames, self._json_lines = bool(progress), gui
        shows_export = progress or (progress is None and not gui and shown.somebody_looks())
        self._steps = StepsBar() if shows_export else None

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> "PythonReport":
        """As the arguments `progress` and `gui` say."""
        return cls(arguments.get("progress"), gui=bool(arguments.get("gui")))

    def step(self, step: Any) -> None:
        if self._steps is not None:
            self._steps(step)

    def results(
        self, results: Iterable[FrameInstances], n_frames: int, n_done: int
    ) -> Iterable[FrameInstances]:
        if self._json_lines:
            return shown.json_lines(results, n_frames, n_done)
        return shown.bar(results, n_frames, n_done) if self._shows_frames else results

    def saving(self, results: Iterable[FrameInstances], n_frames: int) -> Iterable[FrameInstances]:
        return shown.bar(results, n_frames, 0, "saving") if self._shows_frames else results
