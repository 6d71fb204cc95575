"""A network that MNN converted, and runs on the CPU."""

import ctypes
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from sleap_rt.arrays import Floats
from sleap_rt.errors import EngineError
from sleap_rt.runtime.engines._cache import CacheKey
from sleap_rt.runtime.engines.interface import Array

_RESIZE_LATER, _RESIZE_STATUS = 7, 3  # numbers of a session's mode, and of a fact about it
# Of all images that a thread runs at once: what a layer of 16 channels gives for these, 2.5 MB, is
# about what the caches of a core hold. Twice as many take up to a tenth longer for each image.
_MOST_PX = 40_000
# `MNN.tools` would do, but installs a package for reports to its makers, and sends them.
_CONVERTER = "import sys, _tools; _tools.mnnconvert(['mnnconvert', *sys.argv[1:]])"


@dataclass(frozen=True)
class NetworkKey(CacheKey):
    """What a converted network depends on.

    Attributes:
        graph: hash of the file that holds it.
        converter: program and version.
    """

    layout = 1  # of how networks are cut out and converted
    graph: str
    converter: str


def network_key(graph: str) -> NetworkKey:
    """The key of a network in the file with this hash, for the MNN that is installed."""
    return NetworkKey(graph, f"MNN {version('MNN')}")


def convert(network: bytes) -> bytes:
    """An ONNX model in MNN's own format.

    A process of its own converts: what the converter prints, and how it may fail, stays there.

    Raises:
        EngineError: MNN cannot convert it.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "network.onnx", Path(folder) / "network.mnn"
        source.write_bytes(network)
        words = ("-f", "ONNX", "--modelFile", source, "--MNNModel", made, "--bizCode", "sleap-rt")
        done = subprocess.run(
            [sys.executable, "-c", _CONVERTER, *map(str, words)],
            capture_output=True,
            text=True,
            errors="replace",
        )
        if not made.is_file():  # its exit code tells nothing
            told = (done.stdout + done.stderr).strip().splitlines() or ["it gives no reason"]
            raise EngineError(f"MNN cannot convert the network: {told[-1]}")
        return made.read_bytes()


def load_mnn() -> Any:
    """The package.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    if sys.modules.get("MNN") is None:  # else nothing is printed, and others may be printing
        with _unheard():
            import MNN  # noqa: F401
    return sys.modules["MNN"]


class _HostTensor:
    """Memory that MNN copies to and from, seen as an array.

    Args:
        shape: (n, channels, height, width).
    """

    def __init__(self, shape: Sequence[int]) -> None:
        mnn = load_mnn()
        kind, layout = mnn.Halide_Type_Float, mnn.Tensor_DimensionType_Caffe  # NCHW
        self.tensor = mnn.Tensor(tuple(shape), kind, np.empty(shape, np.float32), layout)
        self.array: Array = self.tensor.getNumpyData()


class MnnNetwork:
    """A network with one input, ready to run.

    Only what it needs for the last shape is kept: going over to another one takes it well under a
    millisecond. Few images run at once, so that the caches hold what one layer gives to the next.

    Args:
        model: in MNN's own format.
        outputs: to hand out, in order.
        threads: of the CPU.

    Raises:
        EngineError: MNN cannot open it.
    """

    def __init__(self, model: bytes, outputs: Sequence[str], threads: int) -> None:
        mnn = load_mnn()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "network.mnn"
            path.write_bytes(model)
            self._interpreter = mnn.Interpreter(str(path))
        self._interpreter.setSessionMode(_RESIZE_LATER)  # not for the size that the file guesses
        # In `normal` precision, MNN computes float32 in float32 on every CPU.
        settings = {"backend": "CPU", "precision": "normal", "numThread": threads}
        self._session = self._interpreter.createSession(settings)
        self._input = self._interpreter.getSessionInput(self._session)
        found = self._interpreter.getSessionOutputAll(self._session)
        if missing := [name for name in outputs if name not in found]:
            raise EngineError(f"MNN lost the network's outputs {', '.join(missing)}")
        self._outputs = {name: found[name] for name in outputs}
        self._most_px = _MOST_PX * threads
        self._given: _HostTensor | None = None  # for the last shape
        self._found: dict[str, _HostTensor] = {}

    def run(self, images: Floats) -> dict[str, Array]:
        """The network's outputs.

        Args:
            images: (batch, channels, height, width) float32.

        Raises:
            EngineError: the network does not take this shape, or the run failed.
        """
        n, _, height, width = images.shape
        step = max(1, self._most_px // (height * width))
        values: dict[str, Array] = {}
        for start in range(0, max(n, 1), step):  # without images, the outputs are empty
            self._run(images[start : start + step])
            for name, found in self._found.items():
                if name not in values:
                    values[name] = np.empty((n, *found.array.shape[1:]), np.float32)
                values[name][start : start + step] = found.array
        return values

    def _run(self, images: Floats) -> None:
        if self._given is None or images.shape != self._given.array.shape:
            self._given = self._resized(images.shape)
        self._given.array[...] = images
        self._input.copyFrom(self._given.tensor)
        if self._interpreter.runSession(self._session):
            raise EngineError(f"MNN failed to run the network on an input of {images.shape}")
        for name, output in self._outputs.items():
            output.copyToHostTensor(self._found[name].tensor)

    def _resized(self, shape: tuple[int, ...]) -> _HostTensor:
        self._given = None
        self._interpreter.resizeTensor(self._input, shape)
        self._interpreter.resizeSession(self._session)
        if self._interpreter.getSessionInfo(self._session, _RESIZE_STATUS):
            raise EngineError(f"MNN cannot run the network on an input of {shape}")
        self._found = {name: _HostTensor(out.getShape()) for name, out in self._outputs.items()}
        return _HostTensor(shape)


@contextmanager
def _unheard() -> Iterator[None]:
    """What C code prints on standard output inside is lost; a program may be reading there.

    MNN, when it is loaded, prints what the CPU supports.
    """
    try:
        kept = os.dup(1)
    except OSError:  # it is closed
        yield
        return
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            library = "ucrtbase" if sys.platform == "win32" else None
            ctypes.CDLL(library).fflush(None)  # C has a buffer of its own
            os.dup2(kept, 1)
            os.close(kept)
