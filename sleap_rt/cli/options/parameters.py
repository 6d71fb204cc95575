"""Option types and checks that more than one command uses."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

from sleap_rt.errors import OptionError
from sleap_rt.options.frames import parse_frames

_Value = TypeVar("_Value")
_NUMBERS = re.compile(r"[\d,.-]*\d[\d,.-]*")


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


def given_options(ctx: click.Context, names: Iterable[str]) -> set[str]:
    """Those of `names` that stand on the command line."""
    source = click.core.ParameterSource.COMMANDLINE
    return {name for name in names if ctx.get_parameter_source(name) is source}


def refuse_stray_numbers(
    args: Sequence[str], given: Mapping[str, Any], params: Iterable[click.Parameter]
) -> None:
    """Refuse numbers in place of inputs and models, unless there are files of such names.

    Args:
        args: of the command line, as typed.
        given: parameter -> what was said.
        params: of the command.

    Raises:
        OptionError: as the summary says.
    """
    params = list(params)
    for one in params:
        values = given.get(str(one.name))
        if not isinstance(one.type, click.Path) or not isinstance(values, tuple | list):
            continue
        for value in values:
            is_stray = value in args and _NUMBERS.fullmatch(str(value))
            if is_stray and not os.path.exists(value):
                raise OptionError(f"{value} is no file{_advice(str(value), args, params)}")


def _advice(word: str, args: Sequence[str], params: Sequence[click.Parameter]) -> str:
    """What to do with a number, by the option that it stands behind."""
    flag, numbers = _ahead_of(word, args)
    option = next((one for one in params if flag in one.opts), None)
    if option is not None and numbers and isinstance(option.type, FrameList):
        parts = [part for number in (*numbers, word) for part in number.split(",") if part]
        return f"; as a part of {flag}, write it without spaces: {flag} {','.join(parts)}"
    if option is not None and numbers:
        return f"; {flag} takes one value, {numbers[0]}, so leave out {word}"
    frames = [one.opts[0] for one in params if isinstance(one.type, FrameList)]
    if frames and _is_frames(word):
        return f"; frames are chosen by {frames[0]} {word}, and `sleap-nn live` watches cameras"
    return "; name a file, or the option that it belongs to"


def _is_frames(word: str) -> bool:
    try:
        return bool(parse_frames(word))
    except ValueError:
        return False  # a date, say


def _ahead_of(word: str, args: Sequence[str]) -> tuple[str, list[str]]:
    """The option that a word stands behind, and the numbers between them."""
    numbers: list[str] = []
    for other in reversed(args[: args.index(word)]):
        flag, _, value = other.partition("=")
        if other.startswith("-") and not _NUMBERS.fullmatch(other):
            flag = f"--{flag[2:].replace('-', '_')}" if flag.startswith("--") else flag
            return flag, [*([value] if value else []), *reversed(numbers)]
        if not _NUMBERS.fullmatch(other):
            break
        numbers.append(other)
    return "", []
