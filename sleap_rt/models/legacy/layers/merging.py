"""Layers that join tensors, and batch normalisation."""

from collections.abc import Callable
from functools import partial, reduce
from operator import add, mul

import torch
import torch.nn.functional as F

from sleap_rt.models.legacy.layers.spec import Built, Function, LayerSpec


def concatenate(layer: LayerSpec) -> Built:
    merged = _merged(layer, lambda *inputs: torch.cat(inputs, dim=1))
    layer.only("axis", -1, len(layer.inputs[0]) - 1)
    return merged


def sum_of_all(layer: LayerSpec) -> Built:
    return _merged(layer, lambda *inputs: reduce(add, inputs))


def product_of_all(layer: LayerSpec) -> Built:
    return _merged(layer, lambda *inputs: reduce(mul, inputs))


def _merged(layer: LayerSpec, merge: Callable[..., torch.Tensor]) -> Built:
    ranks = {len(shape) for shape in layer.inputs}
    if len(layer.inputs) < 2 or len(ranks) != 1:
        raise layer.refuse(f"cannot join inputs of shapes {[s[1:] for s in layer.inputs]}")
    return Built(Function(merge))


def batch_normalization(layer: LayerSpec) -> Built:
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta, with the statistics of training."""
    layer.needs_inputs(1)
    last = len(layer.inputs[0]) - 1
    layer.only("axis", -1, last, [-1], [last])
    shape = (layer.n_channels,)
    take, config = layer.weights.take, layer.config
    normed = partial(F.batch_norm, eps=config.number("epsilon", 1e-3))
    return Built(
        Function(
            normed,
            mean=take("moving_mean", shape),
            variance=take("moving_variance", shape),
            gamma=take("gamma", shape) if config.flag("scale", True) else torch.ones(shape),
            beta=take("beta", shape) if config.flag("center", True) else torch.zeros(shape),
        )
    )
