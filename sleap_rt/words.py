"""Numbers and errors in sentences, and paths in commands."""

import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path


def counted(number: int, thing: str) -> str:
    """`1 frame`, `2 frames`, `2 switches`, `2 epochs`."""
    plural = "es" if thing.endswith("tch") else "s"
    return f"{number} {thing}{'' if number == 1 else plural}"


def is_or_are(number: int) -> str:
    """The verb that goes with `number` things."""
    return "is" if number == 1 else "are"


def in_ranges(numbers: Sequence[int]) -> Iterator[str]:
    """Ascending numbers as `3-5` and `9`."""
    breaks = [i for i, (a, b) in enumerate(pairwise(numbers), 1) if b != a + 1]
    for start, end in pairwise([0, *breaks, len(numbers)]):
        first, last = numbers[start], numbers[end - 1]
        yield str(first) if first == last else f"{first}-{last}"


def error_in_words(error: BaseException) -> str:
    """Kind and message of an exception on one line."""
    message = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def as_typed(path: Path | str) -> str:
    """A path as a command that can be copied has it: quoted for its spaces, no option."""
    text = str(path)
    return shlex.quote(f"./{text}" if text.startswith("-") else text)
