"""Numbers and errors in sentences, and paths in commands and in JSON.

Old drives have names of files that are no UTF-8; Python has these bytes as lone surrogates, which
cannot be printed or saved everywhere.
"""

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path


def counted(number: int, thing: str) -> str:
    """`1 frame`, `2 frames`, `2 switches`, `2 epochs`."""
    plural = "es" if thing.endswith("tch") else "s"
    return f"{number} {thing}{'' if number == 1 else plural}"


def is_or_are(number: int) -> str:
    """The verb that goes with `number` things."""
    return "is" if number == 1 else "are"


def in_ranges(numbers: Sequence[int]) -> Iterator[str]:
    """Ascending numbers as `3-5` and `9`."""
    breaks = [i for i, (a, b) in enumerate(pairwise(numbers), 1) if b != a + 1]
    for start, end in pairwise([0, *breaks, len(numbers)]):
        first, last = numbers[start], numbers[end - 1]
        yield str(first) if first == last else f"{first}-{last}"


def error_in_words(error: BaseException) -> str:
    """Kind and message of an exception on one line."""
    message = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def unreadable(path: Path | str, error: OSError) -> str:
    """That a file or a folder cannot be read, and why."""
    return f"{path} cannot be read: {error.strerror or error}."


def sentence(error: BaseException) -> str:
    """The message of an exception, to be followed by more."""
    message = str(error)
    return message if message.endswith((".", "!", "?")) else f"{message}."


def as_typed(path: Path | str) -> str:
    """A path as a command that can be copied has it: quoted for its spaces, no option."""
    text = str(path)
    return quoted(f"./{text}" if text.startswith("-") else text)


def in_full(path: Path | str) -> str:
    """A path as programs read it: absolute, without `..`; links stay as they are."""
    return os.path.abspath(path)


def quoted(text: str) -> str:
    """A word as a shell has it; where it is no UTF-8, in the form of bash: `$'b\\xfc.mp4'`."""
    if no_text_why(text) is None:
        return shlex.quote(text)
    plain = range(ord(" "), ord("~") + 1)
    held = (chr(one) if one in plain else f"\\x{one:02x}" for one in os.fsencode(_escaped(text)))
    return f"$'{''.join(held)}'"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def no_text_why(name: Path | str) -> str | None:
    """What is wrong with the name of a file that is no text here; None for all others."""
    try:
        str(name).encode("utf8")
    except UnicodeEncodeError:
        return f"the name of {readable(str(name))} is no {sys.getfilesystemencoding().upper()}"
    return None


def readable(text: str) -> str:
    """Text that can be saved as UTF-8: bytes of a name that are none as `\\xfc`."""
    try:
        raw = text.encode("utf8", "surrogateescape")
    except UnicodeEncodeError:  # of Windows, where names hold no bytes
        raw = text.encode("utf8", "backslashreplace")
    return raw.decode("utf8", "backslashreplace")
