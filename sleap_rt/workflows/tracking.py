"""The tracker's options among those of a prediction."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from sleap_rt.errors import OptionError
from sleap_rt.options import filled
from sleap_rt.tracking.options import TrackerOptions
from sleap_rt.words import as_typed

_NAMES = tuple(field.name for field in fields(TrackerOptions))


def tracker_options(values: Mapping[str, Any]) -> TrackerOptions | None:
    """The tracker's options; None where `tracking` is off.

    If an option needs the number of animals and none is given, `max_instances` is used.

    Args:
        values: name -> value of any options; missing ones take their defaults.

    Raises:
        OptionError: a value or a combination is not allowed.
    """
    if not values.get("tracking"):
        return None
    given = {name: values[name] for name in _NAMES if name in values}
    if counts_by_instances(values):
        given["tracking_target_instance_count"] = values.get("max_instances")
    return filled(TrackerOptions, given)


def counts_by_instances(values: Mapping[str, Any]) -> bool:
    """Whether `max_instances` stands for the number of animals, as tracking needs one.

    Args:
        values: name -> value of any options.
    """
    counts = ["tracking_target_instance_count", "max_tracks"]
    if not values.get("tracking_pre_cull_to_target"):
        counts.append("tracking_clean_instance_count")
    needs = ("post_connect_single_breaks", "tracking_pre_cull_to_target")
    asked = any(values.get(name) for name in needs)
    return asked and not any(values.get(name) for name in counts)


def needed_tracker_options(values: Mapping[str, Any], inputs: Iterable[Any]) -> TrackerOptions:
    """The same where no model is given, so that tracking is all there is to do.

    Args:
        values: as above; of a file to write as well.
        inputs: whose animals are followed.

    Raises:
        OptionError: `tracking` is off, too; or as `tracker_options`.
    """
    options = tracker_options(values)
    if options is None:
        raise OptionError(
            "Neither model_paths (predict poses) nor --tracking (follow the poses of a `.slp` "
            f"file) was given; give one or both{_how_to_convert(values, inputs)}"
        )
    return options


def _how_to_convert(values: Mapping[str, Any], inputs: Iterable[Any]) -> str:
    """The command that writes poses in another format, where that was asked for."""
    from sleap_rt.runtime.outputs.formats import format_named  # it takes 0.2 s
    from sleap_rt.runtime.outputs.names import settled_format

    paths = [Path(one) for one in inputs if isinstance(one, str | Path)]
    labels = next((path for path in paths if path.suffix == ".slp"), None)
    output: Path | None = values.get("output_path")
    format_name = "slp"
    with suppress(OptionError):  # what no format has as its name is told of a run
        format_name = settled_format(values.get("output_format", "auto"), output)
    if labels is None or format_name == "slp":
        return ""
    if output is None or not output.suffix:
        output = labels.with_suffix(format_named(format_name).suffix)
    command = f"sio convert {as_typed(labels)} -o {as_typed(output)} --to {format_name}"
    return (
        f". `{command}` of sleap-io, which is installed with this program, writes poses that are "
        "there in another format (predictions that a person corrected as well as the corrections)"
    )


def without_effect(given: Collection[str], values: Mapping[str, Any]) -> str | None:
    """A warning that names tracking options without effect, as `tracking` is off; else None.

    Without a model either, there is nothing to do, which is refused.

    Args:
        given: names of options that the user set.
        values: name -> value of any options.
    """
    names = [name for name in _NAMES if name in given]
    if values.get("tracking") or not names or not values.get("model_paths", True):
        return None
    return f"{', '.join(names)}: no effect without --tracking"
