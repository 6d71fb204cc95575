"""Standard output that takes every character and every name of a file, whatever its encoding."""

import codecs
import io
import sys

_ERRORS = "sleap_rt_as_it_is"


def take_every_name() -> None:
    """Names that are no text are printed as their bytes, as `ls` does; others as `\\xb2`."""
    codecs.register_error(_ERRORS, _as_it_is)
    if isinstance(sys.stdout, io.TextIOWrapper):  # there may be none
        sys.stdout.reconfigure(errors=_ERRORS)


def _as_it_is(error: UnicodeError) -> tuple[str | bytes, int]:
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.lookup_error("backslashreplace")(error)
