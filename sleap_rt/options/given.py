"""Option objects from named values."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

_Options = TypeVar("_Options")


def filled(options: type[_Options], given: Mapping[str, Any]) -> _Options:
    """An option object from the values of its fields' names; its defaults where there is none."""
    names = [field.name for field in fields(options) if field.name in given]  # type: ignore[arg-type]
    return options(**{name: given[name] for name in names})
