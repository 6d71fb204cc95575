"""A trained model in plain values, for people and for JSON; read without torch."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from sleap_rt.models.legacy.describe_legacy import describe_legacy
from sleap_rt.models.native.describe_native import describe_native


def describe_model(path: Path, *, is_legacy: bool) -> dict[str, Any]:
    """A trained model's settings, by its configuration.

    Args:
        path: of the model.
        is_legacy: of SLEAP 1.4 or older.

    Raises:
        ModelError: a file is missing or damaged, or describes what is not supported.
    """
    model = describe_legacy(path) if is_legacy else describe_native(path)
    provenance = asdict(model.provenance)
    return {
        "file": str(path),
        "stored_as": "SLEAP 1.4 or older" if is_legacy else "sleap-nn",
        "kind": model.kind,
        "skeleton": model.skeleton.in_words(),
        "classes": list(model.class_names) or None,
        "anchor_part": model.anchor_part,
        "preprocessing": asdict(model.preprocessing),
        "decoding": asdict(model.decoding),
        "provenance": {name: value for name, value in provenance.items() if value},
        "notes": list(model.notes) or None,
    }
