"""Edges of legacy bottom-up models: what can be grouped along, from model folders on disk."""

from pathlib import Path

import numpy as np
import pytest
from keras_files import (
    Layer,
    architecture,
    keras_h5,
    skeleton_json,
    training_config,
    weights_of,
    write_model,
)

from sleap_rt.errors import ModelError
from sleap_rt.models.legacy.load_legacy import load_legacy_model

NODES = ("nose", "thorax", "tail")
Edges = list[tuple[str, str]]


def bottomup_model(
    folder: Path, edges: Edges, *, nodes: tuple[str, ...] = NODES, in_head: bool = True
) -> Path:
    """The smallest bottom-up model, its edges in the head's configuration or the skeleton's."""
    pool = Layer("MaxPooling2D", "pool", {"pool_size": [2, 2], "strides": [2, 2]})
    heads = [
        _head("MultiInstanceConfmapsHead", len(nodes)),
        _head("PartAffinityFieldsHead", 2 * max(len(edges), 1)),
    ]
    pafs = {"edges": [list(edge) for edge in edges] if in_head else None}
    config = training_config("multi_instance", {"confmaps": {}, "pafs": pafs})
    config["data"]["labels"]["skeletons"] = [skeleton_json(nodes, [] if in_head else edges)]
    write_model(folder, config)
    found = architecture([pool, *heads], [head.name for head in heads])
    (folder / "best_model.h5").write_bytes(keras_h5(found, weights_of([pool, *heads])))
    return folder


def _head(name: str, n_channels: int) -> Layer:
    return Layer(
        "Conv2D",
        name,
        {"filters": n_channels, "kernel_size": [1, 1], "padding": "same", "activation": "linear"},
        inputs=["pool"],
        weights={
            "kernel": np.ones((1, 1, 1, n_channels), np.float32),
            "bias": np.zeros(n_channels, np.float32),
        },
    )


@pytest.mark.parametrize("in_head", [True, False])
@pytest.mark.parametrize(
    ("edges", "words"),
    [
        ([("thorax", "nose"), ("thorax", "tail")], None),
        ([("thorax", "nose")], "from thorax to tail"),
        ([("thorax", "nose"), ("tail", "nose")], "from thorax to tail"),
    ],
)
def test_nodes_out_of_reach_are_noted(
    edges: Edges, words: str | None, in_head: bool, tmp_path: Path
) -> None:
    model = load_legacy_model(bottomup_model(tmp_path, edges, in_head=in_head))
    assert [(NODES[a], NODES[b]) for a, b in model.edges] == edges
    assert len(model.notes) == (words is not None)
    assert all(f"no edge leads {words}" in note for note in model.notes)


@pytest.mark.parametrize("in_head", [True, False])
@pytest.mark.parametrize(
    ("edges", "words"),
    [
        ([], r"0 edge\(s\); a bottom-up model joins nodes along edges"),
        ([("nose", "tail"), ("tail", "nose")], r"circle \(nose -> tail -> nose\)"),
        (
            [("thorax", "nose"), ("nose", "tail"), ("tail", "nose")],
            r"circle \(nose -> tail -> nose\)",
        ),
    ],
)
def test_edges_that_form_no_tree_are_refused(
    edges: Edges, words: str, in_head: bool, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=words) as refused:
        load_legacy_model(bottomup_model(tmp_path, edges, in_head=in_head))
    assert str(tmp_path) in str(refused.value)


def test_an_animal_of_one_node_is_refused(tmp_path: Path) -> None:
    edges = [("nose", "nose")]
    with pytest.raises(ModelError, match=r"1 node\(s\) and 1 edge\(s\).*use a centroid model"):
        load_legacy_model(bottomup_model(tmp_path, edges, nodes=("nose",)))
