"""Engines run one exported graph: tensors in, tensors out. A file in this folder is an engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sleap_rt.errors import EngineError, OptionError
from sleap_rt.options import EngineOptions

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


class Engine(Protocol):
    """Runs one exported graph. Knows tensors, not poses."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    device: str  # where it truly runs, asked of the runtime after opening, e.g. "cuda:0"

    def run(
        self, feed: Mapping[str, Array], fetch: Sequence[str] | None = None
    ) -> dict[str, Array]:
        """Compute outputs.

        Args:
            feed: every input of the graph, by name.
            fetch: outputs to compute; all if None.

        Raises:
            EngineError: an input is missing or of the wrong type or shape, or the run failed.
        """
        ...

    def close(self) -> None:
        """Free the graph's memory; the engine cannot run afterwards."""
        ...


def engine_names() -> tuple[str, ...]:
    """All engines there are, whether or not their runtime is installed here."""
    return tuple(module.name.replace("_", "-") for module in iter_modules(__path__))


def check_engine_options(options: EngineOptions) -> None:
    """Refuse an engine that does not exist, before any file is opened.

    Raises:
        OptionError: there is no engine of that name.
    """
    if options.engine != "auto" and options.engine not in engine_names():
        raise OptionError(
            f"no engine named {options.engine!r}; choose auto or one of {', '.join(engine_names())}"
        )


def open_engine(model: Path, options: EngineOptions) -> Engine:
    """Open a graph on the engine and device that were asked for, or fail.

    Raises:
        OptionError: no engine of that name.
        EngineError: the engine or the device is not available here, or refuses the graph.
    """
    check_engine_options(options)
    name = "ort" if options.engine == "auto" else options.engine
    try:
        engine: Engine = import_module(f"{__name__}.{name.replace('-', '_')}").open_engine(
            model, options
        )
    except ModuleNotFoundError as error:
        raise EngineError(
            f"engine {name!r} needs the Python package {error.name!r}, which is not installed. "
            f"{_INSTALL.get(name, '')}"
        ) from error
    return engine


_INSTALL = {
    "ort": "Install it with `pip install 'sleap-rt[cpu]'` or `pip install 'sleap-rt[gpu]'`."
}
