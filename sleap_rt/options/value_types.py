"""Types of values as annotations tell them; what has another type is refused in words."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from inspect import Parameter, isclass, signature
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, SupportsIndex, TypeVar, Union, get_args, get_origin

from sleap_rt.errors import OptionError
from sleap_rt.options.calls import Fit

_MOST_SHOWN = 60  # characters of a value
_NUMBERS: dict[Any, type] = {int: Integral, SupportsIndex: Integral, float: Real}  # NumPy's, too
_MANY: dict[Any, str] = {
    int: "whole numbers",
    float: "numbers",
    str: "strings",
}
_EXAMPLES = {  # by name of the argument
    "frames": "range(100) or [0, 5]",
    "crop": "(0, 0, 200, 100)",
    "frame_size": "(1280, 1024)",
    "size": "(1280, 1024)",
}
_ONE: dict[Any, str] = {
    int: "a whole number",
    SupportsIndex: "a whole number",
    float: "a number",
    bool: "True or False",
    str: "a string",
    Path: "a path",
    NoneType: "None",
    Callable: "a function",
}
_Function = TypeVar("_Function", bound=Callable[..., Any])


def in_python(value: Any) -> Any:
    """NumPy's numbers and arrays as Python's numbers and lists, also in a list; others as is."""
    if isinstance(value, list | tuple):
        return type(value)(map(in_python, value)) if type(value) in (list, tuple) else value
    return value.tolist() if hasattr(value, "tolist") else value


def check_value(name: str, value: Any, annotation: Any, hint: str = "") -> None:
    """Refuse a value of another type.

    Args:
        name: of the argument.
        value: what was given.
        annotation: of the argument; a type, a union, a Literal or an Iterable of one of these.
        hint: what to give, behind the refusal.

    Raises:
        OptionError: as the summary says.
    """
    kinds = _alternatives(annotation)
    if not any(_fits(value, kind) for kind in kinds):
        shown = repr(value)
        shown = shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]} ..."
        such_as = f" (such as {_EXAMPLES[name]})" if name in _EXAMPLES else ""
        allowed = " or ".join(dict.fromkeys(_in_words(kind, such_as) for kind in kinds))
        raise OptionError(f"{name} must be {allowed}; got {shown}{hint}")


def typed(function: _Function, elsewhere: Mapping[str, str] | None = None) -> _Function:
    """The same function, which refuses arguments of another type than it is annotated with.

    Annotations that are texts, and those of arrays and the like, are left to the function. Calls
    that do not fit are refused in words.

    Args:
        function: of Python's interface.
        elsewhere: as of `Fit`.
    """
    shown = signature(function)
    parameters, fit = shown.parameters, Fit(function.__qualname__, shown, elsewhere)
    types = {n: one.annotation for n, one in parameters.items() if _is_told(one.annotation)}

    @wraps(function)
    def called(*given: Any, **named: Any) -> Any:
        fit.check(given, named)
        for name, value in (*zip(parameters, given, strict=False), *named.items()):
            if name in types:
                check_value(name, value, types[name], fit.hint(name))
        return function(*given, **named)

    return called  # type: ignore[return-value]


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    """The members of a union; a path may be a string. A Literal alone is the types of its values.

    Which of these there are, the options say themselves; beside another type, they would not
    expect a string.
    """
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    kinds = tuple(kind for kind in kinds if not (kind is str and Path in kinds))
    mixed = any(kind is not NoneType and get_origin(kind) is not Literal for kind in kinds)
    types = [
        (kind,) if mixed or get_origin(kind) is not Literal else map(type, get_args(kind))
        for kind in kinds
    ]
    return tuple(one for some in types for one in some)


def _is_told(annotation: Any) -> bool:
    """Whether `check_value` has words for all that is allowed."""
    if isinstance(annotation, str) or annotation in (Any, Parameter.empty):
        return False
    return all(
        get_args(kind)[0] in _MANY
        if _is_sequence(kind)
        else get_origin(kind) is Literal or (get_origin(kind) is None and isclass(kind))
        for kind in _alternatives(annotation)
    )


def _is_sequence(kind: Any) -> bool:
    return get_origin(kind) in (list, Sequence, Iterable)


def _fits(value: Any, kind: Any) -> bool:
    if _is_sequence(kind) or kind in (*_NUMBERS, bool):
        value = in_python(value)
    if _is_sequence(kind):
        (of,) = get_args(kind)
        if get_origin(kind) is list and not isinstance(value, list | tuple):
            return False
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            return False
        return isinstance(value, Iterator | range) or all(_fits(one, of) for one in value)
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if kind in _NUMBERS:
        return isinstance(value, _NUMBERS[kind]) and not isinstance(value, bool)
    return isinstance(value, str | Path if kind is Path else kind)


def _in_words(kind: Any, such_as: str) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(map(repr, get_args(kind)))
    if _is_sequence(kind):
        return f"a list of {_MANY[get_args(kind)[0]]}{such_as}"
    return _ONE.get(kind) or f"of type {kind.__name__}"
