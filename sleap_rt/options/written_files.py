"""Files that the program writes, where they are given in place of others."""

import re
from pathlib import Path

BEGINS = "# options of "
_SAVED = re.compile(
    rb"%s[^\n]*?([a-z-]+), sleap-rt " % BEGINS.encode()
)  # whatever the program was called
_OTHER_RESULTS = {
    ".csv": "a table",
    ".nwb": "an NWB file",
    ".json": "a JSON file",
    ".part": "a part of a run",
}


def saved_by(head: bytes) -> str | None:
    """The command that saved its options in a file.

    Args:
        head: bytes that the file begins with.
    """
    saved = _SAVED.match(head)
    return None if saved is None else saved[1].decode()


def kind_of_result(path: Path) -> str | None:
    """What a file is by its name, in words, if it has results that no command goes on with."""
    return _OTHER_RESULTS.get(path.suffix)


def use_of_result(path: Path, otherwise: str) -> str:
    """What to do with such a file; `otherwise` of all but parts."""
    return "`sleap-nn merge` puts the parts together" if path.suffix == ".part" else otherwise
