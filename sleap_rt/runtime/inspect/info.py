"""A model in plain values, for people and for JSON."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from sleap_rt.runtime.engines._cache import graph_hash
from sleap_rt.runtime.graph_file import GraphFile
from sleap_rt.runtime.inspect.trial_store import stored_trials


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
        "engines": _measured(file.path) or None,
    }


def _measured(path: Path) -> dict[str, str]:
    """What was measured on this machine with the graph, by the frames' size."""
    wanted = graph_hash(path)
    return {
        " x ".join(map(str, stored.frame_shape)): stored.evidence.in_words()
        for stored in stored_trials()
        if wanted in stored.graphs and stored.evidence.trials
    }
