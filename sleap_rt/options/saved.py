"""How a file of `--save_config` begins."""

import re

BEGINS = "# options of "
_SAVED = re.compile(
    rb"%s[^\n]*?([a-z-]+), sleap-rt " % BEGINS.encode()
)  # whatever the program was called


def saved_by(head: bytes) -> str | None:
    """The command that saved its options in a file.

    Args:
        head: bytes that the file begins with.
    """
    saved = _SAVED.match(head)
    return None if saved is None else saved[1].decode()
