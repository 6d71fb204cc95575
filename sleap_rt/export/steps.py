"""Carries out the steps of an export, and reports them as they begin and end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from threading import RLock
from time import perf_counter
from types import ModuleType
from typing import TypeVar

_Result = TypeVar("_Result")
_exporting = RLock()


@dataclass(frozen=True)
class Step:
    """One step of an export.

    Attributes:
        what: what it does, e.g. `centroid: write the graph`.
        n_before: steps of its plan that are done before it.
        n_steps: of its plan.
        seconds: that it took; None while it runs.
    """

    what: str
    n_before: int
    n_steps: int
    seconds: float | None = None

    @property
    def n_done(self) -> int:
        """Steps that are done once this one is."""
        return self.n_before + 1


OnStep = Callable[[Step], None]


def carry_out(
    plan: Sequence[tuple[str, Callable[[], _Result]]], on_step: OnStep | None
) -> list[_Result]:
    """Carry out steps one after the other.

    Args:
        plan: what each step does, in words, and the function that does it.
        on_step: called as each step begins, and again when it has ended; None reports nothing.

    Returns:
        What the functions gave.
    """
    results = []
    for n_before, (what, do) in enumerate(plan):
        started = perf_counter()
        if on_step is not None:
            on_step(Step(what, n_before, len(plan)))
        results.append(do())
        if on_step is not None:
            on_step(Step(what, n_before, len(plan), perf_counter() - started))
    return results


@contextmanager
def export_alone(on_step: OnStep | None) -> Iterator[None]:
    """One thread at a time exports: PyTorch changes classes of the whole process meanwhile."""
    if not _exporting.acquire(blocking=False):
        carry_out([("wait for the export of another thread", _exporting.acquire)], on_step)
    try:
        yield
    finally:
        _exporting.release()


def loaded_exporter(on_step: OnStep | None) -> ModuleType:
    """The module that exports; importing it loads PyTorch, which takes seconds and is told."""
    load = partial(import_module, "sleap_rt.export.exporter")
    return carry_out([("load PyTorch", load)], on_step)[0]
