"""A function that writes operators, as a small model; and what legacy parts begin with."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime

from sleap_rt.contract import Preprocessing
from sleap_rt.export.graph.part import Op, Part, TensorType, Value, model_of

Write = Callable[..., tuple[Value, ...]]


def legacy_spec(**changes: object) -> Preprocessing:
    """Pre-processing of a legacy model that leaves gray frames as they are, but for padding."""
    values = {
        "channels": "grayscale",
        "in_channels": 1,
        "max_height": None,
        "max_width": None,
        "input_scale": 1.0,
        "max_stride": 16,
        "crop_unit": "scaled",
        "resize": "bilinear",
    }
    return Preprocessing(**(values | changes))


def model_from(write: Write, inputs: Mapping[str, TensorType]) -> onnx.ModelProto:
    """What `write` writes; outputs are named by their place, `output_0` first.

    Args:
        write: (operators, *inputs) -> outputs.
        inputs: name -> type; sizes that are named are free.
    """
    outputs = tuple(f"output_{i}" for i in range(_count_outputs(write, inputs)))
    return model_of([Part("part", inputs, outputs, write)])


def run_in_onnx(write: Write, inputs: Mapping[str, TensorType]) -> Callable[..., list[np.ndarray]]:
    """What `write` writes as a function of arrays or numbers, which come in the order of `inputs`.

    Opened once: keep the function for all examples.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model_from(write, inputs).SerializeToString(), options, ["CPUExecutionProvider"]
    )
    used = {node.name for node in session.get_inputs()}
    dtypes = {name: kind.dtype.numpy() for name, kind in inputs.items()}

    def run(*values: Any) -> list[np.ndarray]:
        feed = {
            name: np.asarray(value, dtypes[name])
            for name, value in zip(inputs, values, strict=True)
            if name in used
        }
        return list(session.run(None, feed))

    return run


def _count_outputs(write: Write, inputs: Mapping[str, TensorType]) -> int:
    count = 0

    def counted(op: Op, *values: Value) -> tuple[Value, ...]:
        nonlocal count
        count = len(write(op, *values))
        return ()

    model_of([Part("part", inputs, (), counted)])
    return count
