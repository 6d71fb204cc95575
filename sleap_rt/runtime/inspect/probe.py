"""Finds the engines and devices that work here, by running a small graph on each."""

import base64
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sleap_rt.arrays import Floats, Image
from sleap_rt.contract import (
    CONTRACT_VERSION,
    METADATA_KEY,
    Decoding,
    GraphContract,
    GraphPart,
    Preprocessing,
    Provenance,
)
from sleap_rt.errors import SleapRtError, options_are_typed
from sleap_rt.options import EngineOptions
from sleap_rt.runtime import engines
from sleap_rt.runtime.engines import declarations, open_engine
from sleap_rt.runtime.protobuf import message
from sleap_rt.skeleton import Skeleton
from sleap_rt.version import __version__

_MOST_SECONDS = 120  # for one engine on all of its devices
_MARK = "probe: "  # ahead of an answer; engines may print as well
_TOLERANCE = 0.01  # of the largest value; a device may compute in half precision or TF32
_METADATA_PROPS, _KEY, _VALUE = 14, 1, 2  # of ONNX's ModelProto and StringStringEntryProto
# ONNX: relu(conv(frames)), frames (batch, height, width, 3) uint8, padding 1, kernel (2, 3, 3, 3)
# of arange / 16 - 1.
_GRAPH = base64.b64decode(
    "CAg6iAQKIQoGZnJhbWVzEgZwaXhlbHMiBENhc3QqCQoCdG8YAaABAgotCgZwaXhlbHMSBWltYWdlIglUcmFuc3Bv"
    "c2UqEQoEcGVybUAAQANAAUACoAEHCkYKBWltYWdlCgd3ZWlnaHRzEgRtYXBzIgRDb252KhUKDGtlcm5lbF9zaGFw"
    "ZUADQAOgAQcqEQoEcGFkc0ABQAFAAUABoAEHChIKBG1hcHMSBHJlbHUiBFJlbHUSBXByb2JlKu4BCAIIAwgDCAMQ"
    "AUIHd2VpZ2h0c0rYAQAAgL8AAHC/AABgvwAAUL8AAEC/AAAwvwAAIL8AABC/AAAAvwAA4L4AAMC+AACgvgAAgL4A"
    "AEC+AAAAvgAAgL0AAAAAAACAPQAAAD4AAEA+AACAPgAAoD4AAMA+AADgPgAAAD8AABA/AAAgPwAAMD8AAEA/AABQ"
    "PwAAYD8AAHA/AACAPwAAiD8AAJA/AACYPwAAoD8AAKg/AACwPwAAuD8AAMA/AADIPwAA0D8AANg/AADgPwAA6D8A"
    "APA/AAD4PwAAAEAAAARAAAAIQAAADEAAABBAAAAUQFowCgZmcmFtZXMSJgokCAISIAoHEgViYXRjaAoIEgZoZWln"
    "aHQKBxIFd2lkdGgKAggDYi4KBHJlbHUSJgokCAESIAoHEgViYXRjaAoCCAIKCBIGaGVpZ2h0CgcSBXdpZHRoQgQK"
    "ABAR"
)


@dataclass(frozen=True)
class Probe:
    """One engine on one device.

    Attributes:
        engine: its name.
        device: as asked for.
        works: the graph ran and its result is right.
        detail: where it ran, or why it does not work and what to do.
    """

    engine: str
    device: str
    works: bool
    detail: str


def probe_graph() -> bytes:
    """An `.onnx` file as `export` writes them: the small graph with a contract."""
    entry = ((_KEY, METADATA_KEY.encode()), (_VALUE, _contract().to_json().encode()))
    return _GRAPH + message((_METADATA_PROPS, message(*entry)))  # protobuf joins what follows


