"""Option objects from named values, and values that have no effect."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from sleap_rt.errors import OptionError

_Options = TypeVar("_Options")


def filled(options: type[_Options], given: Mapping[str, Any]) -> _Options:
    """An option object from the values of its fields' names; its defaults where there is none."""
    names = [field.name for field in fields(options) if field.name in given]  # type: ignore[arg-type]
    return options(**{name: given[name] for name in names})


def refuse_given(names: Collection[str], given: Mapping[str, Any], reason: str) -> None:
    """Refuse arguments that have no effect, unless they say what happens anyway.

    Args:
        names: of these arguments.
        given: name -> value.
        reason: in words.

    Raises:
        OptionError: one of them is given.
    """
    harmless = (None, False, "auto", "instance")
    useless = [name for name in names if name in given and given[name] not in harmless]
    if useless:
        raise OptionError(f"{', '.join(useless)}: {reason}")


def refuse_unwritten(
    output_path: object, given: Mapping[str, Any], also: Collection[str] = ()
) -> None:
    """Refuse what is said about a file where none is written.

    Args:
        output_path: of the file; None writes none.
        given: name -> value of any options.
        also: options that have no effect either where only a file gets the result.

    Raises:
        OptionError: as the summary says.
    """
    if output_path is None:
        of_summary = ("overwrite",) if given.get("summary") else ()
        names = ("output_format", "overwrite", "resume", "journal", *also)
        useless = [name for name in names if name not in of_summary]
        refuse_given(useless, given, "no effect without output_path (-o)")
