"""The few Lambda layers that SLEAP's networks contain, recognised by module, name and arguments.

A Lambda layer stores compiled Python. That code is never decoded or run; layers that are not
recognised here are refused.
"""

import torch
from torch import nn

from sleap_rt.models.legacy.layers.shaping import VectorToCell
from sleap_rt.models.legacy.layers.spec import Built, LayerSpec
from sleap_rt.untrusted import quoted


class TileChannels(nn.Module):
    """One channel to three equal ones."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat((x, x, x), dim=1)


class ImagenetCaffe(nn.Module):
    """RGB in [0, 1] to BGR in [0, 255] less ImageNet's mean colour."""

    mean: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([103.939, 116.779, 123.68]).reshape(1, 3, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        red, green, blue = torch.chunk(x * 255.0, 3, dim=1)
        return torch.cat((blue, green, red), dim=1) - self.mean


class SliceChannels(nn.Module):
    def __init__(self, start: int, stop: int) -> None:
        super().__init__()
        self.start, self.stop = start, stop

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, self.start : self.stop]


class ScaledSum(nn.Module):
    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
        return x + residual * self.scale


def lambda_layer(layer: LayerSpec) -> Built:
    module = layer.config.text("module") or ""
    arguments = layer.config.raw("arguments") or {}
    names = set(arguments) if isinstance(arguments, dict) else {"(unreadable)"}
    if not names and len(layer.inputs) == 1 and layer.is_spatial:
        n_channels = layer.n_channels
        if module.endswith("architectures.pretrained_encoders") and layer.name == "ensure_rgb":
            return Built(TileChannels() if n_channels == 1 else nn.Identity())
        if module.endswith("architectures.resnet"):
            if layer.name == "tile_channels" and n_channels == 1:
                return Built(TileChannels())
            if layer.name == "imagenet_preproc_v1" and n_channels == 3:
                return Built(ImagenetCaffe())
    if module.startswith("classification_models") and len(layer.inputs) == 1:
        if names == {"start", "stop", "axis"} and layer.is_spatial:
            return _slice(layer, arguments)
        if names == {"channels_axis"} and not layer.is_spatial:
            return Built(VectorToCell(), None)
    if names == {"scale"} and len(layer.inputs) == 2 and type(arguments["scale"]) is float:
        return Built(ScaledSum(arguments["scale"]))
    raise layer.refuse(
        f"this Lambda layer (module {quoted(module)}, arguments {sorted(names)}) is none that "
        "SLEAP's "
        "networks contain. The code stored in it is not executed, so the model cannot be used."
    )


def _slice(layer: LayerSpec, arguments: dict[str, int]) -> Built:
    start, stop, axis = arguments["start"], arguments["stop"], arguments["axis"]
    if axis not in (-1, 3) or not 0 <= start < stop <= layer.n_channels:
        raise layer.refuse(
            f"cannot take channels {start} to {stop} on axis {axis} of {layer.n_channels} channels"
        )
    return Built(SliceChannels(start, stop))
