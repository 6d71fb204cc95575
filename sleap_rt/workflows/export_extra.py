"""Reading trained models needs the `export` extra; a clear error says so where it is missing."""

from collections.abc import Iterator
from contextlib import contextmanager

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
        raise ModelError(
            f"reading a trained model needs the Python package {error.name!r}, which is not "
            "installed. Install it with `pip install 'sleap-rt[cpu,export]'`, or export the model "
            "on another machine: an exported model needs neither torch nor onnx."
        ) from error
