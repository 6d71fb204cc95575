"""Keyword arguments of the Python functions: their names and types, told in words."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

from sleap_rt.errors import OptionError, did_you_mean
from sleap_rt.options.upstream import OLD_DIALECT, RENAMED, why_unknown
from sleap_rt.options.usual import USUAL
from sleap_rt.options.value_types import check_value, in_python

_beside: dict[type, set[str]] = {}  # TypedDict -> what its functions take besides


def stand_beside(arguments: type, names: Collection[str]) -> None:
    """Tell that a function takes these as well, which may have been meant.

    Args:
        arguments: TypedDict with the other arguments of the function.
        names: of those that its signature has.
    """
    _beside.setdefault(arguments, set()).update(names)


def check_arguments(
    given: Mapping[str, Any],
    known: type,
    elsewhere: Mapping[str, str] | None = None,
    command: str = "track",
) -> dict[str, Any]:
    """Refuse names that are no arguments, and values of another type.

    Args:
        given: name -> value.
        known: a TypedDict with the arguments.
        elsewhere: arguments of another function -> what to do with them.
        command: that does the same as the function.

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
            _refuse_name(name, known, elsewhere or {}, command)
        values[name] = list(value) if isinstance(value, Iterator) else in_python(value)
        check_value(name, values[name], types[name])
    return values


def _refuse_name(name: str, known: type, elsewhere: Mapping[str, str], command: str) -> None:
    types = get_type_hints(known)
    names = [*_beside.get(known, ()), *types]
    renamed = {old: new for old, new in RENAMED.get(command, {}).items() if new in names}
    elsewhere = {**{old: f"it is {new} here" for old, new in renamed.items()}, **elsewhere}
    if name in elsewhere:
        raise TypeError(f"unexpected keyword argument {name!r}: {elsewhere[name]}.")
    reason = why_unknown(name, command)
    if reason is not None and OLD_DIALECT.get(name, names[0]).split()[0] in names:
        raise OptionError(reason)
    hint = _usual(name, names) or _value_of(name, types) or did_you_mean(name, names)
    raise TypeError(f"unexpected keyword argument {name!r}.{hint}")


def _usual(name: str, names: Collection[str]) -> str:
    """An argument that other programs call so."""
    here = next((one for one in USUAL.get(name, ()) if one in names), None)
    return "" if here is None else f" Did you mean {here!r}?"


def _value_of(name: str, types: Mapping[str, Any]) -> str:
    """An argument that the name is a value of, such as `fp16=True`."""
    for argument, kind in types.items():
        for one in (kind, *get_args(kind)):
            if get_origin(one) is Literal and name in get_args(one):
                return f" Did you mean {argument}={name!r}?"
    return ""
