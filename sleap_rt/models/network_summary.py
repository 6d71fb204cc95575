"""A trained model's network in plain values: its size, and what one image costs."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from sleap_rt.contract import Family, Preprocessing
from sleap_rt.models.families import READERS
from sleap_rt.models.trained import TrainedModel
from sleap_rt.options import NO_OVERRIDES

_SIDE = 512  # px, of an image whose size the training configuration leaves open


def describe_network(path: Path, family: Family) -> dict[str, Any]:
    """What the weights tell: parameters, operations, and where they overrule the configuration.

    Args:
        path: of the model.
        family: of the model.

    Raises:
        ModelError: it cannot be loaded.
    """
    (model,) = READERS[family].load([path], NO_OVERRIDES)
    return {
        "preprocessing": asdict(model.preprocessing),
        "decoding": asdict(model.decoding),
        "provenance": asdict(model.provenance),
        "notes": list(model.notes) or None,
        "parameters": sum(parameter.numel() for parameter in model.network.parameters()),
        "compute": _compute(model),
    }


def _compute(model: TrainedModel) -> dict[str, Any]:
    """Operations of one pass through the network, on an image of the training's size."""
    height, width = _input_size(model.preprocessing)
    # Shapes without numbers: large images cost no more than small ones.
    image = torch.empty(1, model.preprocessing.in_channels, height, width, device="meta")
    network = model.network.to("meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(image)
    return {
        "network_input": f"{height} x {width} px",
        "gigaflop_per_image": round(counter.get_total_flops() / 1e9, 3),
    }


def _input_size(spec: Preprocessing) -> tuple[int, int]:
    """(height, width) px of the network's input."""
    scale = 1.0 if spec.crop_unit == "scaled" else spec.input_scale
    sides = spec.crop_size or (spec.max_height or _SIDE, spec.max_width or _SIDE)
    height, width = (-(-int(side * scale) // spec.max_stride) * spec.max_stride for side in sides)
    return height, width
