"""A trained model in plain values, for people and for JSON."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from sleap_rt.models.legacy import load_legacy_model
from sleap_rt.models.native.load import load_native_model

_SIDE = 512  # px, of an image whose size the training configuration leaves open


def describe_model(path: Path, *, is_legacy: bool) -> dict[str, Any]:
    """What a trained model is, and what one image costs.

    Args:
        path: of the model.
        is_legacy: of SLEAP 1.4 or older.

    Raises:
        ModelError: it cannot be loaded.
    """
    model = load_legacy_model(path) if is_legacy else load_native_model(path)
    preprocessing = asdict(model.preprocessing)
    return {
        "file": str(path),
        "stored_as": "SLEAP 1.4 or older" if is_legacy else "sleap-nn",
        "kind": model.kind,
        "parameters": sum(parameter.numel() for parameter in model.network.parameters()),
        "skeleton": model.skeleton.in_words(),
        "classes": list(model.class_names) or None,
        "anchor_part": model.anchor_part,
        "preprocessing": preprocessing,
        "decoding": asdict(model.decoding),
        "compute": _compute(model.network, preprocessing),
        "provenance": asdict(model.provenance),
        "notes": list(model.notes) or None,
    }


def _compute(network: torch.nn.Module, preprocessing: dict[str, Any]) -> dict[str, Any]:
    """Operations of one pass through the network, on an image of the training's size."""
    height, width = _input_size(preprocessing)
    image = torch.zeros(1, preprocessing["in_channels"], height, width)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(image)
    return {
        "network_input": f"{height} x {width} px",
        "gigaflop_per_image": round(counter.get_total_flops() / 1e9, 3),
    }


def _input_size(preprocessing: dict[str, Any]) -> tuple[int, int]:
    crop = preprocessing["crop_size"]
    scale = preprocessing["input_scale"]
    if isinstance(crop, int):  # legacy: px after scaling
        return crop, crop
    if crop is not None:
        sides = crop
    else:
        names = ("max_height", "max_width")
        if "target_height" in preprocessing:
            names = ("target_height", "target_width")
        sides = tuple(preprocessing[name] or _SIDE for name in names)
    stride = preprocessing.get("max_stride") or preprocessing.get("pad_stride") or 1
    height, width = (-(-round(side * scale) // stride) * stride for side in sides)
    return height, width
