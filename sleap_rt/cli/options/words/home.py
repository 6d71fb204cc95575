"""`~/` at the beginning of a path, where no shell has replaced it."""

import os
import re

_AHEAD = re.compile(r"(?P<option>--[\w-]+=|-\w)?(?P<path>~(?:/.*)?)", re.DOTALL)


def with_home(word: str) -> str:
    """A word with the home folder in place of `~`.

    Shells leave it as it is in quotes and behind an option's equals sign, and a folder of that name
    would be made.
    """
    found = _AHEAD.fullmatch(word)
    return word if found is None else f"{found['option'] or ''}{os.path.expanduser(found['path'])}"
