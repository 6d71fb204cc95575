"""Option types and checks that more than one command uses."""

from collections.abc import Iterable
from typing import Any, TypeVar

import click

from sleap_rt.options.frames import parse_frames
from sleap_rt.options.upstream import why_no_choice

_Value = TypeVar("_Value")


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


class Choice(click.Choice[str]):
    """Says of sleap-nn's values that are not here why."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            self.fail(f"{error.message.rstrip('.')}{why_no_choice(value)}.", param, ctx)


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


class FramesOrAll(FrameList):
    """The same, or nothing at all, as scripts for sleap-nn say it for all frames."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[int]:
        return [] if value == "" else super().convert(value, param, ctx)


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
