"""Backbone and heads as one module."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.func import functional_call

from sleap_rt.errors import ModelError
from sleap_rt.models.native.networks.convnext import ConvNeXt
from sleap_rt.models.native.networks.head_layers import build_head
from sleap_rt.models.native.networks.swin import Swin
from sleap_rt.models.native.networks.unet import UNet
from sleap_rt.models.native.networks.weights import Weights
from sleap_rt.models.native.topology import BackboneSpec, ConvNeXtSpec, HeadSpec, SwinSpec, UNetSpec

_BACKBONES: Mapping[type, Callable[[Any, Weights], nn.Module]] = {
    UNetSpec: UNet,
    ConvNeXtSpec: ConvNeXt,
    SwinSpec: Swin,
}


class PoseNetwork(nn.Module):
    """Image in [0, 1] to the outputs of every head.

    Input (batch, in_channels, height, width) float32, height and width multiples of the model's
    `max_stride`. Output: head output name -> tensor, maps (batch, channels, height / stride,
    width / stride) or class probabilities (batch, n_classes).
    """

    def __init__(self, backbone: nn.Module, heads: Sequence[tuple[HeadSpec, nn.Module]]) -> None:
        super().__init__()
        self.backbone = backbone
        self.heads = nn.ModuleDict({spec.output: head for spec, head in heads})

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        features = self.backbone(image)
        return {name: head(features) for name, head in self.heads.items()}


def build_network(
    backbone: BackboneSpec, heads: Sequence[HeadSpec], weights: Weights, *, in_channels: int
) -> PoseNetwork:
    """Build a network from its description and the tensors of its checkpoint.

    Args:
        backbone: topology of the backbone.
        heads: in the order of the checkpoint's `head_layers`.
        weights: the checkpoint's tensors; every one must be used.
        in_channels: channels of the input image according to the configuration.

    Raises:
        ModelError: configuration and tensors do not describe the same network.
    """
    body = _BACKBONES[type(backbone)](backbone, weights)
    network = PoseNetwork(
        body, [(spec, build_head(spec, weights, i)) for i, spec in enumerate(heads)]
    )
    weights.check_all_taken()
    _check_shapes(network, heads, in_channels=in_channels, size=4 * backbone.max_stride)
    return network.eval().requires_grad_(False)


def _check_shapes(
    network: PoseNetwork, heads: Sequence[HeadSpec], *, in_channels: int, size: int
) -> None:
    """Run the network on shapes without numbers, so that a mismatch gives a clear message."""
    state = {name: tensor.to("meta") for name, tensor in network.state_dict().items()}
    image = torch.empty(1, in_channels, size, size, device="meta")
    try:
        outputs = functional_call(network, state, (image,))
    except KeyError as error:
        raise ModelError(
            f"A head reads feature maps of stride {error}, which the backbone does not produce; "
            f"the heads' output strides are {[spec.output_stride for spec in heads]}"
        ) from error
    except RuntimeError as error:
        raise ModelError(f"The checkpoint's tensors do not fit together: {error}") from error
    for spec in heads:
        found = outputs[spec.output].shape[1]
        if found != spec.n_channels:
            raise ModelError(
                f"Head {spec.layer} has {found} channels in the checkpoint, but the configuration "
                f"lists {spec.n_channels}; they do not belong together"
            )
