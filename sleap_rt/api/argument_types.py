"""Keyword arguments of the Python functions: their types, told in words."""

from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

from sleap_rt.options.value_types import check_value, in_python


def check_arguments(given: Mapping[str, Any], known: type) -> dict[str, Any]:
    """Refuse values of another type; names were checked when the function was called.

    Args:
        given: name -> value.
        known: a TypedDict with the arguments.

    Returns:
        The same with numbers, lists and switches of Python in place of NumPy's.

    Raises:
        OptionError: a value has another type.
    """
    types, values = get_type_hints(known), {}
    for name, value in given.items():
        values[name] = list(value) if isinstance(value, Iterator) else in_python(value)
        check_value(name, values[name], types[name])
    return values
