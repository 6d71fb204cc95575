"""Paths as Python functions take them: one, or several."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sleap_rt.errors import OptionError


def given_path(name: str, given: Any) -> Path | None:
    """A path that may be left out.

    Args:
        name: of the argument.
        given: its value.

    Raises:
        OptionError: it is something else.
    """
    if given is None or isinstance(given, str | Path):
        return None if given is None else Path(given)
    raise OptionError(f"{name} must be a path or None; got {type(given).__name__}")


def given_paths(name: str, given: Any) -> list[Path]:
    """One path, or several, as a list.

    Args:
        name: of the argument.
        given: its value.

    Raises:
        OptionError: it is something else.
    """
    paths = [given] if isinstance(given, str | Path) else given
    if isinstance(paths, Iterable) and not isinstance(paths, bytes):
        paths = list(paths)
        others = [one for one in paths if not isinstance(one, str | Path)]
        if not others:
            return [Path(path) for path in paths]
        found = f"a list with {type(others[0]).__name__}"
    else:
        found = type(given).__name__
    raise OptionError(f"{name} must be a path or a list of paths; got {found}")
