"""Notes, warnings and errors on standard error; in colours on a terminal without `NO_COLOR`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from click.exceptions import NoArgsIsHelpError

from sleap_rt.cli.terminal.program import as_called
from sleap_rt.cli.terminal.streams import say
from sleap_rt.errors import as_given

_COLOURS = {"Note": "cyan", "Warning": "yellow", "Error": "red"}


def note(text: str) -> None:
    """Say what a person should know."""
    _tell("Note", text)


def warn(text: str) -> None:
    """Say what is probably not as it should be."""
    _tell("Warning", text)


def error(text: str) -> None:
    """Say why the program ends."""
    _tell("Error", text)


def next_step(text: str, to: str = "") -> None:
    """Say what is usually done next.

    Args:
        text: a sentence, or a command and nothing else, so that it can be copied.
        to: what the command is for.
    """
    label = click.style(f"next, to {to}:" if to else "next:", bold=True)
    say(f"{label} {as_called(text)}", err=True, color=_colours())


@contextmanager
def waiting(for_what: str) -> Iterator[None]:
    """Say on a terminal, as long as it takes, what the program is doing."""
    text = f"{for_what} ..." if sys.stderr.isatty() else ""
    say(text, nl=False, err=True)
    try:
        yield
    finally:
        say(f"\r{' ' * len(text)}\r" if text else "", nl=False, err=True)


def refused(problem: click.ClickException) -> None:
    """Say what was wrong with the command line, below the usage."""
    if isinstance(problem, NoArgsIsHelpError):
        problem.show()
        return
    if isinstance(problem, click.UsageError) and problem.ctx is not None:
        command = problem.ctx.command_path
        usage = problem.ctx.get_usage().strip()
        say(f"{usage}\nTry '{command} --help' for help.\n", err=True, color=_colours())
    error(problem.format_message())


def _tell(kind: str, text: str) -> None:
    label = click.style(f"{kind}:", fg=_COLOURS[kind], bold=kind == "Error")
    say(f"{label} {as_called(as_given(text))}", err=True, color=_colours())


def _colours() -> bool | None:
    """False for none; None leaves it to whether standard error is a terminal."""
    return False if os.environ.get("NO_COLOR") else None
