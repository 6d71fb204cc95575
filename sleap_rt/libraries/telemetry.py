"""Importing this module switches off ONNX Runtime's telemetry, unless the user has set it.

Its official builds keep a database of events under the user's cache and may send the names of
models. The variable is read when `onnxruntime` is first imported, so the package imports this
module before all others. OpenVINO has no such switch: it is `imported_without`.
"""

import os
import sys
from importlib import import_module
from typing import Any

TELEMETRY_VARIABLE = "ORT_DISABLE_TELEMETRY"

os.environ.setdefault(TELEMETRY_VARIABLE, "1")


def imported_without(package: str, name: str) -> Any:
    """A module, imported as if a package for its telemetry were not installed.

    Nothing changes where the user's program has imported one of them already.

    Args:
        package: that is not needed.
        name: of the module.
    """
    is_ours = not {package, name} & sys.modules.keys()
    if is_ours:
        sys.modules[package] = None  # type: ignore[assignment]  # importing it is an ImportError
    try:
        return import_module(name)
    finally:
        if is_ours:
            sys.modules.pop(package, None)  # another thread may have been quicker


def onnxruntime_telemetry() -> str:
    """What ONNX Runtime's telemetry is set to, in words."""
    value = os.environ[TELEMETRY_VARIABLE]
    return f"{'off' if value == '1' else 'left as set'} ({TELEMETRY_VARIABLE}={value})"
