"""A model in plain values, for people and for JSON."""

from dataclasses import asdict
from typing import Any

from sleap_rt.runtime.graph_file import GraphFile


def describe_graph(file: GraphFile) -> dict[str, Any]:
    """The contract of an exported graph, and its file."""
    contract = file.contract
    values = asdict(contract)
    return {
        "file": str(file.path),
        "stored_as": "exported graph",
        "size_bytes": file.path.stat().st_size,
        "kind": contract.kind,
        "family": contract.family,
        "precision": contract.precision,
        "skeleton": contract.skeleton.in_words(),
        "classes": list(contract.class_names) or None,
        "anchor_part": contract.anchor_part,
        "preprocessing": values["preprocessing"],
        "decoding": values["decoding"],
        "certificate": values["certificate"],
        "provenance": values["provenance"],
        "notes": list(contract.notes) or None,
    }
