"""Reading trained models needs the `export` extra; a clear error says so where it is missing."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from sleap_rt.errors import ModelError

_PACKAGES = ("torch", "onnx", "onnx_ir", "onnxscript", "onnxruntime")


@contextmanager
def needs_export_extra() -> Iterator[None]:
    """Wrap imports of `sleap_rt.models` or of the exporter, and calls that need them.

    Raises:
        ModelError: a package of the extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in _PACKAGES:
            raise
        raise _missing(error.name) from error


def check_export_extra() -> None:
    """Look for the packages of the extra without importing them, which would take seconds.

    Raises:
        ModelError: one is not installed.
    """
    for name in _PACKAGES:
        if find_spec(name) is None:
            raise _missing(name)


def _missing(package: str | None) -> ModelError:
    return ModelError(
        f"Exporting a trained model needs the Python package {package!r}, which is not installed. "
        f"Install it with `pip install 'sleap-rt[cpu,export]'`, or export the model on another "
        "machine: an exported model needs neither torch nor onnx."
    )
