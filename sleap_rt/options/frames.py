"""Choices of frames as text: `0-100,200`."""

import re
from collections.abc import Iterable

from sleap_rt.errors import OptionError

_RANGE = re.compile(r"(\d+)(?:\s*-\s*(\d+))?")
_OPEN_RANGE = re.compile(r"\s*(\d+)\s*,\s*-\s*(\d+)\s*")  # original SLEAP's form of 1-200: 1,-200
_MOST_FRAMES = 100_000_000  # guards against a typing error that would fill the memory


def parse_frames(text: str) -> list[int]:
    """Frame indices, sorted, each once.

    Raises:
        ValueError: the text does not follow the grammar, or a range runs backwards.
    """
    whole = _OPEN_RANGE.fullmatch(text)
    items = [f"{whole[1]}-{whole[2]}"] if whole else text.split(",")
    frames: set[int] = set()
    for item in items:
        match = _RANGE.fullmatch(item.strip())
        if match is None:
            raise ValueError(
                f"{item.strip()!r} is neither a frame nor a range; "
                "write for example 0-100,200,250-300"
            )
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise ValueError(f"range {item.strip()!r} runs backwards; write {last}-{first}")
        if last - first > _MOST_FRAMES:
            raise ValueError(f"range {item.strip()!r} has more than {_MOST_FRAMES} frames")
        frames.update(range(first, last + 1))
    return sorted(frames)


def given_frames(given: str | Iterable[int]) -> tuple[int, ...]:
    """The argument `frames` of a Python function: numbers, or the text that the command takes.

    Raises:
        OptionError: the text is something else.
    """
    if isinstance(given, str):
        try:
            return tuple(parse_frames(given))
        except ValueError as error:
            raise OptionError(f"frames: {error}") from error
    return tuple(given)
