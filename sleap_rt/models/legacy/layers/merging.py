"""Layers that join tensors, and batch normalisation."""

import torch
import torch.nn.functional as F
from torch import nn

from sleap_rt.models.legacy.layers.spec import Built, LayerSpec


class ConcatChannels(nn.Module):
    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return torch.cat(inputs, dim=1)


class Add(nn.Module):
    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        for other in others:
            first = first + other
        return first


class Multiply(nn.Module):
    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        for other in others:
            first = first * other
        return first


def concatenate(layer: LayerSpec) -> Built:
    _same_rank(layer)
    layer.only("axis", -1, len(layer.inputs[0]) - 1)
    return Built(ConcatChannels())


def add(layer: LayerSpec) -> Built:
    _same_rank(layer)
    return Built(Add())


def multiply(layer: LayerSpec) -> Built:
    _same_rank(layer)
    return Built(Multiply())


def _same_rank(layer: LayerSpec) -> None:
    ranks = {len(shape) for shape in layer.inputs}
    if len(layer.inputs) < 2 or len(ranks) != 1:
        raise layer.refuse(f"cannot join inputs of shapes {[s[1:] for s in layer.inputs]}")


class BatchNorm(nn.Module):
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta, with the statistics of training."""

    mean: torch.Tensor
    variance: torch.Tensor
    gamma: torch.Tensor
    beta: torch.Tensor

    def __init__(self, statistics: dict[str, torch.Tensor], epsilon: float) -> None:
        super().__init__()
        for name, values in statistics.items():
            self.register_buffer(name, values)
        self.epsilon = epsilon

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.batch_norm(x, self.mean, self.variance, self.gamma, self.beta, eps=self.epsilon)


def batch_normalization(layer: LayerSpec) -> Built:
    layer.needs_inputs(1)
    last = len(layer.inputs[0]) - 1
    layer.only("axis", -1, last, [-1], [last])
    shape = (layer.n_channels,)
    take, config = layer.weights.take, layer.config
    statistics = {
        "mean": take("moving_mean", shape),
        "variance": take("moving_variance", shape),
        "gamma": take("gamma", shape) if config.flag("scale", True) else torch.ones(shape),
        "beta": take("beta", shape) if config.flag("center", True) else torch.zeros(shape),
    }
    return Built(BatchNorm(statistics, config.number("epsilon", 1e-3)))
