"""Keyword arguments of the Python functions: their names and types, told in words."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, get_type_hints

from sleap_rt.errors import OptionError, did_you_mean
from sleap_rt.options.upstream import RENAMED, why_unknown
from sleap_rt.options.value_types import check_value, in_python


def check_arguments(
    given: Mapping[str, Any],
    known: type,
    elsewhere: Mapping[str, str] | None = None,
    beside: Collection[str] = (),
) -> dict[str, Any]:
    """Refuse names that are no arguments, and values of another type.

    Args:
        given: name -> value.
        known: a TypedDict with the arguments.
        elsewhere: arguments of another function -> what to do with them.
        beside: arguments that the function has beside these, which may have been meant.

    Returns:
        The same with numbers, lists and switches of Python in place of NumPy's.

    Raises:
        TypeError: a name is unknown; the message suggests the nearest known one.
        OptionError: a value has another type; or it is an option of sleap-nn or SLEAP, and the
            message says what is here instead.
    """
    types, values = get_type_hints(known), {}
    for name, value in given.items():
        if name not in types:
            _refuse_name(name, (*beside, *types), elsewhere or {})
        values[name] = list(value) if isinstance(value, Iterator) else in_python(value)
        check_value(name, values[name], types[name])
    return values


def _refuse_name(name: str, names: Collection[str], elsewhere: Mapping[str, str]) -> None:
    elsewhere = {**{old: f"it is {new} here" for old, new in RENAMED["track"].items()}, **elsewhere}
    if name in elsewhere:
        raise TypeError(f"unexpected keyword argument {name!r}: {elsewhere[name]}.")
    reason = why_unknown(name)
    if reason is not None:
        raise OptionError(reason)
    raise TypeError(f"unexpected keyword argument {name!r}.{did_you_mean(name, names)}")