def _contract() -> GraphContract:
    """Where the network is, for engines that run it by itself; the rest stands for nothing."""
    return GraphContract(
        version=CONTRACT_VERSION,
        family="native",
        kind="single_instance",
        skeleton=Skeleton("probe", ("node",)),
        edges=(),
        class_names=(),
        anchor_part=None,
        preprocessing=Preprocessing(
            channels="as_is",
            in_channels=3,
            max_height=None,
            max_width=None,
            input_scale=1.0,
            max_stride=1,
        ),
        decoding=Decoding(confmaps_stride=1),
        precision="fp32",
        parts=(
            GraphPart(name="sizing", inputs=("frames",), outputs=("image",)),
            GraphPart(name="network", inputs=("image",), outputs=("relu",)),
        ),
        provenance=Provenance(
            weights_sha256="",
            config_sha256="",
            trained_with="",
            exported_with=__version__,
            backbone="",
        ),
        certificate=None,
    )


def probe_engines() -> list[Probe]:
    """Try every engine on every kind of device that it declares, each engine in a child process.

    Importing an engine that was built for another processor can bring a program down.
    """
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        graph = Path(folder) / "probe.onnx"
        graph.write_bytes(probe_graph())
        found = pool.map(lambda name: _in_child(graph, name), declarations())
        return [probe for of_engine in found for probe in of_engine]


def _in_child(graph: Path, name: str) -> list[Probe]:
    """An engine on its devices; what a child did not answer, it did not survive."""
    devices = [device.kind for device in declarations()[name].devices]
    task = json.dumps([str(graph), name, devices, list(engines.__path__)])
    code = f"from {__name__} import answer; answer()"
    try:
        child = subprocess.run(
            [sys.executable, "-c", code],
            input=task,
            capture_output=True,
            text=True,
            timeout=_MOST_SECONDS,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        printed, end = child.stdout, f"exit code {child.returncode}"
    except subprocess.TimeoutExpired as error:
        printed, end = str(error.stdout or ""), f"no answer in {_MOST_SECONDS} s"
    lines = [line for line in printed.splitlines() if line.startswith(_MARK)]
    answered = [Probe(**json.loads(line.removeprefix(_MARK))) for line in lines]
    lost = f"brings the program down ({end}): this build may not fit the processor or the driver"
    return [*answered, *(Probe(name, kind, False, lost) for kind in devices[len(answered) :])]


def answer() -> None:
    """Try an engine on its devices, as standard input says, and print what came of it."""
    graph, name, devices, engines.__path__ = json.loads(sys.stdin.read())
    with options_are_typed():  # `sleap-nn system` shows it
        for device in devices:
            print(_MARK + json.dumps(vars(probe_engine(Path(graph), name, device))), flush=True)


def probe_engine(graph: Path, name: str, device: str) -> Probe:
    """Try an engine on a device, in this process.

    Args:
        graph: a file with `probe_graph`.
        name: of the engine.
        device: as in `--device`.
    """
    frames = np.random.default_rng(0).integers(0, 256, (2, 16, 24, 3)).astype(np.uint8)
    try:
        engine = open_engine(graph, EngineOptions(engine=name, device=device))
        try:
            found = engine.run({"frames": frames})["relu"]
            runs_on = engine.device
        finally:
            engine.close()
    except SleapRtError as error:
        return Probe(name, device, False, str(error))
    except Exception as error:  # whatever a driver or runtime does, the others are tried as well
        return Probe(name, device, False, f"failed: {type(error).__name__}: {error}")
    wanted = expected(frames)
    worst = float(np.abs(found - wanted).max() / wanted.max())
    if not worst <= _TOLERANCE:
        return Probe(name, device, False, f"gives wrong values: off by {100 * worst:.3g} %")
    return Probe(name, device, True, f"runs on {runs_on}, with right values")


def expected(frames: Image) -> Floats:
    """The right result of the graph, by loops over the kernel."""
    kernel = np.arange(54, dtype=np.float32).reshape(2, 3, 3, 3) / 16 - 1
    n, height, width, _ = frames.shape
    padded = np.pad(frames.astype(np.float32), ((0, 0), (1, 1), (1, 1), (0, 0)))
    maps = np.zeros((n, 2, height, width), np.float32)
    for row in range(3):
        for column in range(3):
            window = padded[:, row : row + height, column : column + width]
            maps += np.einsum("bhwc,oc->bohw", window, kernel[:, :, row, column])
    return np.maximum(maps, 0)
