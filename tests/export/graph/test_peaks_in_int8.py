"""Peaks behind a network in int8, where an engine may rewrite sums and products of the graph."""

from pathlib import Path

import numpy as np
import onnx
import plain_loops
import pytest

from sleap_rt.errors import EngineError, OptionError
from sleap_rt.export.graph.part import FLOAT, UINT8, Op, Part, TensorType, Value, constant, model_of
from sleap_rt.export.graph.points.peaks import local_peaks
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import engine_names, open_engine

OUTPUTS = ("confmaps", "cells", "vals", "n_candidates")
THRESHOLD = 0.2
N_SLOTS = 200
INPUTS = {
    "frames": TensorType(UINT8, ("batch", 1, "height", "width")),
    "threshold": TensorType(FLOAT),
    "slots": TensorType(FLOAT, ("k",)),
}


def write(op: Op, frames: Value, threshold: Value, slots: Value) -> tuple[Value, ...]:
    """A layer in int8, one in float32, and peaks."""
    scale, zero = (constant(op, np.array(v)) for v in (np.float32(1 / 127), np.int8(0)))
    kernels = np.random.default_rng(0).normal(size=(2, 3, 3)).astype(np.float32)
    in_int8 = constant(op, np.round(kernels[:, None] * 30).astype(np.int8))
    pixels = op.Cast(frames, to=FLOAT) / 255.0
    pixels = op.DequantizeLinear(op.QuantizeLinear(pixels, scale, zero), scale, zero)
    weights = op.DequantizeLinear(in_int8, scale, zero)
    features = op.Relu(op.Conv(pixels, weights, pads=[1, 1, 1, 1]))
    confmaps = op.Conv(features, constant(op, kernels[None]), pads=[1, 1, 1, 1])
    peaks = local_peaks(op, confmaps, threshold, threshold * 0.0, op.Shape(slots), patch_size=5)
    return confmaps, *peaks


@pytest.mark.parametrize("name", engine_names())
def test_they_are_those_of_the_engines_own_maps(name: str, tmp_path: Path) -> None:
    path = tmp_path / "peaks.onnx"
    onnx.save(model_of([Part("network", INPUTS, OUTPUTS, write)]), path)
    try:
        engine = open_engine(path, EngineOptions(engine=name, device="cpu"))
    except (EngineError, OptionError) as error:
        pytest.skip(f"{name} does not open here: {error}")
    frames = np.random.default_rng(1).integers(0, 256, (1, 1, 30, 40), np.uint8)
    threshold = np.array(THRESHOLD, np.float32)
    feed = {"frames": frames, "threshold": threshold, "slots": np.zeros(N_SLOTS, "f")}
    found = engine.run(feed)
    engine.close()
    expected = plain_loops.local_peaks(found["confmaps"][0, 0], THRESHOLD, None)
    assert 40 < len(expected) < N_SLOTS
    vals = found["vals"][0, 0]
    assert vals[: len(expected)].tolist() == [value for _, _, value in expected]
    assert np.isnan(vals[len(expected) :]).all()
