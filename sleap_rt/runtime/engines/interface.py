"""What every engine is: tensors in, tensors out, on one device."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sleap_rt.errors import EngineError

Array = NDArray[Any]


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of a graph.

    Attributes:
        name: as the graph has it.
        dtype: of its elements.
        shape: sizes; None where free.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class DeviceArray:
    """An array in a GPU's memory, to be fed to several runs without another copy.

    Attributes:
        shape: as of the array on the host.
        dtype: of its elements.
        owner: engine and device that it was uploaded for, e.g. `ort on cuda:0`.
        memory: the array, in that engine's own terms.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    owner: str
    memory: Any

    def __len__(self) -> int:
        return self.shape[0]


Feed = Mapping[str, Array | DeviceArray]


class Engine(Protocol):
    """Runs one exported graph. Knows tensors, not poses."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    device: str  # where it truly runs, asked of the runtime after opening, e.g. "cuda:0"

    def upload(self, array: Array) -> Array | DeviceArray:
        """Bring an input to where the engine computes, for runs of this and of like engines.

        Like engines are of the same kind, on the same device. The result is valid until this
        engine's next upload. On a CPU it is the array itself.
        """
        ...

    def run(self, feed: Feed, fetch: Sequence[str] | None = None) -> dict[str, Array]:
        """Compute outputs.

        Args:
            feed: every input of the graph, by name; arrays, or what `upload` made of them.
            fetch: outputs to compute; all if None.

        Raises:
            EngineError: an input is missing or of the wrong type or shape, or the run failed.
        """
        ...

    def close(self) -> None:
        """Free the graph's memory; the engine cannot run afterwards."""
        ...


def check_feed(inputs: Sequence[TensorSpec], feed: Feed, owner: str = "") -> None:
    """Refuse values that do not fit a graph's inputs, in the same words for every engine.

    Args:
        inputs: of the graph.
        feed: to check.
        owner: that uploads must have been made for; empty where there are none.

    Raises:
        EngineError: an input is missing or unknown, of another type or shape, or lies in the memory
            of another device.
    """
    specs = {spec.name: spec for spec in inputs}
    if specs.keys() != feed.keys():
        raise EngineError(
            f"the graph takes the inputs {', '.join(specs)}; given were {', '.join(feed)}"
        )
    for name, value in feed.items():
        spec = specs[name]
        fits = len(value.shape) == len(spec.shape) and all(
            wanted in (None, given) for wanted, given in zip(spec.shape, value.shape, strict=True)
        )
        if value.dtype != spec.dtype or not fits:
            shape = tuple("free" if size is None else size for size in spec.shape)
            raise EngineError(
                f"input {name!r} is {value.dtype} {value.shape}; the graph takes {spec.dtype} "
                f"{shape}"
            )
        if isinstance(value, DeviceArray) and value.owner != owner:
            raise EngineError(
                f"input {name!r} was uploaded for {value.owner}, not for {owner or 'this engine'}"
            )


def n_cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
