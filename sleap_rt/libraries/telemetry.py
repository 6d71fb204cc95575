"""Importing this module switches off ONNX Runtime's telemetry, unless the user has set it.

Its official builds keep a database of events under the user's cache and may send the names of
models. The variable is read when `onnxruntime` is first imported, so the package imports this
module before all others.
"""

import os

TELEMETRY_VARIABLE = "ORT_DISABLE_TELEMETRY"

os.environ.setdefault(TELEMETRY_VARIABLE, "1")


def onnxruntime_telemetry() -> str:
    """What ONNX Runtime's telemetry is set to, in words."""
    value = os.environ[TELEMETRY_VARIABLE]
    return f"{'off' if value == '1' else 'left as set'} ({TELEMETRY_VARIABLE}={value})"
