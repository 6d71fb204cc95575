"""What TensorRT learns while it builds and runs, kept in files so that the next time is shorter.

TensorRT measures its kernels while it builds; TensorRT-RTX compiles them while it runs. Both ignore
files that are damaged or come from another version or GPU.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any


def load_timings(config: Any, path: Path) -> None:
    """Give a builder's configuration the measurements of earlier builds, if there are any."""
    config.set_timing_cache(config.create_timing_cache(_read(path)), False)


def save_timings(config: Any, path: Path) -> None:
    """Store the measurements of a build."""
    _write(path, bytes(config.get_timing_cache().serialize()))


def load_kernels(config: Any, path: Path) -> Any:
    """Give a configuration of runs the kernels that earlier runs compiled.

    Returns:
        TensorRT-RTX's cache, which it adds new kernels to.
    """
    kernels = config.create_runtime_cache()
    known = _read(path)
    if known:
        kernels.deserialize(known)
    config.set_runtime_cache(kernels)
    return kernels


def save_kernels(kernels: Any, path: Path) -> None:
    """Store the cache that `load_kernels` returned."""
    _write(path, bytes(kernels.serialize()))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _write(path: Path, content: bytes) -> None:
    """Write a file; it appears complete or not at all.

    If it cannot be written, only the next start takes longer.
    """
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".building-") as temporary:
            complete = Path(temporary) / "content"
            complete.write_bytes(content)
            os.replace(complete, path)
