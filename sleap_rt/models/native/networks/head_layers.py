"""Heads: feature maps to confidence maps, part affinity fields, class maps, class vectors."""

import torch
import torch.nn.functional as F
from torch import nn

from sleap_rt.models.native.networks.features import Features
from sleap_rt.models.native.networks.weights import Weights
from sleap_rt.models.native.topology import HeadSpec


class MapHead(nn.Module):
    """A 1x1 convolution on the feature maps of its stride."""

    def __init__(self, spec: HeadSpec, weights: Weights, index: int) -> None:
        super().__init__()
        self.spec = spec
        self.conv = weights.conv(f"head_layers.{index}.{spec.layer}.0")

    def forward(self, features: Features) -> torch.Tensor:
        maps: torch.Tensor = self.conv(features.at(self.spec.output_stride))
        return torch.sigmoid(maps) if self.spec.has_sigmoid else maps


class ClassVectorHead(nn.Module):
    """Class probabilities of a crop: global max pool, fully connected layers, softmax."""

    def __init__(self, spec: HeadSpec, weights: Weights, index: int) -> None:
        super().__init__()
        prefix = f"head_layers.{index}"
        self.hidden = nn.ModuleList(
            weights.linear(f"{prefix}.pre_classification{i}_fc") for i in range(spec.n_fc_layers)
        )
        self.classify = weights.linear(f"{prefix}.{spec.layer}")

    def forward(self, features: Features) -> torch.Tensor:
        x = torch.amax(features.bottleneck, dim=(2, 3))
        for layer in self.hidden:
            x = F.relu(layer(x))
        return torch.softmax(self.classify(x), dim=1)


def build_head(spec: HeadSpec, weights: Weights, index: int) -> nn.Module:
    """The head that stands at `index` in the checkpoint's `head_layers`."""
    kind = ClassVectorHead if spec.output == "class_probs" else MapHead
    return kind(spec, weights, index)
