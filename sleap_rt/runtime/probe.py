"""Which engines and devices truly work here, found out by running a small graph on each."""

import base64
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sleap_rt.errors import SleapRtError
from sleap_rt.instances import FloatArray
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import engine_names, open_engine

_DEVICES = ("cpu", "cuda")
_TOLERANCE = 0.05  # of values up to 30; a device may compute in half precision or TF32
# ONNX: relu(conv(image)), padding 1; image (batch, 3, 8, 8), kernel (2, 3, 3, 3) arange / 16 - 1.
_GRAPH = base64.b64decode(
    "CAg6nwMKRgoFaW1hZ2UKB3dlaWdodHMSBG1hcHMiBENvbnYqFQoMa2VybmVsX3NoYXBlQANAA6ABByoRCgRwYWRz"
    "QAFAAUABQAGgAQcKEgoEbWFwcxIEcmVsdSIEUmVsdRIFcHJvYmUq7gEIAggDCAMIAxABQgd3ZWlnaHRzStgBAACA"
    "vwAAcL8AAGC/AABQvwAAQL8AADC/AAAgvwAAEL8AAAC/AADgvgAAwL4AAKC+AACAvgAAQL4AAAC+AACAvQAAAAAA"
    "AIA9AAAAPgAAQD4AAIA+AACgPgAAwD4AAOA+AAAAPwAAED8AACA/AAAwPwAAQD8AAFA/AABgPwAAcD8AAIA/AACI"
    "PwAAkD8AAJg/AACgPwAAqD8AALA/AAC4PwAAwD8AAMg/AADQPwAA2D8AAOA/AADoPwAA8D8AAPg/AAAAQAAABEAA"
    "AAhAAAAMQAAAEEAAABRAWiQKBWltYWdlEhsKGQgBEhUKBxIFYmF0Y2gKAggDCgIICAoCCAhiIwoEcmVsdRIbChkI"
    "ARIVCgcSBWJhdGNoCgIIAgoCCAgKAggIQgQKABAR"
)


@dataclass(frozen=True)
class Probe:
    """One engine on one device.

    Attributes:
        engine: its name.
        device: as asked for.
        works: the graph ran and its result is right.
        detail: where it ran and how long one run took, or why it does not work and what to do.
    """

    engine: str
    device: str
    works: bool
    detail: str


def probe_engines() -> list[Probe]:
    """Try every engine on every kind of device."""
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "probe.onnx"
        graph.write_bytes(_GRAPH)
        return [_probe(graph, engine, device) for engine in engine_names() for device in _DEVICES]


def _probe(graph: Path, name: str, device: str) -> Probe:
    image = np.random.default_rng(0).random((2, 3, 8, 8), np.float32)
    try:
        engine = open_engine(graph, EngineOptions(engine=name, device=device))
        try:
            engine.run({"image": image})
            started = time.perf_counter()
            found = engine.run({"image": image})["relu"]
            seconds = time.perf_counter() - started
            runs_on = engine.device
        finally:
            engine.close()
    except SleapRtError as error:
        return Probe(name, device, False, str(error))
    except Exception as error:  # whatever a driver or runtime does, the others are tried as well
        return Probe(name, device, False, f"failed: {type(error).__name__}: {error}")
    worst = float(np.abs(found - expected(image)).max())
    if not worst <= _TOLERANCE:
        return Probe(name, device, False, f"gives wrong values: off by {worst:.3g}")
    return Probe(name, device, True, f"runs on {runs_on}, {seconds * 1e3:.2f} ms per run")


def expected(image: FloatArray) -> FloatArray:
    """What the graph computes, by loops over the kernel."""
    kernel = np.arange(54, dtype=np.float32).reshape(2, 3, 3, 3) / 16 - 1
    padded = np.pad(image, ((0, 0), (0, 0), (1, 1), (1, 1)))
    maps = np.zeros((len(image), 2, 8, 8), np.float32)
    for row in range(3):
        for column in range(3):
            window = padded[:, :, row : row + 8, column : column + 8]
            maps += np.einsum("bchw,oc->bohw", window, kernel[:, :, row, column])
    return np.maximum(maps, 0)
