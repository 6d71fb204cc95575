"""What the package logs, as notes and warnings of a command."""

import logging

import click

from sleap_rt.cli.terminal import messages
from sleap_rt.errors import OptionError

_PACKAGE = "sleap_rt"
_NOTES = "sleap_rt.tracking"  # whose details a person should know


def tell_logs(*, quiet: bool, verbose: bool = False) -> None:
    """Say what is logged while the command runs, each once however many inputs there are.

    Args:
        quiet: warnings alone.
        verbose: details as well, also of the libraries used.

    Raises:
        OptionError: both.
    """
    if quiet and verbose:
        raise OptionError("verbose and quiet exclude each other")
    if verbose:
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        return
    told = _Told()
    logging.getLogger(_PACKAGE).addHandler(told)
    notes = logging.getLogger(_NOTES)
    before = notes.level
    notes.setLevel(logging.WARNING if quiet else logging.INFO)

    def undo() -> None:
        logging.getLogger(_PACKAGE).removeHandler(told)
        notes.setLevel(before)

    click.get_current_context().call_on_close(undo)


class _Told(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self._told: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if text not in self._told:
            self._told.add(text)
            (messages.note if record.levelno < logging.WARNING else messages.warn)(text)
