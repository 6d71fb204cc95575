"""Reads an export as Bonsai.Sleap does, by its published source: strictly, and by position.

Its metadata reader knows these keys and types and fails on any other key; null becomes 0 where a
number is wanted. Its operators feed the first input of the graph, and take outputs by position.
"""

import json
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import onnxruntime

TEXT, NUMBER, COUNT, FLAG = (str,), (int, float), (int,), (bool,)
NONE = (type(None),)
KEYS: dict[str, tuple[type, ...]] = {
    "sleap_nn_version": TEXT,
    "export_timestamp": TEXT,  # a date and time
    "export_format": TEXT,
    "model_type": TEXT,  # one of MODEL_TYPES
    "model_name": TEXT,
    "checkpoint_path": TEXT,
    "backbone": TEXT,
    "n_nodes": COUNT,
    "n_edges": COUNT,
    "node_names": (list,),
    "edge_inds": (list,),
    "input_scale": NUMBER,
    "input_channels": COUNT,
    "output_stride": COUNT,
    "crop_size": (list,),
    "max_instances": COUNT + NONE,
    "max_peaks_per_node": COUNT + NONE,
    "max_batch_size": COUNT,
    "precision": TEXT,  # one of PRECISIONS
    "peak_threshold": NUMBER + NONE,
    "input_dtype": TEXT,
    "normalization": TEXT,
    "n_classes": COUNT + NONE,
    "class_names": (list, *NONE),
    "anchor_part": TEXT + NONE,
    "training_config_embedded": FLAG,
    "training_config_hash": TEXT,
}
PRECISIONS = ("fp32", "fp16")
OPERATORS = {
    "PredictSinglePose": "singleinstance",
    "PredictCentroids": "centroid",
    "PredictPoses": "topdown",
    "PredictPoseIdentities": "multiclasstopdowncombined",
}


class Pose(NamedTuple):
    """One animal as an operator hands it on.

    Attributes:
        centroid: (x, y, confidence); None of PredictSinglePose.
        parts: name -> (x, y, confidence).
        identity: name of the most probable class.
    """

    centroid: tuple[float, float, float] | None
    parts: dict[str, tuple[float, float, float]]
    identity: str | None = None


def read_metadata(folder) -> dict[str, Any]:
    found = json.loads((folder / "export_metadata.json").read_text(encoding="utf8"))
    for key, value in found.items():
        assert key in KEYS, f"unknown key {key}"
        assert type(value) in KEYS[key], f"{key}: {value!r}"
    datetime.fromisoformat(found["export_timestamp"])
    assert found["precision"] in PRECISIONS
    assert all(isinstance(name, str) for name in found["node_names"])
    assert all(isinstance(side, int) for side in found["crop_size"])
    return found


class Operator:
    """One of Bonsai.Sleap's operators.

    Args:
        name: of the operator.
        model: the `.onnx` file.
    """

    def __init__(self, name, model):
        self.metadata = read_metadata(model.parent)
        found = self.metadata["model_type"].replace("_", "").lower()
        if found != OPERATORS[name]:
            raise ValueError(f"{name} got a model of type {found}")
        self._name = name
        self._session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])

    def process(self, images) -> list[Pose]:
        """What it hands on for (n, channels, height, width) bytes."""
        assert images.dtype == np.uint8
        assert len(images) <= self.metadata["max_batch_size"], "batch exceeded"
        assert images.shape[1] == self.metadata["input_channels"], "channels"
        first = self._session.get_inputs()[0].name
        output = self._session.run(None, {first: images})
        return getattr(self, f"_{OPERATORS[self._name]}")(output, len(images))

    def _singleinstance(self, output, n):
        poses, confidences = as_floats(output[0]), as_floats(output[1])
        n_parts = confidences.shape[1]
        return [
            Pose(None, self._parts(poses.ravel(), confidences.ravel(), i, n_parts))
            for i in range(n)
        ]

    def _centroid(self, output, n):
        points, confidences, valid = as_floats(output[0]), as_floats(output[1]), output[2]
        assert valid.dtype == bool
        return [
            Pose((points[0, i, 0], points[0, i, 1], confidences[0, i]), {})
            for i in range(confidences.shape[1])
            if valid[0, i] and confidences[0, i] >= 0
        ]

    def _topdown(self, output, n):
        return self._instances(output[:4], None, output[4])

    def _multiclasstopdowncombined(self, output, n):
        return self._instances(output[:4], as_floats(output[4]), output[5])

    def _instances(self, output, classes, valid):
        assert valid.dtype == bool
        centroids, confidences, poses, part_confidences = map(as_floats, output)
        n_parts = part_confidences.shape[2]
        found = []
        for i in range(centroids.shape[1]):  # by position in memory, of the first image
            if not valid.ravel()[i]:
                continue
            x, y = centroids.ravel()[2 * i : 2 * i + 2]
            identity = None
            if classes is not None:
                n_classes = classes.shape[2]
                best = int(np.argmax(classes.ravel()[n_classes * i : n_classes * (i + 1)]))
                identity = self.metadata["class_names"][best]
            parts = self._parts(poses.ravel(), part_confidences.ravel(), i, n_parts)
            found.append(Pose((x, y, confidences.ravel()[i]), parts, identity))
        return found

    def _parts(self, poses, confidences, i, n_parts):
        names = self.metadata["node_names"]
        return {
            names[j]: (
                poses[i * n_parts * 2 + j * 2],
                poses[i * n_parts * 2 + j * 2 + 1],
                confidences[i * n_parts + j],
            )
            for j in range(n_parts)
        }


def as_floats(tensor):
    assert tensor.dtype == np.float32
    return tensor
