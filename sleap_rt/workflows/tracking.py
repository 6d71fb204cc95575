"""The tracker's options among those of a prediction."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from sleap_rt.errors import OptionError
from sleap_rt.options import filled
from sleap_rt.tracking.options import TrackerOptions

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


def needed_tracker_options(values: Mapping[str, Any]) -> TrackerOptions:
    """The same where no model is given, so that tracking is all there is to do.

    Raises:
        OptionError: `tracking` is off, too; or as `tracker_options`.
    """
    options = tracker_options(values)
    if options is None:
        raise OptionError(
            "Neither model_paths (predict poses) nor --tracking (follow the poses of a `.slp` "
            "file) was given; give one or both"
        )
    return options


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
