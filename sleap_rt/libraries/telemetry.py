"""Importing this module switches off ONNX Runtime's telemetry, unless the user has set it.

Its official builds keep a database of events under the user's cache and may send the names of
models. The variable is read when `onnxruntime` is first imported, so the package imports this
module before all others. OpenVINO has no such switch: `openvino_without_telemetry` imports it.
"""

import os
import sys
from typing import Any

TELEMETRY_VARIABLE = "ORT_DISABLE_TELEMETRY"

os.environ.setdefault(TELEMETRY_VARIABLE, "1")


_OF_OPENVINO = "openvino_telemetry"


def openvino_without_telemetry() -> Any:
    """OpenVINO, which left to itself tells a web service that it was imported, by whom and where.

    It does so by a package of its own, and goes on without it where that is missing. Nothing
    changes where the user's program has imported OpenVINO already.
    """
    is_ours = not {"openvino", _OF_OPENVINO} & sys.modules.keys()
    if is_ours:
        sys.modules[_OF_OPENVINO] = None  # type: ignore[assignment]  # as if it were not installed
    try:
        import openvino
    finally:
        if is_ours:
            del sys.modules[_OF_OPENVINO]
    return openvino


def onnxruntime_telemetry() -> str:
    """What ONNX Runtime's telemetry is set to, in words."""
    value = os.environ[TELEMETRY_VARIABLE]
    return f"{'off' if value == '1' else 'left as set'} ({TELEMETRY_VARIABLE}={value})"
