"""MNN: x86 and ARM CPUs. It runs the network, by Winograd convolutions; ONNX Runtime the rest."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sleap_rt.contract import METADATA_KEY, GraphContract
from sleap_rt.errors import EngineError, ModelError
from sleap_rt.machine.cores import available_cores
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines._cache import EngineCache, cache_folder, graph_hash
from sleap_rt.runtime.engines._cut import Piece, cut
from sleap_rt.runtime.engines._mnn_network import MnnNetwork, convert, load_mnn, network_key
from sleap_rt.runtime.engines.interface import (
    Array,
    Declaration,
    Device,
    Feed,
    check_feed,
    find_device,
    is_installed,
    tensor_specs,
)
from sleap_rt.runtime.engines.ort import failures, session_settings, wrong_on_arm
from sleap_rt.runtime.graph_file import (
    read_inputs,
    read_keeping_bytes,
    read_metadata,
    read_outputs,
)


def why_not(kind: str) -> str | None:
    """Why MNN does not run here; None where it does."""
    if not is_installed("MNN"):
        return "MNN is not installed"
    if not is_installed("onnxruntime"):
        return "MNN needs ONNX Runtime, which is not installed"
    return wrong_on_arm()


ENGINE = Declaration(
    product="MNN",
    install="Install it with `pip install 'sleap-rt[cpu,mnn]'`.",
    packages=("MNN",),
    devices=(Device(kind="cpu", title="a CPU", place=30),),
    options=("threads",),
    precisions=("fp32",),
    why_not=why_not,
)


class MnnEngine:
    """A graph's network in MNN, what comes before and after it in ONNX Runtime.

    Args:
        model: an exported `.onnx` file.
        options: device and threads.

    Raises:
        EngineError: the device is not served here, the file does not say where its network is,
            the network is not in float32, or MNN or ONNX Runtime cannot open it.
    """

    def __init__(self, model: Path, options: EngineOptions) -> None:
        import onnxruntime  # noqa: F401  # what is missing is told before anything is read

        load_mnn()
        find_device("mnn", ENGINE, options.device)
        if (obstacle := wrong_on_arm()) is not None:
            raise EngineError(obstacle)
        contract = _contract(model)
        threads = options.threads or available_cores().n
        pieces = cut(read_keeping_bytes(model) or model.read_bytes(), contract.parts)
        cache = EngineCache(cache_folder(), _note)
        converted = cache.get_or_build(
            network_key(graph_hash(model)), lambda: convert(pieces.network.content)
        )
        self._network = MnnNetwork(converted, pieces.network.outputs, threads)
        (self._image,) = pieces.network.inputs
        self._before = _OrtPiece(pieces.before, threads)
        decodes = bool(pieces.after.outputs)
        self._after = _OrtPiece(pieces.after, threads) if decodes else None
        self.device = "cpu"
        self.inputs = tensor_specs(read_inputs(model))
        self.outputs = tensor_specs(read_outputs(model))

    def upload(self, array: Array) -> Array:
        return array

    def run(self, feed: Feed, fetch: Sequence[str] | None = None) -> dict[str, Array]:
        check_feed(self.inputs, feed)
        names = [spec.name for spec in self.outputs] if fetch is None else list(fetch)
        values: dict[str, Any] = dict(feed)
        values |= self._before.run(values)
        values |= self._network.run(values[self._image])
        decoded = [name for name in names if name not in values]
        if decoded and self._after is not None:
            values |= self._after.run(values, decoded)
        return {name: values[name] for name in names}

    def close(self) -> None:
        del self._network, self._before, self._after


open_engine = MnnEngine


class _OrtPiece:
    """A piece of a graph in ONNX Runtime."""

    def __init__(self, piece: Piece, threads: int) -> None:
        import onnxruntime as ort

        self._piece = piece
        settings = session_settings(threads)
        try:
            self._session = ort.InferenceSession(
                piece.content, settings, providers=["CPUExecutionProvider"]
            )
        except failures() as error:
            raise EngineError(f"ONNX Runtime cannot open a part of the graph: {error}") from error

    def run(self, values: dict[str, Any], fetch: Sequence[str] | None = None) -> dict[str, Array]:
        names = self._piece.outputs if fetch is None else fetch
        feed = {name: values[name] for name in self._piece.inputs}
        try:
            found = self._session.run(list(names), feed)
        except failures(RuntimeError, ValueError) as error:
            raise EngineError(f"ONNX Runtime failed: {error}") from error
        return dict(zip(names, found, strict=True))


def _contract(model: Path) -> GraphContract:
    """What the graph says of itself; whether that is so is checked by who opens the model."""
    try:
        described = read_metadata(model).get(METADATA_KEY)
        if described is None:
            raise ModelError(f"{model} was not exported by sleap-rt.")
        contract = GraphContract.from_json(described)
    except (ModelError, OSError, ValueError, IndexError) as error:
        raise EngineError(f"MNN has to be told which part is the network: {error}") from error
    if contract.precision not in ENGINE.precisions:
        raise EngineError(
            f"{model}: the network is in {contract.precision}, and MNN runs it in fp32 only. "
            "Export the model in fp32, or choose another --engine."
        )
    return contract


def _note(text: str) -> None:
    print(text, file=sys.stderr)
