"""Keyword arguments of a call: their types, told in words, and option objects from them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_type_hints

from sleap_rt.errors import log_of
from sleap_rt.options import (
    DecodeOptions,
    EngineOptions,
    FilterOptions,
    FrameRange,
    RunOptions,
    SelectionOptions,
    filled,
)
from sleap_rt.options.given import refuse_unwritten
from sleap_rt.options.paths import given_path
from sleap_rt.options.value_types import check_value, in_python
from sleap_rt.workflows.cluster.asked import asked_cluster
from sleap_rt.workflows.leniency import taken_leniently
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.tracking import tracker_options

OF_OUTPUT = (
    "centroid_output",
    "no_empty_frames",
    "overwrite",
    "reproducible",
    "resume",
    "journal",
)
_log = log_of(__name__)


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


def model_options(given: Mapping[str, Any]) -> PredictionOptions:
    """The options that are settled when models are opened.

    Args:
        given: of `ModelArguments`, in our words.
    """
    return PredictionOptions(
        decode=filled(DecodeOptions, given),
        engine=filled(EngineOptions, given),
        given=frozenset(given),
    )


def with_run_options(
    options: PredictionOptions, given: Mapping[str, Any], output_path: str | Path | None
) -> PredictionOptions:
    """The same with the options of one run.

    Args:
        options: of the models.
        given: of `RunArguments`, in our words.
        output_path: the file to write; None writes none.

    Raises:
        OptionError: an option has a value that cannot be honoured, or no effect.
    """
    refuse_unwritten(output_path, given)
    taken = taken_with_warnings({**given, "max_instances": options.decode.max_instances}, given)
    return replace(
        options,
        selection=filled(SelectionOptions, given),
        filters=filled(FilterOptions, taken),
        run=filled(RunOptions, given),
        tracking=tracker_options(taken),
        cluster=None if given.get("cluster") is None else asked_cluster(given["cluster"]),
        frame_range_of=FrameRange.of(given.get("frame_range_of")),
        output_path=given_path("output_path", output_path),
        output_format=given.get("output_format", "auto"),
        **{name: given[name] for name in OF_OUTPUT if name in given},
    )


def taken_with_warnings(values: Mapping[str, Any], given: Collection[str]) -> dict[str, Any]:
    """The values in our terms; what was changed, or has no effect, goes to the log.

    Args:
        values: name -> value of any options of a run.
        given: names of those that the user set.
    """
    taken, warnings = taken_leniently(values, given)
    for warning in warnings:
        _log.warning(warning)
    return taken
