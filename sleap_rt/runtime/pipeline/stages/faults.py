"""Exceptions of other libraries, in one line of ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from sleap_rt.errors import RunError, SleapRtError


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Say what was being done when something fails that no error of ours foresees.

    Args:
        what: the work inside the context, as the beginning of a sentence: `Reading frame 3`.

    Raises:
        RunError: in place of any exception that is not ours, `SystemExit` among them: a library
            must not end the program without a word. An interrupt passes.
    """
    try:
        yield
    except (SleapRtError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        raise RunError(f"{what} failed: {in_words(error)}.") from error


def in_words(error: BaseException) -> str:
    """Kind and message of an exception on one line."""
    message = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
