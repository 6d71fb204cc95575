"""The few Lambda layers that SLEAP's networks contain, recognised by module, name and arguments.

A Lambda layer stores compiled Python. That code is never decoded or run; layers that are not
recognised here are refused.
"""

import torch
from torch import nn

from sleap_rt.models.legacy.layers.shaping import vector_to_cell
from sleap_rt.models.legacy.layers.spec import Built, Function, LayerSpec
from sleap_rt.untrusted import quoted

_MEAN_BGR = (103.939, 116.779, 123.68)  # of ImageNet's images


def lambda_layer(layer: LayerSpec) -> Built:
    module = layer.config.text("module") or ""
    arguments = layer.config.raw("arguments") or {}
    names = set(arguments) if isinstance(arguments, dict) else {"(unreadable)"}
    three_equal = Function(lambda x: torch.cat((x, x, x), dim=1))
    if not names and len(layer.inputs) == 1 and layer.is_spatial:
        n_channels = layer.n_channels
        if module.endswith("architectures.pretrained_encoders") and layer.name == "ensure_rgb":
            return Built(three_equal if n_channels == 1 else nn.Identity())
        if module.endswith("architectures.resnet"):
            if layer.name == "tile_channels" and n_channels == 1:
                return Built(three_equal)
            if layer.name == "imagenet_preproc_v1" and n_channels == 3:
                return Built(_imagenet_colours())
    if module.startswith("classification_models") and len(layer.inputs) == 1:
        if names == {"start", "stop", "axis"} and layer.is_spatial:
            return _slice(layer, arguments)
        if names == {"channels_axis"} and not layer.is_spatial:
            return vector_to_cell()
    if names == {"scale"} and len(layer.inputs) == 2 and type(arguments["scale"]) is float:
        scale = arguments["scale"]
        return Built(Function(lambda x, residual: x + residual * scale))
    raise layer.refuse(
        f"this Lambda layer (module {quoted(module)}, arguments {sorted(names)}) is none that "
        "SLEAP's networks contain. The code stored in it is not executed, so the model cannot be "
        "used."
    )


def _slice(layer: LayerSpec, arguments: dict[str, int]) -> Built:
    start, stop, axis = arguments["start"], arguments["stop"], arguments["axis"]
    if axis not in (-1, 3) or not 0 <= start < stop <= layer.n_channels:
        raise layer.refuse(
            f"cannot take channels {start} to {stop} on axis {axis} of {layer.n_channels} channels"
        )
    return Built(Function(lambda x: x[:, start:stop]))


def _imagenet_colours() -> nn.Module:
    """RGB in [0, 1] to BGR in [0, 255] less ImageNet's mean colour."""

    def shifted(x: torch.Tensor, mean: torch.Tensor) -> torch.Tensor:
        red, green, blue = torch.chunk(x * 255.0, 3, dim=1)
        return torch.cat((blue, green, red), dim=1) - mean

    return Function(shifted, mean=torch.tensor(_MEAN_BGR).reshape(1, 3, 1, 1))
