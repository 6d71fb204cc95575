"""Paths as Python functions take them: one, or several."""

import os
from collections.abc import Iterable, Mapping
from errno import ENAMETOOLONG
from pathlib import Path
from typing import Any

from sleap_rt.errors import OptionError


def fitting_path(name: str, given: str | Path) -> Path:
    """A path that the system can take.

    Args:
        name: of the argument.
        given: its value.

    Raises:
        OptionError: it is empty, which would mean the current folder, or longer than this system
            allows.
    """
    if given == "":
        raise OptionError(f"{name} is empty; name what is meant, or leave it out")
    path = Path(given)
    try:
        os.lstat(path)
    except OSError as error:
        if error.errno == ENAMETOOLONG:
            raise OptionError(
                f"{str(path)[:40]}...: a path of {len(str(path))} characters is longer than this "
                "system allows"
            ) from None
    except ValueError:  # a null character; whoever opens the file says so
        pass
    return path


def given_path(name: str, given: Any) -> Path | None:
    """A path that may be left out.

    Args:
        name: of the argument.
        given: its value.

    Raises:
        OptionError: it is something else, empty, or longer than this system allows.
    """
    if given is None or isinstance(given, str | Path):
        return None if given is None else fitting_path(name, given)
    raise OptionError(f"{name} must be a path or None; got {type(given).__name__}")


def given_paths(name: str, given: Any, *, least: int = 0) -> list[Path]:
    """One path, or several, as a list.

    Args:
        name: of the argument.
        given: its value.
        least: paths that are needed.

    Raises:
        OptionError: it is something else, too few, empty, or longer than this system allows.
    """
    paths = [given] if isinstance(given, str | Path) else given
    if isinstance(paths, Iterable) and not isinstance(paths, bytes | Mapping):
        paths = list(paths)
        others = [one for one in paths if not isinstance(one, str | Path)]
        if len(paths) < least:
            raise OptionError(f"{name} must be a path or a list of paths; got an empty list")
        if not others:
            return [fitting_path(name, path) for path in paths]
        found = f"a list with {type(others[0]).__name__}"
    else:
        found = type(given).__name__
    raise OptionError(f"{name} must be a path or a list of paths; got {found}")
