"""Help in panels and colours on a terminal; where it is piped, as plain lines."""

import sys
from typing import TYPE_CHECKING

from rich_click import (
    RichCommand,
    RichContext,
    RichHelpConfiguration,
    RichHelpFormatter,
    RichOptionPanel,
)

from sleap_rt.cli.terminal.program import USUAL, as_called, program_name

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
        if len(program_name()) == len(USUAL):  # a longer name would not fit into what is drawn
            text = as_called(text)
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
