"""ConvNeXt against a plain forward pass written from the layer list; written graphs; refusals."""

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from onnx_runs import assert_written_for_every_size
from seeded_networks import build_tiny, confmaps_head, tiny_convnext, tiny_swin
from tolerances import MAP

from sleap_rt.errors import ModelError
from sleap_rt.models.config_values import Config
from sleap_rt.models.native.backbone_config import read_backbone
from sleap_rt.models.native.networks import Weights, build_network

# Sizes halve exactly; a stem kernel that yields another number of cells; a padding unit finer than
# the bottleneck, with a stem so coarse that decoder blocks lie beyond it; no decoder at all.
VARIANTS: dict[str, dict[str, Any]] = {
    "even_sizes": {},
    "transposed": {"up_interpolate": False, "output_stride": 4},
    "stem_of_7": {"stem_patch_kernel": 7},
    "stem_of_2": {"stem_patch_kernel": 2, "up_interpolate": False},
    "odd_sizes": {"max_stride": 16, "stem_patch_stride": 4, "output_stride": 1},
    "no_decoder": {"output_stride": 32},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_forward_pass_matches_the_layer_list(variant: str) -> None:
    config, tensors = tiny_convnext(**VARIANTS[variant])
    section = config["convnext"]
    unit = section["max_stride"]
    image = torch.from_numpy(
        np.random.default_rng(2).random((2, 1, 5 * unit, 7 * unit), np.float32)
    )
    actual = build_tiny(config, tensors)(image)["confmaps"]
    doubles = {key: tensor.double() for key, tensor in tensors.items()}
    expected = forward_by_the_layer_list(image.double(), doubles, section)
    assert actual.shape == expected.shape
    atol = MAP * float(expected.abs().max())
    np.testing.assert_allclose(actual.numpy(), expected.numpy(), rtol=0, atol=atol)


def forward_by_the_layer_list(
    image: torch.Tensor, tensors: dict[str, torch.Tensor], section: dict[str, Any]
) -> torch.Tensor:
    def conv(x: torch.Tensor, key: str, **options: Any) -> torch.Tensor:
        return F.conv2d(x, tensors[f"{key}.weight"], tensors[f"{key}.bias"], **options)

    def norm(x: torch.Tensor, key: str) -> torch.Tensor:
        mean = x.mean(dim=1, keepdim=True)
        variance = ((x - mean) ** 2).mean(dim=1, keepdim=True)
        scale, offset = tensors[f"{key}.weight"], tensors[f"{key}.bias"]
        normed = (x - mean) / torch.sqrt(variance + 1e-6)
        return normed * scale[:, None, None] + offset[:, None, None]

    def linear(x: torch.Tensor, key: str) -> torch.Tensor:
        mixed = torch.einsum("oc,bchw->bohw", tensors[f"{key}.weight"], x)
        return mixed + tensors[f"{key}.bias"][:, None, None]

    enc = "backbone.enc.features"
    x, skips = image, []
    for stage, depth in enumerate(section["arch"]["depths"]):
        if stage == 0:
            x = conv(x, f"{enc}.0.0", stride=section["stem_patch_stride"], padding=1)
            x = norm(x, f"{enc}.0.1")
        else:
            x = conv(norm(x, f"{enc}.{2 * stage}.0"), f"{enc}.{2 * stage}.1", stride=2)
        skips.append(x)
        for i in range(depth):
            block = f"{enc}.{2 * stage + 1}.{i}"
            y = conv(x, f"{block}.block.0", padding=3, groups=x.shape[1])
            y = linear(norm(y, f"{block}.block.2"), f"{block}.block.3")
            y = 0.5 * y * (1 + torch.erf(y / math.sqrt(2)))
            x = x + tensors[f"{block}.layer_scale"] * linear(y, f"{block}.block.5")

    middle = "backbone.middle_blocks"
    x = F.max_pool2d(x, 2)
    x = F.relu(conv(x, f"{middle}.0.blocks.convnext_middle_expand_conv0", padding=1))
    x = F.relu(conv(x, f"{middle}.1.blocks.convnext_middle_contract_conv0", padding=1))

    stride, step = 16 * section["stem_patch_stride"], 0
    while stride > section["output_stride"]:
        name = f"backbone.dec.decoder_stack.{step}.blocks.dec{step}_s{stride}_to_s{stride // 2}"
        if section["up_interpolate"]:
            x = F.interpolate(x, scale_factor=2, mode="bilinear")
        else:
            weight, bias = tensors[f"{name}_trans_conv.weight"], tensors[f"{name}_trans_conv.bias"]
            x = F.relu(F.conv_transpose2d(x, weight, bias, 2, padding=1, output_padding=1))
        if skips:
            skip = skips.pop()
            if skip.shape[2:] != x.shape[2:]:
                x = F.interpolate(x, size=skip.shape[2:], mode="bilinear")
            x = F.relu(conv(torch.cat([skip, x], dim=1), f"{name}_refine_conv0", padding=1))
            x = F.relu(conv(x, f"{name}_refine_conv1", padding=1))
        else:
            x = F.relu(conv(x, f"{name}_refine_conv0", padding=1))
        stride, step = stride // 2, step + 1
    return conv(x, "head_layers.0.SingleInstanceConfmapsHead.0")


@pytest.mark.parametrize("variant", ["stem_of_7", "odd_sizes"])
def test_a_written_graph_holds_for_every_size(variant: str) -> None:
    config, tensors = tiny_convnext(**VARIANTS[variant])
    network = build_tiny(config, tensors)
    shapes = [(1, 1, 64, 64), (3, 1, 96, 64), (2, 1, 64, 224)]
    assert_written_for_every_size(network, config["convnext"]["max_stride"], shapes)


def test_a_tensor_that_is_missing_is_named() -> None:
    config, tensors = tiny_convnext()
    key = "backbone.enc.features.3.1.layer_scale"
    del tensors[key]
    with pytest.raises(ModelError, match=f"no tensor `{key}`"):
        build_tiny(config, tensors)


@pytest.mark.parametrize("make", [tiny_convnext, tiny_swin])
def test_tensors_that_nobody_asked_for_are_named(make: Any) -> None:
    config, tensors = make()
    extra = {"backbone.enc.features.9.weight": torch.zeros(3)}
    with pytest.raises(ModelError, match=r"the first `backbone\.enc\.features\.9\.weight"):
        build_tiny(config, {**tensors, **extra})


def test_more_blocks_than_the_configuration_says_are_named() -> None:
    config, tensors = tiny_convnext()
    config["convnext"]["arch"]["depths"] = [1, 1, 1, 1]
    with pytest.raises(
        ModelError,
        match=r"holds 9 tensors more, the first `backbone\.enc\.features\.3\.1\.",
    ):
        build_tiny(config, tensors)


def test_the_stride_of_the_bottleneck_is_no_stride_of_a_head_beside_a_decoder() -> None:
    config, tensors = tiny_convnext()
    backbone = read_backbone(Config(config))
    with pytest.raises(ModelError, match="stride 32, which the backbone does not produce"):
        build_network(backbone.spec, [confmaps_head(32)], Weights(tensors), in_channels=1)


def test_tensors_of_another_width_are_refused() -> None:
    config, tensors = tiny_convnext()
    tensors["backbone.enc.features.2.1.weight"] = torch.zeros(6, 5, 2, 2)
    with pytest.raises(ModelError, match="do not fit together"):
        build_tiny(config, tensors)
