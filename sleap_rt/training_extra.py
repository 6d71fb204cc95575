"""The functions that need the `export` extra, with a clear word where it is missing."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from sleap_rt.contract import OnContracts
from sleap_rt.errors import ModelError
from sleap_rt.options import ExportOptions, ModelOverrides

_PACKAGES = ("torch", "onnx", "onnxscript", "yaml", "onnxruntime")


def export_models(
    models: Sequence[Path],
    folder: Path,
    overrides: ModelOverrides,
    options: ExportOptions,
    on_start: OnContracts,
) -> list[Path]:
    """`sleap_rt.export.export_models`."""
    paths: list[Path] = _call(
        "export_models",
        models,
        folder,
        overrides,
        options.precision,
        options.calibration,
        on_start=on_start,
    )
    return paths


def cached_graphs(
    models: Sequence[Path], overrides: ModelOverrides, on_start: OnContracts
) -> list[Path]:
    """`sleap_rt.export.cached_graphs`; loads no PyTorch where the graphs are there."""
    paths: list[Path] = _call(
        "cached_graphs", models, overrides, on_start, module="sleap_rt.export.cache"
    )
    return paths


def describe_trained(path: Path, *, is_legacy: bool) -> dict[str, Any]:
    """`sleap_rt.models.summary.describe_model`."""
    described: dict[str, Any] = _call(
        "describe_model", path, module="sleap_rt.models.summary", is_legacy=is_legacy
    )
    return described


def _call(name: str, *args: Any, module: str = "sleap_rt.export", **options: Any) -> Any:
    try:
        return getattr(import_module(module), name)(*args, **options)
    except ModuleNotFoundError as error:
        if error.name not in _PACKAGES:
            raise
        raise ModelError(
            f"reading a trained model needs the Python package {error.name!r}, which is not "
            "installed. Install it with `pip install 'sleap-rt[cpu,export]'`, or export the model "
            "on another machine: an exported model needs neither torch nor onnx."
        ) from error
