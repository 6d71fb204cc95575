"""Tables and facts: fitted to a terminal, or as plain text that a program can read line by line."""

import re
import shutil
import textwrap
from collections.abc import Iterable, Sequence

import click

from sleap_rt.cli.terminal.help import goes_to_terminal
from sleap_rt.cli.terminal.program import as_called
from sleap_rt.cli.terminal.streams import say

_NUMBER = re.compile(r"-?[\d,.]+( ?(%|px|ms))?|-|undefined|never measured")
_MARGIN = 3  # columns between two values of a drawn table
_STATES = {"works": "green", "absent": "yellow", "OK": "green", "NOT OK": "red"}


def show_table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, turns: bool = False) -> None:
    """Print a table; in a pipe, one line per row and no line is broken.

    Args:
        heads: of the columns; all empty: none are shown.
        rows: values as text.
        turns: on a terminal that is too narrow, the columns become rows.
    """
    if not goes_to_terminal():
        say("\n".join(plain_lines(heads, rows)))
        return
    lines = [heads, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(heads))]
    if turns and sum(widths) + _MARGIN * len(widths) > terminal_width():
        first, *rest = zip(*lines, strict=True)
        heads, rows = first, rest
    _draw(heads, rows)


def plain_lines(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The table as text: two spaces between columns, numbers to the right."""
    lines = [line for line in (heads, *rows) if any(line)]
    columns = list(zip(*lines, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = _to_the_right(rows)
    return [
        "  ".join(
            f"{cell:{'>' if place in right else '<'}{widths[place]}}"
            for place, cell in enumerate(line)
        ).rstrip()
        for line in lines
    ]


def show_line(text: str = "", *, heading: bool = False) -> None:
    """Print a line; on a terminal, a long one goes on below its own beginning."""
    for line in _fitted(text):
        say(click.style(line, bold=True) if heading and goes_to_terminal() else line)


def show_facts(lines: Iterable[str]) -> None:
    """Print lines of `name: value`; on a terminal, values keep their place where they go on."""
    for line in map(as_called, lines):
        name = re.match(r"\s*[\w ]+:\s*", line)
        for one in _fitted(line, len(name[0]) if name else None):
            say(one)


def terminal_width() -> int:
    """Columns of the terminal, or what `COLUMNS` says."""
    return shutil.get_terminal_size().columns


def _fitted(text: str, hanging: int | None = None) -> list[str]:
    if not goes_to_terminal():
        return [text]
    indent = len(text) - len(text.lstrip()) + 2 if hanging is None else hanging
    width = terminal_width()
    return textwrap.wrap(
        text,
        width,
        subsequent_indent=" " * min(indent, width // 2),
        break_on_hyphens=False,
        break_long_words=False,  # paths and checksums are copied
    ) or [""]


def _to_the_right(rows: Sequence[Sequence[str]]) -> set[int]:
    columns = zip(*rows, strict=True)
    return {place for place, column in enumerate(columns) if all(map(_NUMBER.fullmatch, column))}


def _draw(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.ROUNDED, show_header=any(heads), header_style="bold", border_style="dim")
    right = _to_the_right(rows)
    for place, head in enumerate(heads):
        table.add_column(Text(head), justify="right" if place in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=_STATES.get(cell, "")) for cell in row))
    Console(width=terminal_width()).print(table)
