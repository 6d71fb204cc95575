"""Checks the inputs of a run before they reach the GPU."""

from collections.abc import Sequence

import numpy as np

from sleap_rt.errors import EngineError
from sleap_rt.runtime.engines.interface import Array, DeviceArray, Feed, TensorSpec, check_feed


def checked_feed(
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
    feed: Feed,
    fetch: Sequence[str],
    owner: str,
) -> dict[str, Array | DeviceArray]:
    """The inputs of a run, contiguous and in the graph's order.

    Args:
        inputs: of the graph.
        outputs: of the graph.
        feed: every input, by name.
        fetch: outputs to fetch.
        owner: engine and device that uploads must have been made for.

    Raises:
        EngineError: an input is missing, unknown or of the wrong type or shape, or the graph does
            not have an output to fetch.
    """
    check_feed(inputs, feed, owner)
    unknown = sorted(set(fetch) - {spec.name for spec in outputs})
    if unknown:
        raise EngineError(
            f"The graph has no output {', '.join(unknown)}; it has "
            + ", ".join(spec.name for spec in outputs)
        )
    return {spec.name: _contiguous(feed[spec.name]) for spec in inputs}


def _contiguous(array: Array | DeviceArray) -> Array | DeviceArray:
    return array if isinstance(array, DeviceArray) else np.ascontiguousarray(array)
