"""The certificate passes an equal graph, and fails one that differs from its checkpoint."""

from pathlib import Path

import pytest
import torch

from sleap_rt.errors import ModelError
from sleap_rt.export.proof.against_checkpoint import certify
from sleap_rt.models.native.load_native import load_native_model
from sleap_rt.models.trained import TrainedModel
from sleap_rt.runtime import read_graph_file

MODEL = Path(__file__).resolve().parents[3] / "samples/models/centroid"


@pytest.fixture(scope="module")
def graph(sample_graphs) -> Path:
    (path,) = sample_graphs("centroid")
    return path


def _with_head_bias(change: float) -> TrainedModel:
    model = load_native_model(MODEL)
    with torch.no_grad():
        model.network.heads["confmaps"].conv.bias += change
    return model


def test_an_equal_graph_is_certified_and_says_so(graph):
    certificate = read_graph_file(graph).contract.certificate
    assert certificate == certify(load_native_model(MODEL), graph)
    assert certificate.n_frames == 3


@pytest.mark.parametrize("change", [0.001, float("nan")])
def test_another_graph_is_refused(graph, change):
    with pytest.raises(ModelError, match=r"differs from the checkpoint|finds"):
        certify(_with_head_bias(change), graph)
