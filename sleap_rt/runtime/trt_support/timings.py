"""TensorRT's measurements of its kernels, kept so that the next build need not repeat them.

Of TensorRT only: TensorRT-RTX measures nothing while it builds.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any


def load_timings(config: Any, path: Path) -> None:
    """Give a builder's configuration what was measured before; nothing if there is nothing.

    TensorRT itself sets aside what is damaged, or was measured by another version or GPU.
    """
    try:
        known = path.read_bytes()
    except OSError:
        known = b""
    config.set_timing_cache(config.create_timing_cache(known), False)


def save_timings(config: Any, path: Path) -> None:
    """Keep what a build measured; the file appears complete or not at all."""
    measured = bytes(config.get_timing_cache().serialize())
    # Where it cannot be written, the next build takes longer, and nothing else changes.
    with (
        suppress(OSError),
        tempfile.TemporaryDirectory(dir=path.parent, prefix=".building-") as temporary,
    ):
        complete = Path(temporary) / "timings"
        complete.write_bytes(measured)
        os.replace(complete, path)
