"""The network of a legacy model: its Keras model, with the outputs that inference reads."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import nn

from sleap_rt.errors import ModelError
from sleap_rt.kinds import KINDS, Head, ModelKind
from sleap_rt.models.legacy.describe_legacy import OFFSETS_LAYER
from sleap_rt.models.legacy.keras_model import BuiltModel, KerasModel
from sleap_rt.untrusted import quoted


class NetworkOutput(NamedTuple):
    """One output of a network.

    Attributes:
        place: among the network's outputs in the file.
        layer: its name there, e.g. `CentroidConfmapsHead_0`.
        n_channels: channels, or classes.
        stride: network-input px per cell; 0 for class vectors.
    """

    place: int
    layer: str
    n_channels: int
    stride: int


class LegacyNetwork(nn.Module):
    """Image to the outputs of every head that inference reads.

    Input: (batch, in_channels, height, width) float32 in [0, 1]; gray, or RGB in this order. Any
    further normalisation is a layer of the model. Height and width: multiples of `max_stride`,
    unless `fixed_size` names the only size that works.

    Output: name -> float32 tensor. `confmaps` (batch, n_nodes or 1, rows, columns), and where the
    model has them `pafs` (batch, 2 n_edges, ...), `class_maps` (batch, n_classes, ...) in [0, 1],
    `offsets` (batch, 2 n_nodes, ...): channels 2n, 2n + 1 are dx, dy of node n in cells, and
    `class_probs` (batch, n_classes), which sum to 1.

    Attributes:
        heads: output, in their order -> its head.
        in_channels: 1 or 3.
        max_stride: network-input px per cell of the coarsest maps.
        fixed_size: (height, width) px where a layer flattens whole maps, else None.
    """

    def __init__(self, built: BuiltModel, heads: Mapping[Head, NetworkOutput]) -> None:
        super().__init__()
        self.body: KerasModel = built.module
        self.heads = dict(heads)
        self.in_channels = built.input_shape[1]
        self.max_stride = built.max_stride
        fixed = any(signal.fixes_size for _, signal in built.outputs)
        height, width = built.input_shape[2:]
        self.fixed_size = (height, width) if fixed else None

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        outputs = self.body(image)
        return {output: outputs[head.place] for output, head in self.heads.items()}


def network_from_keras(built: BuiltModel, kind: ModelKind) -> LegacyNetwork:
    """Pick a Keras model's heads.

    Args:
        built: the whole model.
        kind: of the model, by its training configuration.

    Raises:
        ModelError: a head that this kind of model needs is missing.
    """
    names = [name for name, _ in built.outputs]
    # The original looks for the first output layer whose name contains the head's class name.
    wanted = dict(KINDS[kind].heads)
    if any(OFFSETS_LAYER in name for name in names):
        wanted["offsets"] = OFFSETS_LAYER
    heads: dict[Head, NetworkOutput] = {}
    for output, class_name in wanted.items():
        found = [i for i, name in enumerate(names) if class_name in name]
        if not found:
            raise ModelError(
                f"The configuration describes a {kind} model, which has the output {class_name}; "
                f"the network's outputs are {', '.join(names)}. Do both files belong to the same "
                "training run?"
            )
        name, signal = built.outputs[found[0]]
        stride = signal.stride or 0
        if stride != int(stride) or (len(signal.shape) == 4) != (output != "class_probs"):
            raise ModelError(f"Output {quoted(name)} has an unexpected shape or stride {stride}")
        heads[output] = NetworkOutput(found[0], name, signal.shape[1], int(stride))
    return LegacyNetwork(built, heads).eval().requires_grad_(False)
