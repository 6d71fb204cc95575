"""What the program was called as, and commands in its messages in those words."""

import re
import sys
from pathlib import Path

USUAL = "sleap-nn"
_AS_SCRIPT = (USUAL, "sleap-rt")
_AS_MODULE = "python -m sleap_rt"
_COMMAND = re.compile(rf"(^\s*|`|: ){USUAL} (?=[a-z])", re.MULTILINE)


def program_name() -> str:
    """As it was called; an environment may hold another program called `sleap-nn`."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py" and called.parent.name == "sleap_rt":
        return _AS_MODULE
    return called.stem if called.stem in _AS_SCRIPT else USUAL


def script_name() -> str:
    """Of the script that a shell completes."""
    name = program_name()
    return name if name in _AS_SCRIPT else USUAL


def as_called(text: str) -> str:
    """A text whose commands, at the beginning of a line or in backticks, call this program."""
    return _COMMAND.sub(rf"\1{program_name()} ", text)
