"""Standard streams: every character and every name of a file is printed, whoever reads them."""

import codecs
import io
import os
import sys
from typing import TextIO

import click

_ERRORS = "sleap_rt_as_it_is"


def take_every_name() -> None:
    """Names that are no text are printed as their bytes, as `ls` does; others as `\\xb2`."""
    codecs.register_error(_ERRORS, _as_it_is)
    if isinstance(sys.stdout, io.TextIOWrapper):  # there may be none
        sys.stdout.reconfigure(errors=_ERRORS)


def say(text: str = "", *, nl: bool = True, err: bool = False, color: bool | None = None) -> None:
    """Print as `click.echo` does; a reader that has seen enough, as `head` has, stops no command.

    What it does not read any more is thrown away, and the exit code is that of the work.
    """
    try:
        click.echo(text, nl=nl, err=err, color=color)
    except BrokenPipeError:
        _throw_away(sys.stderr if err else sys.stdout)


def _throw_away(stream: TextIO) -> None:
    """All that goes to a stream from now on, and what it still holds: Python's end writes that."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _as_it_is(error: UnicodeError) -> tuple[str | bytes, int]:
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.lookup_error("backslashreplace")(error)
