"""Writes small Keras model files as `tf.keras` lays them out, without Keras."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass
class Layer:
    """One layer of a graph: what Keras writes about it.

    Attributes:
        inputs: names of the layers it is called with, or (name, output index).
        weights: short name (`kernel`), or for nested models the path inside, -> values.
    """

    class_name: str
    name: str
    config: dict[str, Any] = field(default_factory=dict)
    inputs: Sequence[str | tuple[str, int]] = ("input",)
    weights: Mapping[str, Array] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        nested = self.class_name in ("Functional", "Model")
        config = self.config if nested else {"name": self.name, "dtype": "float32", **self.config}
        sources = [(s, 0) if isinstance(s, str) else s for s in self.inputs]
        call = [[name, 0, index, {}] for name, index in sources]
        return {
            "class_name": self.class_name,
            "name": self.name,
            "config": config,
            "inbound_nodes": [call] if call else [],
        }

    def paths(self) -> dict[str, Array]:
        """Weights by their path inside the layer's group."""
        nested = self.class_name in ("Functional", "Model")
        prefix = "" if nested else f"{self.name}/"
        return {f"{prefix}{name}:0": values for name, values in self.weights.items()}


def graph_config(
    layers: Sequence[Layer],
    outputs: Sequence[str | tuple[str, int]],
    *,
    size: tuple[int | None, int | None] = (8, 8),
    channels: int = 1,
) -> dict[str, Any]:
    """The `config` of a functional model."""
    entry = Layer("InputLayer", "input", {"batch_input_shape": [None, *size, channels]}, inputs=())
    ends = [(o, 0) if isinstance(o, str) else o for o in outputs]
    return {
        "name": "model",
        "layers": [layer.as_json() for layer in (entry, *layers)],
        "input_layers": [["input", 0, 0]],
        "output_layers": [[name, 0, index] for name, index in ends],
    }


def architecture(
    layers: Sequence[Layer], outputs: Sequence[str | tuple[str, int]], **sizes: Any
) -> dict[str, Any]:
    return {"class_name": "Functional", "config": graph_config(layers, outputs, **sizes)}


def weights_of(layers: Sequence[Layer]) -> dict[str, dict[str, Array]]:
    return {layer.name: layer.paths() for layer in layers}


def keras_h5(
    model_config: Mapping[str, Any] | None,
    weights: Mapping[str, Mapping[str, Array]] | None,
    *,
    as_bytes: bool = False,
    pieces: int = 1,
) -> bytes:
    """A whole-model file.

    Args:
        model_config: None leaves it out.
        weights: by layer, then by path; None leaves the group out.
        as_bytes: text as fixed-length bytes, as older files have it.
        pieces: into how many numbered attributes the lists of names are split; 0 leaves them out.
    """
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["backend"] = b"tensorflow" if as_bytes else "tensorflow"
        if model_config is not None:
            text = json.dumps(model_config)
            file.attrs["model_config"] = text.encode() if as_bytes else text
        if weights is not None:
            root = file.create_group("model_weights")
            _write_names(root, "layer_names", list(weights), as_bytes, pieces)
            for layer, arrays in weights.items():
                group = root.create_group(layer)
                _write_names(group, "weight_names", list(arrays), as_bytes, pieces)
                for path, values in arrays.items():
                    group[path] = values
    return buffer.getvalue()


def _write_names(
    group: h5py.Group, attribute: str, names: list[str], as_bytes: bool, pieces: int
) -> None:
    if not names:
        group.attrs[attribute] = np.empty(0)  # Keras writes an empty list as float64
        return
    if pieces == 0:
        return
    dtype: Any = f"S{max(map(len, names))}" if as_bytes else h5py.string_dtype()
    if pieces == 1:
        group.attrs[attribute] = np.array(names, dtype)
        return
    for index, piece in enumerate(np.array_split(np.array(names, object), pieces)):
        if len(piece):
            group.attrs[f"{attribute}{index}"] = np.array(list(piece), dtype)


def skeleton_json(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A skeleton with shared-object references, as the original writes it."""
    seen: dict[str, int] = {}

    def node(name: str) -> dict[str, Any]:
        if name in seen:
            return {"py/id": seen[name]}
        seen[name] = len(seen) + 1
        return {"py/object": "sleap.skeleton.Node", "py/state": {"py/tuple": [name, 1.0]}}

    def edge_type() -> dict[str, Any]:
        if "(edge type)" in seen:
            return {"py/id": seen["(edge type)"]}
        seen["(edge type)"] = len(seen) + 1
        return {"py/reduce": [{"py/type": "sleap.skeleton.EdgeType"}, {"py/tuple": [1]}]}

    links = [
        {"edge_insert_idx": i, "key": 0, "source": node(a), "target": node(b), "type": edge_type()}
        for i, (a, b) in enumerate(edges)
    ]
    return {
        "directed": True,
        "graph": {"name": "Skeleton-0", "num_edges_inserted": len(edges)},
        "links": links,
        "multigraph": True,
        "nodes": [{"id": node(name)} for name in nodes],
    }


def training_config(
    head: str = "single_instance", leaf: dict[str, Any] | None = None, **preprocessing: Any
) -> dict[str, Any]:
    """A training configuration for the network of `single_instance_layers`."""
    return {
        "data": {
            "labels": {"skeletons": [skeleton_json(["A", "B"], [("A", "B")])]},
            "preprocessing": preprocessing,
            "instance_cropping": {"crop_size": None},
        },
        "model": {
            "backbone": {"unet": {"max_stride": 2}, "leap": None},
            "heads": {"centroid": None, head: leaf or {"part_names": ["A", "B"]}},
        },
        "sleap_version": "1.3.4",
    }


def single_instance_layers(n_nodes: int = 2) -> list[Layer]:
    """The smallest network with a head: stride 2, one input channel."""
    rng = np.random.default_rng(5)
    return [
        Layer("MaxPooling2D", "pool", {"pool_size": [2, 2], "strides": [2, 2], "padding": "same"}),
        Layer(
            "Conv2D",
            "SingleInstanceConfmapsHead",
            {"filters": n_nodes, "kernel_size": [1, 1], "padding": "same", "activation": "linear"},
            inputs=["pool"],
            weights={
                "kernel": rng.standard_normal((1, 1, 1, n_nodes)).astype(np.float32),
                "bias": np.zeros(n_nodes, np.float32),
            },
        ),
    ]


def single_instance_h5(n_nodes: int = 2) -> bytes:
    layers = single_instance_layers(n_nodes)
    return keras_h5(architecture(layers, ["SingleInstanceConfmapsHead"]), weights_of(layers))


def not_a_number_h5() -> bytes:
    """As `single_instance_h5`, of a training that diverged."""
    layers = single_instance_layers()
    layers[1].weights["kernel"][:] = np.nan
    return keras_h5(architecture(layers, ["SingleInstanceConfmapsHead"]), weights_of(layers))


def write_model(folder: Path, config: Mapping[str, Any] | None = None) -> Path:
    """A complete, very small model folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "training_config.json").write_text(json.dumps(config or training_config()))
    (folder / "best_model.h5").write_bytes(single_instance_h5())
    return folder


def zip_folder(folder: Path, archive: Path, *, inside: str = "") -> Path:
    with zipfile.ZipFile(archive, "w") as file:
        for entry in folder.iterdir():
            file.write(entry, f"{inside}{entry.name}")
    return archive
