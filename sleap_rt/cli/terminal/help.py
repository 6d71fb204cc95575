"""Help in panels and colours on a terminal; where it is piped, as plain lines."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from rich_click import (
    RichCommand,
    RichContext,
    RichHelpConfiguration,
    RichHelpFormatter,
    RichOptionPanel,
)

from sleap_rt.cli.terminal.program import as_called
from sleap_rt.errors import flags_are

if TYPE_CHECKING:
    from rich.table import Table

MOST_COLUMNS = 100  # longer lines are hard to read


def goes_to_terminal() -> bool:
    """Whether a person reads standard output."""
    return sys.stdout.isatty()


class _OptionPanel(RichOptionPanel):
    """Names of options stay whole, however narrow the terminal is."""

    def get_table(
        self, command: RichCommand, ctx: RichContext, formatter: RichHelpFormatter
    ) -> "Table":
        table = super().get_table(command, ctx, formatter)
        for column in table.columns:
            column.overflow = "fold"
        if len(table.columns) > 1:
            names = table.columns[-2]  # the last one is the help
            options = list(self.get_objects(command, ctx))
            longest = max(len(name) for one in options for name in (*one.opts, *one.secondary_opts))
            widest = max(getattr(cell, "cell_len", 0) for cell in names.cells)
            names.width = max(longest, min(widest, formatter.width // 2))
        return table


class HelpFormatter(RichHelpFormatter):
    """Plain lines end where their words do."""

    option_panel_class = _OptionPanel

    def getvalue(self) -> str:
        text = super().getvalue()
        if goes_to_terminal():
            return text
        return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


class HelpContext(RichContext):
    """Chooses the look by where the help goes; rich honours `NO_COLOR` and `FORCE_COLOR`."""

    formatter_class = HelpFormatter

    def make_formatter(self, error_mode: bool = False) -> RichHelpFormatter:
        return self.formatter_class(
            width=self.terminal_width,
            max_width=MOST_COLUMNS,
            config=RichHelpConfiguration(
                theme="default-box" if goes_to_terminal() else "default-slim",
                force_terminal=None,  # GITHUB_ACTIONS would put colours into pipes
                text_paragraph_linebreaks="\n\n",
                padding_helptext_first_line=(0, 0, 1, 0),
                default_string="\\[default: {}]",
                delimiter_slash=" / ",  # a place to break the line, so that names stay whole
                helptext_show_aliases=False,
                options_table_column_types=["opt_short", "opt_long_metavar", "help"],
                options_table_help_sections=["help", "default"],
            ),
        )


class HelpCommand(RichCommand):
    """A command whose help looks so."""

    context_class = HelpContext

    def make_context(
        self, info_name: str | None, args: list[str], *rest: Any, **extra: Any
    ) -> click.Context:
        options = [one for one in self.params if isinstance(one, click.Option)]
        names = {str(one.name): max(one.opts, key=len).lstrip("-") for one in options}
        flags = {name: f"--{name.replace('-', '_')}" for name in names.values()}
        flags_are(flags | {name: flags[typed] for name, typed in names.items()}, args)
        return super().make_context(info_name, args, *rest, **extra)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with examples_as_called(self):
            super().format_help(ctx, formatter)  # type: ignore[arg-type]


@contextmanager
def examples_as_called(command: click.Command) -> Iterator[None]:
    """The examples in a command's help call the program as it was called."""
    written = command.help
    command.help = None if written is None else as_called(written)
    try:
        yield
    finally:
        command.help = written
