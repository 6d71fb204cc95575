"""Option types and checks that more than one command uses."""

import re
from collections.abc import Iterable
from typing import Any, TypeVar

import click

_Value = TypeVar("_Value")
_RANGE = re.compile(r"(\d+)(?:\s*-\s*(\d+))?")
_OPEN_RANGE = re.compile(r"\s*(\d+)\s*,\s*-\s*(\d+)\s*")  # original SLEAP's form of 1-200: 1,-200
_MOST_FRAMES = 100_000_000  # guards against a typing error that would fill the memory


class NumberOrAuto(click.ParamType[int | None]):
    """A whole number, or `auto`, which leaves it open."""

    name = "auto|integer"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        if value == "auto":
            return None
        try:
            return int(value)
        except ValueError:
            self.fail(f"{value!r} is neither auto nor a whole number.", param, ctx)


class FileOrAddress(click.ParamType[str]):
    """A file, or something else that has a name: a camera's number, an address."""

    name = "text"


class CommaSeparated(click.ParamType[_Value]):
    """Several values in one word, with commas between them; in a file also as a list."""


class FrameList(CommaSeparated[list[int]]):
    """`1,3,5`, `0-100,200-300`, or any mix: whole numbers and inclusive ranges."""

    name = "frames"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[int]:
        if isinstance(value, list):
            return value
        try:
            return parse_frames(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Crop(CommaSeparated[tuple[int, ...]]):
    """`x1,y1,x2,y2`, whole numbers."""

    name = "x1,y1,x2,y2"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        try:
            numbers = tuple(int(one) for one in str(value).split(","))
        except ValueError:
            numbers = ()
        if len(numbers) != 4:
            self.fail(f"{value!r} is not x1,y1,x2,y2, four whole numbers of px", param, ctx)
        return numbers


class TrackNames(CommaSeparated[tuple[str, ...]]):
    """`a,b`: names of tracks."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        return tuple(name.strip() for name in str(value).split(","))


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


def given_options(ctx: click.Context, names: Iterable[str]) -> set[str]:
    """Those of `names` that stand on the command line."""
    source = click.core.ParameterSource.COMMANDLINE
    return {name for name in names if ctx.get_parameter_source(name) is source}
