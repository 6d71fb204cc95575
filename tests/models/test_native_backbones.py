"""Native models of other backbones than the plain UNet, as they lie on disk."""

from pathlib import Path

import pytest
import torch
import yaml

from sleap_rt.models.native.load_native import load_native_model

pytestmark = pytest.mark.parity


@pytest.mark.parametrize(
    ("name", "backbone", "kind", "strides"),
    [
        ("convnext_bottomup", "convnext", "bottomup", {"confmaps": 2, "pafs": 4}),
        ("unet_stem_centered", "unet", "centered_instance", {"confmaps": 2}),
    ],
)
def test_a_model_folder_gives_the_network_that_was_trained(
    shared_data: Path, name: str, backbone: str, kind: str, strides: dict[str, int]
) -> None:
    folder = shared_data / "native" / name
    model = load_native_model(folder)
    config = yaml.safe_load((folder / "training_config.yaml").read_text())["model_config"]
    assert (model.provenance.backbone, model.kind) == (backbone, kind)
    assert model.preprocessing.max_stride == config["backbone_config"][backbone]["max_stride"]
    n_parameters = sum(parameter.numel() for parameter in model.network.parameters())
    assert n_parameters == config["total_params"]

    outputs = model.network(torch.rand(1, model.preprocessing.in_channels, 64, 96))
    channels = {"confmaps": model.skeleton.n_nodes, "pafs": 2 * len(model.edges)}
    assert {key: tuple(found.shape) for key, found in outputs.items()} == {
        key: (1, channels[key], 64 // stride, 96 // stride) for key, stride in strides.items()
    }
