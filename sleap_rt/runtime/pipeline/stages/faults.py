"""Exceptions of other libraries, in one line of ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from sleap_rt.errors import RunError, others_as


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Say what was being done when something fails that no error of ours foresees.

    Args:
        what: the work inside the context, as the beginning of a sentence: `Reading frame 3`.

    Raises:
        RunError: in place of any exception that is not ours, `SystemExit` among them: a library
            must not end the program without a word. An interrupt passes.
    """
    with others_as(RunError, f"{what} failed"):
        yield
