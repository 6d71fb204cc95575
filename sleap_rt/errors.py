"""The errors of this package, in one small tree.

Every message says what was found, what was expected, and what to do. The command line turns an
`OptionError` into exit code 2 and every other `SleapRtError` into exit code 1.
"""

from collections.abc import Iterable
from typing import Any

from sleap_rt.option_names import as_given

_LONGEST = 2000  # characters of a message


class SleapRtError(Exception):
    """Base of all errors that a user can act on.

    Libraries quote what they find in a damaged file, however much that is: a message is cut where
    nobody would read on. Commands to install something fit how this package was installed, and
    options are named as they are given: `--resume` in a command, `resume=True` in Python.
    """

    def __str__(self) -> str:
        text = as_given(super().__str__())
        if "pip install" in text:  # few messages; the import takes time
            from sleap_rt.machine.installing import fitted

            text = fitted(text)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ... (and so on)"


class OptionError(SleapRtError):
    """An option has a value, or stands in a combination, that cannot be honoured."""


class ModelError(SleapRtError):
    """A trained model or an exported graph is missing, damaged or not supported."""


class NotWritableError(ModelError):
    """An exported graph cannot be written where it should go."""


class DataError(SleapRtError):
    """A video, an image or a labels file is missing, damaged or does not hold what is needed."""


class SomeInputsFailedError(DataError):
    """Some of many inputs could not be processed; the others were.

    Args:
        message: which, and why.
        results: as the call would have returned, None for those that failed.
    """

    def __init__(self, message: str, results: list[Any]) -> None:
        super().__init__(message)
        self.results = results


class FrameError(DataError):
    """One frame cannot be read; others of the same video may be."""


class EngineError(SleapRtError):
    """An inference engine or a device is not available, or failed."""


class RunError(SleapRtError):
    """A run was ended by a fault of a library, of this machine, or of this package."""


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A sentence with the nearest of the names, with a space ahead; empty if none is near."""
    from difflib import get_close_matches

    names = list(names)
    begun = [one for one in names if len(name) > 2 and one.startswith(name)]
    near = get_close_matches(name, names, n=1) or begun
    return f" Did you mean {near[0]!r}?" if near else ""
