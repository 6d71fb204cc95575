"""Network outputs against those recorded from the original, in torch and through ONNX Runtime."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from recordings import (
    IMAGE,
    MODELS,
    OTHER_BACKBONES,
    ZEROS,
    Arrays,
    assert_outputs_equal,
    dummy_activations,
    model_folders,
    recorded_activations,
)

from sleap_rt.export.graph.network.writer import network_part
from sleap_rt.export.graph.part import model_of
from sleap_rt.models.legacy.load_legacy import load_legacy_model
from sleap_rt.models.trained import TrainedModel

pytestmark = pytest.mark.parity


@cache
def _model(folder: Path) -> TrainedModel:
    return load_legacy_model(folder)


@cache
def _session(folder: Path) -> onnxruntime.InferenceSession:
    network = _model(folder).network
    part = network_part(
        network,
        in_channels=network.in_channels,
        max_stride=network.max_stride,
        fixed_size=network.fixed_size,
    )
    return onnxruntime.InferenceSession(model_of([part]).SerializeToString())


def _by_torch(folder: Path, image: np.ndarray) -> Arrays:
    model = _model(folder)
    with torch.inference_mode():
        outputs = model.network(torch.from_numpy(image))
    heads: Any = model.network.heads
    return {head.layer: outputs[name].numpy() for name, head in heads.items()}


def _by_onnxruntime(folder: Path, image: np.ndarray) -> Arrays:
    heads: Any = _model(folder).network.heads
    outputs = _session(folder).run(list(heads), {"image": image})
    return {head.layer: output for head, output in zip(heads.values(), outputs, strict=True)}


RUNNERS = {"torch": _by_torch, "onnxruntime": _by_onnxruntime}


def _compare(name: str, runner: str, folder: Path, recorded: Arrays, atol: float) -> None:
    image = np.ascontiguousarray(recorded["input"].transpose(0, 3, 1, 2))
    actual = RUNNERS[runner](folder, image)
    assert_outputs_equal(name, actual, recorded, atol)


@pytest.mark.parametrize("name", MODELS)
def test_outputs_on_zeros(shared_data: Path, name: str) -> None:
    folder = model_folders(shared_data)[name]
    _compare(name, "torch", folder, dummy_activations(folder), ZEROS)


@pytest.mark.parametrize(
    ("name", "runner"),
    [(name, runner) for runner in RUNNERS for name in (*MODELS, *OTHER_BACKBONES)],
)
def test_outputs_on_images(shared_data: Path, name: str, runner: str) -> None:
    folder = model_folders(shared_data)[name]
    _compare(name, runner, folder, recorded_activations(shared_data, name), IMAGE[name])


def test_no_model_is_left_out(shared_data: Path) -> None:
    assert set(model_folders(shared_data)) == {*MODELS, *OTHER_BACKBONES}
