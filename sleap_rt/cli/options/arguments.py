"""How arguments are read: several values after one flag, and nothing twice that counts once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import click

from sleap_rt.cli.terminal.help import HelpCommand

_OPTIONS_END = "--"


class OnceCommand(HelpCommand):
    """A command that refuses an option given twice, where only the last one would count."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            _, _, order = self.make_parser(ctx).parse_args(args=list(args))
            _refuse_twice(order, ctx)
        return super().parse_args(ctx, args)


def _refuse_twice(given: Iterable[click.Parameter], ctx: click.Context) -> None:
    for parameter, n_times in Counter(given).items():
        if n_times > 1 and isinstance(parameter, click.Option) and _counts_once(parameter):
            name = max(parameter.opts, key=len)
            raise click.UsageError(
                f"{name} was given {n_times} times, and only one of them would count; give it once",
                ctx,
            )


def _counts_once(option: click.Option) -> bool:
    is_plain_flag = option.is_flag and not option.secondary_opts
    return not (option.multiple or option.count or is_plain_flag)


def spread(args: Sequence[str], flags: Iterable[str]) -> list[str]:
    """`-i a b` as `-i a -i b`, for options that can be repeated.

    Args:
        args: of the command line.
        flags: names of such options; in long ones, `-` and `_` are the same.
    """
    return list(_spread(args, set(flags)))


def _spread(args: Sequence[str], flags: set[str]) -> Iterator[str]:
    flag = None  # that takes the words to come
    is_first = False
    for position, word in enumerate(args):
        if word == _OPTIONS_END:
            yield from args[position:]
            return
        if word.startswith("-") and len(word) > 1:
            name, has_value, _ = word.partition("=")
            flag = name if _plain(name) in flags else None
            is_first = not has_value
            yield word
        elif flag is None or is_first:
            is_first = False
            yield word
        else:
            yield from (flag, word)


def _plain(name: str) -> str:
    return f"--{name[2:].replace('-', '_')}" if name.startswith("--") else name
