"""Activation functions, alone or inside another layer."""

from collections.abc import Callable

import torch
from torch import nn

from sleap_rt.models.legacy.layers.spec import Built, Function, LayerSpec
from sleap_rt.untrusted import quoted

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    # Over the channels: the last axis in Keras, axis 1 here.
    "softmax": lambda: Function(lambda x: torch.softmax(x, dim=1)),
    "swish": nn.SiLU,
}


def activated(module: nn.Module, layer: LayerSpec) -> nn.Module:
    """`module` followed by the activation that the layer's own settings name."""
    activation = _activation(layer)
    return module if isinstance(activation, nn.Identity) else nn.Sequential(module, activation)


def activation(layer: LayerSpec) -> Built:
    layer.needs_inputs(1)
    return Built(_activation(layer))


def relu(layer: LayerSpec) -> Built:
    layer.needs_inputs(1)
    layer.only("negative_slope", 0)
    layer.only("threshold", 0)
    if layer.config.raw("max_value") is None:
        return Built(nn.ReLU())
    maximum = layer.config.number("max_value", 0.0)
    return Built(Function(lambda x: torch.clamp(x, 0.0, maximum)))


def identity(layer: LayerSpec) -> Built:
    """Dropout and its relatives: they do nothing at inference."""
    layer.needs_inputs(1)
    return Built(nn.Identity())


def _activation(layer: LayerSpec) -> nn.Module:
    found = layer.config.raw("activation")
    name = "linear" if found is None else found
    if not isinstance(name, str) or name not in _ACTIVATIONS:
        raise layer.refuse(
            f"activation {quoted(found)} is not supported; supported: {', '.join(_ACTIVATIONS)}"
        )
    return _ACTIVATIONS[name]()
