"""A trained model in plain values, for people and for JSON; read without torch."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from sleap_rt.contract import Family
from sleap_rt.model_files import TRAINED_WITH
from sleap_rt.models.families import READERS
from sleap_rt.options import NO_OVERRIDES


def describe_model(path: Path, family: Family) -> dict[str, Any]:
    """A trained model's settings, by its configuration.

    Args:
        path: of the model.
        family: of the model.

    Raises:
        ModelError: a file is missing or damaged, or describes what is not supported.
    """
    model = READERS[family].describe(path, NO_OVERRIDES)
    provenance = asdict(model.provenance)
    return {
        "file": str(path),
        "stored_as": TRAINED_WITH[family],
        "kind": model.kind,
        "skeleton": model.skeleton.in_words(),
        "classes": list(model.class_names) or None,
        "anchor_part": model.anchor_part,
        "preprocessing": asdict(model.preprocessing),
        "decoding": asdict(model.decoding),
        "provenance": {name: value for name, value in provenance.items() if value},
        "notes": list(model.notes) or None,
    }
