"""Sizes in steps, for devices on which each new size of an input costs a build or a compilation.

The numbers of crops and of frames change from batch to batch. They are filled up to the next step
with copies of the last one, whose results are cut off again; so few sizes ever reach the device,
and never an empty one. The slots of peaks grow in steps by themselves.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext

import numpy as np

from sleap_rt.runtime.engines.interface import Array, DeviceArray, Engine, Feed
from sleap_rt.runtime.engines.wrapping.building import building

_ROWS = ("centers", "frame_index")  # one row per crop


def stepped_size(n: int) -> int:
    """The step at or above a number: 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, ..."""
    step = 1
    while step < n:
        if step + step // 2 >= n and step > 1:
            return step + step // 2
        step *= 2
    return step


class SteppedEngine:
    """An engine that sees few sizes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.inputs, self.outputs, self.device = engine.inputs, engine.outputs, engine.device
        self.upload, self.close = engine.upload, engine.close
        self._seen: set[tuple[tuple[int, ...], ...]] = set()  # shapes of inputs

    def run(self, feed: Feed, fetch: Sequence[str] | None = None) -> dict[str, Array]:
        frames = feed.get("frames")
        rows = feed.get("centers", frames)  # outputs have a row for each of these
        stepped = _in_steps(feed)
        shapes = tuple(array.shape for array in stepped.values())
        with nullcontext() if shapes in self._seen else building():
            found = self._engine.run(stepped, fetch)
        self._seen.add(shapes)
        if rows is None:
            return found
        return {name: array[: len(rows)] for name, array in found.items()}


def _in_steps(feed: Feed) -> Mapping[str, Array | DeviceArray]:
    """What is on the device already stays as it is."""
    return {
        name: _filled(array)
        if name in ("frames", *_ROWS) and isinstance(array, np.ndarray)
        else array
        for name, array in feed.items()
    }


def _filled(array: Array) -> Array:
    n_more = stepped_size(len(array)) - len(array)
    if not n_more:
        return array
    last = array[-1:] if len(array) else np.zeros((1, *array.shape[1:]), array.dtype)
    return np.concatenate([array, np.repeat(last, n_more, axis=0)])
