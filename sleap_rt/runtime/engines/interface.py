"""The interface of engines (tensors in, tensors out, on one device) and what each declares."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sleap_rt.contract import PRECISIONS, Precision
from sleap_rt.errors import EngineError, OptionError
from sleap_rt.runtime.graph_file import GraphValue

Array = NDArray[Any]
_DTYPES = {1: np.float32, 2: np.uint8, 7: np.int64, 10: np.float16}  # by ONNX's numbers


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


def tensor_specs(values: Iterable[GraphValue]) -> tuple[TensorSpec, ...]:
    """Inputs or outputs as a graph's file declares them."""
    return tuple(
        TensorSpec(value.name, np.dtype(_DTYPES[value.data_type]), value.shape) for value in values
    )


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
        """Copy an input to the engine's device, for runs of this engine and of its equals.

        Equals are engines of the same name on the same device. The result is valid until this
        engine's next upload. On a CPU it is the array itself.
        """
        ...

    def run(self, feed: Feed, fetch: Sequence[str] | None = None) -> dict[str, Array]:
        """Compute outputs.

        Args:
            feed: every input of the graph, by name; arrays, or what `upload` returned for them.
            fetch: outputs to compute; all if None.

        Raises:
            EngineError: an input is missing or of the wrong type or shape, or the run failed.
        """
        ...

    def close(self) -> None:
        """Free the graph's memory; the engine cannot run afterwards."""
        ...


@dataclass(frozen=True, kw_only=True)
class Device:
    """A kind of device that an engine serves.

    Attributes:
        kind: as `--device` has it, e.g. `cuda`.
        title: its name in sentences, e.g. `an NVIDIA GPU`.
        place: rank for engine `auto`, which takes the lowest that works here, GPUs before the CPU;
            None: `auto` takes this engine only where no other serves the device.
        int8_place: rank for networks in int8, where it differs.
        numbered: there may be several, told apart as `cuda:1`.
        without: options of the engine that it does not honour on this device.
        builds_per_shape: numbers of frames and crops that are new to it cost a build or a
            compilation, so that it gets them in steps.
        opens_together: several graphs can be opened at once, in threads.
        platform: the only system that has it, as in `sys.platform`; empty: any.
    """

    kind: str
    title: str
    place: int | None = None
    int8_place: int | None = None
    numbered: bool = False
    without: tuple[str, ...] = ()
    builds_per_shape: bool = False
    opens_together: bool = False
    platform: str = ""

    def place_for(self, *, is_int8: bool) -> int | None:
        return self.int8_place if is_int8 and self.int8_place is not None else self.place


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What an engine declares: `ENGINE` in its file.

    Attributes:
        product: what runs the graph, e.g. `ONNX Runtime`.
        install: how to get it, as a sentence.
        packages: distributions whose versions `sleap-nn system` shows.
        devices: that it serves. On device `auto`, an engine asked for by name runs on the first
            of them that works here; those after `cpu` must be asked for.
        options: fields of `EngineOptions`, besides engine and device, that it honours.
        why_not: given a device's kind, why the engine cannot run on it here, in words that end
            without a full stop; None where it can. Loads the product only if nothing else tells.
        precisions: number formats of networks that it runs.
        certifies: exported graphs are compared with the checkpoint on this engine; one engine does.
        sleap_nn_name: what sleap-nn calls it, which is understood as well.
        builds_per_size: each size of frames costs a build of minutes, so none is run without need.
    """

    product: str
    install: str
    packages: tuple[str, ...]
    devices: tuple[Device, ...]
    options: tuple[str, ...]
    why_not: Callable[[str], str | None]
    precisions: tuple[Precision, ...] = PRECISIONS
    certifies: bool = False
    sleap_nn_name: str | None = None
    builds_per_size: bool = False

    def honours(self, option: str, device: Device) -> bool:
        return option in self.options and option not in device.without


def find_device(name: str, declared: Declaration, asked: str) -> tuple[Device, int]:
    """The device asked for, and its number; for `auto` the CPU if served, else the first device.

    Args:
        name: of the engine.
        declared: by the engine.
        asked: as in `--device`.

    Raises:
        OptionError: the engine does not serve it.
    """
    devices = {device.kind: device for device in declared.devices}
    kind, colon, number = asked.partition(":")
    if asked == "auto":
        kind = "cpu" if "cpu" in devices else declared.devices[0].kind
    device = devices.get(kind)
    if device is None or (colon and not (number.isdecimal() and device.numbered)):
        raise OptionError(
            f"Engine {name!r} cannot run on device {asked!r}; it serves {_listed(declared)}"
        )
    return device, int(number or 0)


def _listed(declared: Declaration) -> str:
    names = ["auto"]
    for device in declared.devices:
        names += [device.kind, f"{device.kind}:N"] if device.numbered else [device.kind]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def is_installed(*modules: str) -> bool:
    """Whether all of these modules can be found; none is loaded."""
    return all(find_spec(module) is not None for module in modules)


def check_feed(inputs: Sequence[TensorSpec], feed: Feed, owner: str = "") -> None:
    """Refuse values that do not fit a graph's inputs, with the same message for every engine.

    Args:
        inputs: of the graph.
        feed: to check.
        owner: engine and device that uploads must have been made for; empty where there are none.

    Raises:
        EngineError: an input is missing or unknown, of another type or shape, or lies in the memory
            of another device.
    """
    specs = {spec.name: spec for spec in inputs}
    if specs.keys() != feed.keys():
        raise EngineError(
            f"The graph takes the inputs {', '.join(specs)}; given were {', '.join(feed)}"
        )
    for name, value in feed.items():
        spec = specs[name]
        fits = len(value.shape) == len(spec.shape) and all(
            wanted in (None, given) for wanted, given in zip(spec.shape, value.shape, strict=True)
        )
        if value.dtype != spec.dtype or not fits:
            shape = tuple("free" if size is None else size for size in spec.shape)
            raise EngineError(
                f"Input {name!r} is {value.dtype} {value.shape}; the graph takes {spec.dtype} "
                f"{shape}"
            )
        if isinstance(value, DeviceArray) and value.owner != owner:
            raise EngineError(
                f"Input {name!r} was uploaded for {value.owner}, not for {owner or 'this engine'}"
            )
