"""Calls of the Python functions that do not fit their signature, told in words."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, isclass, signature
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

from sleap_rt.errors import OptionError, did_you_mean
from sleap_rt.options.upstream import OLD_DIALECT, RENAMED, why_unknown
from sleap_rt.options.usual import USUAL
from sleap_rt.words import counted

_Function = TypeVar("_Function", bound=Callable[..., Any])
_MOST_NAMED = 4  # arguments that a message lists
_BY_PLACE = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


class Fit:
    """Whether calls fit a function, in words where they do not.

    Args:
        function: what messages call it.
        signature: of it; one that takes any keyword (`**named`) has no unknown ones.
        elsewhere: arguments of another function -> what to do with them; arguments of this one, of
            which people expect something else -> what to give.
        command: that does the same as the function.
    """

    def __init__(
        self,
        function: str,
        signature: Signature,
        elsewhere: Mapping[str, str] | None = None,
        command: str = "track",
    ) -> None:
        self._function = function.removesuffix(".__init__")
        self._elsewhere, self._command = elsewhere or {}, command
        parameters = signature.parameters
        kinds = {one.kind for one in parameters.values()}
        self._by_place = [n for n, one in parameters.items() if one.kind in _BY_PLACE]
        self._takes_any = Parameter.VAR_KEYWORD in kinds
        self._types = {
            n: one.annotation
            for n, one in parameters.items()
            if n != "self" and one.kind not in (Parameter.VAR_KEYWORD, Parameter.VAR_POSITIONAL)
        }
        self._needed = [n for n in self._types if parameters[n].default is Parameter.empty]

    def check(self, given: Sequence[Any], named: Mapping[str, Any]) -> None:
        """Refuse a call that does not fit.

        Args:
            given: arguments by place.
            named: those by name.

        Raises:
            TypeError: a name is unknown, with the nearest known one; an argument is missing, is
                there twice, or is one more than the function takes by place.
            OptionError: a name is an option of sleap-nn or SLEAP; with what is here instead.
        """
        if not self._takes_any:
            for name in named:
                if name not in self._types:
                    self._refuse_name(name)
        if len(given) > len(self._by_place):
            raise TypeError(self._too_many(given))
        placed = self._by_place[: len(given)]
        for name in placed:
            if name in named:
                raise TypeError(
                    f"{self._function}: {name} is given by place and by name; give it once"
                )
        missing = [n for n in self._needed if n not in named and n not in placed]
        if missing:
            raise TypeError(f"{self._function} needs {' and '.join(missing)}, and got none")

    def hint(self, name: str) -> str:
        """What to give for an argument, behind a refusal."""
        return f": {self._elsewhere[name]}" if name in self._elsewhere else ""

    def _too_many(self, given: Sequence[Any]) -> str:
        places = [name for name in self._by_place if name != "self"]
        by_name = {name: kind for name, kind in self._types.items() if name not in places}
        first = given[len(self._by_place)]
        n_given = len(given) - len(self._by_place) + len(places)
        takes = f"{self._function} takes {counted(len(places), 'argument')} by place"
        listed = f" ({', '.join(places)})" if places else ""
        meant = _meant(first, by_name)
        if meant:
            hint = f"; give the others by name.{meant}"
        else:
            of_last = "".join(map(self.hint, places[-1:]))
            hint = self._in_one_list(given) or _by_name(by_name) or of_last
        return f"{takes}{listed}, and got {n_given}{hint}"

    def _in_one_list(self, given: Sequence[Any]) -> str:
        """What to say of paths one by one where the last argument by place takes a list of them."""
        if not self._by_place:
            return ""
        name, paths = self._by_place[-1], given[len(self._by_place) - 1 :]
        kinds = get_args(self._types.get(name))
        takes_several = Path in kinds and any(get_origin(kind) is Sequence for kind in kinds)
        if not takes_several or not all(map(_is_path, paths)):
            return ""
        return f"; give several in one list: {name}={list(map(str, paths))}"

    def _refuse_name(self, name: str) -> None:
        names = list(self._types)
        renamed = {n: new for n, new in RENAMED.get(self._command, {}).items() if new in names}
        elsewhere = {**{n: f"it is {new} here" for n, new in renamed.items()}, **self._elsewhere}
        if name in elsewhere:
            raise TypeError(f"unexpected keyword argument {name!r}: {elsewhere[name]}.")
        usual = _usual(name, names)
        reason = None if usual else why_unknown(name, self._command)
        if reason is not None and OLD_DIALECT.get(name, names[0]).split()[0] in names:
            raise OptionError(reason)
        within = _of_options(name, self._types) or _value_of(name, self._types)
        hint = usual or within or did_you_mean(name, names)
        raise TypeError(f"unexpected keyword argument {name!r}.{hint}")


def fitted(function: _Function) -> _Function:
    """The same function, which refuses in words calls that do not fit it."""
    fit = Fit(function.__qualname__, signature(function))

    @wraps(function)
    def called(*given: Any, **named: Any) -> Any:
        fit.check(given, named)
        return function(*given, **named)

    return called  # type: ignore[return-value]


def _meant(value: Any, types: Mapping[str, Any]) -> str:
    """The argument that a value without a place is one of, if that is known."""
    if not isinstance(value, str):
        return ""
    usual = USUAL.get(value.partition(":")[0], ())  # `cuda:0` is a device
    name = next((one for one in usual if one in types), None)
    return _value_of(value, types) if name is None else f" Did you mean {name}={value!r}?"


def _is_path(value: Any) -> bool:
    """Whether a value is one, as far as can be told: `cpu` is none."""
    if not isinstance(value, str | Path):
        return False
    return len(Path(value).parts) > 1 or Path(value).exists()


def _by_name(types: Mapping[str, Any]) -> str:
    """How to give values that no place is left for."""
    if not types:
        return ""
    more = ", ..." if len(types) > _MOST_NAMED else ""
    return f"; give the others by name: {', '.join(list(types)[:_MOST_NAMED])}{more}"


def _usual(name: str, names: Collection[str]) -> str:
    """An argument that other programs call so."""
    here = next((one for one in USUAL.get(name, ()) if one in names), None)
    return "" if here is None else f" Did you mean {here!r}?"


def _of_options(name: str, types: Mapping[str, Any]) -> str:
    """An argument that is an object, such as of options, of which the name is one."""
    for argument, kind in types.items():
        for one in (kind, *get_args(kind)):
            if isclass(one) and is_dataclass(one) and name in [field.name for field in fields(one)]:
                return f" Give it as {argument}={one.__name__}({name}=...)"
    return ""


def _value_of(name: str, types: Mapping[str, Any]) -> str:
    """An argument that the name is a value of, such as `fp16=True`."""
    for argument, kind in types.items():
        for one in (kind, *get_args(kind)):
            if get_origin(one) is Literal and name in get_args(one):
                return f" Did you mean {argument}={name!r}?"
    return ""
