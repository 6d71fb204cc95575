"""What each option means, taken from where it is defined, for the help of Python functions."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from inspect import cleandoc
from textwrap import fill
from typing import Any

_ATTRIBUTE = re.compile(r"^ {4}(\w+(?:, \w+)*): (.*(?:\n {5,}.*)*)", re.MULTILINE)
_COLUMNS = 90


def explain(function: Callable[..., Any], names: Sequence[str], homes: Iterable[type]) -> None:
    """Add the meaning of keyword arguments to the docstring of a function.

    Args:
        function: to be documented.
        names: of its arguments behind `**`.
        homes: classes whose docstrings explain them under `Attributes:`; of two that explain one
            name, the last.
    """
    meanings = {name: text for home in homes for name, text in _attributes(home).items()}
    if function.__doc__ is None:  # Python runs without docstrings
        return
    told = [
        fill(
            f"{name}: {meanings[name]}", _COLUMNS, initial_indent="    ", subsequent_indent=" " * 8
        )
        for name in names
        if name in meanings
    ]
    function.__doc__ = "\n".join([cleandoc(function.__doc__), "", "More arguments:", *told])


@cache
def _attributes(home: type) -> dict[str, str]:
    """Name -> meaning of each attribute of a class."""
    _, _, section = cleandoc(home.__doc__ or "").partition("Attributes:\n")
    section = section.partition("\n\n")[0]
    return {
        name: " ".join(found[2].split())
        for found in _ATTRIBUTE.finditer(section)
        for name in found[1].split(", ")
    }
