"""Options in sections with headings, so that a long `--help` can be read."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from sleap_rt.cli.options.arguments import OnceCommand, spread

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Decorator = Callable[[Any], Any]


def section(title: str, *options: _Decorator) -> Callable[[_Function], _Function]:
    """Add options to a command, in this order, under a heading of their own."""

    def add(function: _Function) -> _Function:
        for option in reversed(options):
            n_before = len(getattr(function, "__click_params__", ()))
            function = option(function)
            for parameter in function.__click_params__[n_before:]:  # type: ignore[attr-defined]
                if isinstance(parameter, click.Option):  # arguments stand in the usage
                    parameter.panel = title  # type: ignore[attr-defined]
        return function

    return add


class SectionedCommand(OnceCommand):
    """A command whose help shows options under the headings that `section` gave them.

    Options that can be repeated take several values after one flag as well.
    """

    def words(self, args: Sequence[str]) -> list[str]:
        many = [one for one in self.params if isinstance(one, click.Option) and one.multiple]
        return spread(super().words(args), [name for one in many for name in one.opts])
