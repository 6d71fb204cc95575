"""Types of keyword arguments, told in words where a value has another one."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from sleap_rt.errors import OptionError, did_you_mean
from sleap_rt.options.upstream import why_unknown

_MOST_SHOWN = 60  # characters of a value
_NUMBERS: dict[Any, type] = {int: Integral, float: Real}  # those of NumPy, too
_MANY: dict[Any, str] = {
    int: "whole numbers (such as range(100) or [0, 5])",
    float: "numbers",
}
_ONE: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    str: "a string",
    Path: "a path",
    NoneType: "None",
}


def check_arguments(
    given: Mapping[str, Any],
    known: type,
    elsewhere: Mapping[str, str] | None = None,
    beside: Collection[str] = (),
) -> None:
    """Refuse names that are no arguments, and values of another type.

    Args:
        given: name -> value.
        known: a TypedDict with the arguments.
        elsewhere: arguments of another function -> what to do with them.
        beside: arguments that the function has beside these, which may have been meant.

    Raises:
        TypeError: a name is unknown; the message suggests the nearest known one.
        OptionError: a value has another type; or it is an option of sleap-nn or SLEAP, and the
            message says what is here instead.
    """
    types = get_type_hints(known)
    for name, value in given.items():
        if name not in types:
            _refuse_name(name, (*beside, *types), elsewhere or {})
        kinds = _alternatives(types[name])
        if not any(_fits(value, kind) for kind in kinds):
            shown = repr(value)
            shown = shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]} ..."
            allowed = " or ".join(dict.fromkeys(map(_in_words, kinds)))
            raise OptionError(f"{name} must be {allowed}; got {shown}")


def _refuse_name(name: str, names: Collection[str], elsewhere: Mapping[str, str]) -> None:
    if name in elsewhere:
        raise TypeError(f"unexpected keyword argument {name!r}: {elsewhere[name]}.")
    reason = why_unknown(name)
    if reason is not None:
        raise OptionError(reason)
    raise TypeError(f"unexpected keyword argument {name!r}.{did_you_mean(name, names)}")


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    """The members of a union. A Literal alone counts as the types of its values.

    Which of these there are, the options say themselves; beside another type, they would not
    expect a string.
    """
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    mixed = any(kind is not NoneType and get_origin(kind) is not Literal for kind in kinds)
    types = [
        (kind,) if mixed or get_origin(kind) is not Literal else map(type, get_args(kind))
        for kind in kinds
    ]
    return tuple(one for some in types for one in some)


def _is_sequence(kind: Any) -> bool:
    return get_origin(kind) in (list, Sequence)


def _fits(value: Any, kind: Any) -> bool:
    if _is_sequence(kind):
        (of,) = get_args(kind)
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            return False
        return isinstance(value, Iterator | range) or all(_fits(one, of) for one in value)
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if kind in _NUMBERS:
        return isinstance(value, _NUMBERS[kind]) and not isinstance(value, bool)
    return isinstance(value, str | Path if kind is Path else kind)


def _in_words(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(map(repr, get_args(kind)))
    return f"a list of {_MANY[get_args(kind)[0]]}" if _is_sequence(kind) else _ONE[kind]
