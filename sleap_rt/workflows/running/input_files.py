"""Tells whether an input is still the same."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def files_fingerprint(files: Sequence[Path]) -> str:
    """The same text for the same files, by their places and sizes."""
    return hashed([[str(path.resolve()), path.stat().st_size] for path in files])


def hashed(values: Any) -> str:
    """A text that is the same for equal JSON values."""
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()
