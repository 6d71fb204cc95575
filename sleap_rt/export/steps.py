"""Reports the steps of an export as they begin and end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from time import perf_counter
from types import ModuleType


@dataclass(frozen=True)
class Step:
    """One step of an export.

    Attributes:
        what: what it does, e.g. `centroid: write the graph`.
        n_before: steps that are done before it.
        n_steps: of the whole export.
        counts_for: number of those steps that it stands for.
        seconds: that it took; None while it runs.
    """

    what: str
    n_before: int
    n_steps: int
    counts_for: int = 1
    seconds: float | None = None

    @property
    def n_done(self) -> int:
        """Steps that are done once this one is."""
        return self.n_before + self.counts_for


OnStep = Callable[[Step], None]


class Steps:
    """Counts and times the steps.

    Args:
        n_steps: in all.
        on_step: called as each step begins, and again when it has ended; None reports nothing.
    """

    def __init__(self, n_steps: int, on_step: OnStep | None) -> None:
        self._n_steps, self._on_step, self._n_done = n_steps, on_step, 0

    @contextmanager
    def step(self, what: str, n_steps: int = 1) -> Iterator[None]:
        """Report and time the step that runs inside the context.

        Args:
            what: what it does.
            n_steps: number of steps that it stands for.
        """
        started = perf_counter()
        self._tell(what, n_steps, None)
        yield
        self._tell(what, n_steps, perf_counter() - started)
        self._n_done += n_steps

    def _tell(self, what: str, counts_for: int, seconds: float | None) -> None:
        if self._on_step is not None:
            self._on_step(Step(what, self._n_done, self._n_steps, counts_for, seconds))


def loaded_exporter(on_step: OnStep | None) -> ModuleType:
    """The module that exports; importing it loads PyTorch, which takes seconds and is told."""
    with Steps(1, on_step).step("load PyTorch"):
        return import_module("sleap_rt.export.exporter")
