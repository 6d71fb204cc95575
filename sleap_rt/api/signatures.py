"""Signatures that name every keyword argument, so that `help` and editors show them."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar, get_type_hints

from sleap_rt.api.arguments import ModelArguments, RunArguments, TrackingArguments
from sleap_rt.api.explained import explain
from sleap_rt.options import (
    DecodeOptions,
    EngineOptions,
    ExportOptions,
    FilterOptions,
    ModelOverrides,
    RenderOptions,
    RunOptions,
    SelectionOptions,
)
from sleap_rt.options.calls import Fit
from sleap_rt.tracking.options import TrackerOptions
from sleap_rt.workflows.planning.options import PredictionOptions

_Function = TypeVar("_Function", bound=Callable[..., Any])
_OF_OUTPUT = ("output_format", "centroid_output")  # the rest of their home is no argument
_HOMES = (
    ModelOverrides,
    ExportOptions,
    RenderOptions,
    EngineOptions,
    DecodeOptions,
    RunOptions,
    SelectionOptions,
    FilterOptions,
    TrackerOptions,
)
_MEANINGS = (*_HOMES, ModelArguments, TrackingArguments, RunArguments)


def names_arguments(
    arguments: type,
    *homes: type,
    elsewhere: Mapping[str, str] | None = None,
    command: str = "track",
    defaults: Mapping[str, Any] | None = None,
) -> Callable[[_Function], _Function]:
    """Show the keywords of a TypedDict, with defaults and meanings, in place of `**arguments`.

    Calls that do not fit are refused in words.

    Args:
        arguments: the TypedDict.
        *homes: classes that explain arguments, beside the TypedDict and the option classes.
        elsewhere: arguments of another function -> what to do with them.
        command: that does the same as the function.
        defaults: of this function that differ from those of the option classes.
    """

    def add(function: _Function) -> _Function:
        plain = signature(function)
        own = [one for one in plain.parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
        usual = {one.name: one.default for home in _HOMES for one in fields(home)}
        usual |= {name: getattr(PredictionOptions, name) for name in _OF_OUTPUT}
        usual |= defaults or {}
        more = [
            Parameter(
                name,
                Parameter.KEYWORD_ONLY,
                default=usual.get(name, _least(kind)),
                annotation=kind,
            )
            for name, kind in get_type_hints(arguments).items()
            if name not in plain.parameters
        ]
        shown = Signature([*own, *more], return_annotation=plain.return_annotation)
        fit = Fit(function.__qualname__, shown, elsewhere, command)

        @wraps(function)
        def called(*given: Any, **named: Any) -> Any:
            fit.check(given, named)
            return function(*given, **named)

        called.__signature__ = shown  # type: ignore[attr-defined]
        explain(called, [one.name for one in more], (*_MEANINGS, *homes, arguments))
        return called  # type: ignore[return-value]

    return add


def _least(kind: Any) -> bool | None:
    """The default of an option that no class above has."""
    return False if kind is bool else None
