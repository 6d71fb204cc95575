"""Networks for tests: tensors that a seeded rule produces, for recorded and for tiny topologies."""

import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from sleap_rt.models.config_values import Config
from sleap_rt.models.native.backbone_config import read_backbone
from sleap_rt.models.native.networks import PoseNetwork, Weights, build_network
from sleap_rt.models.native.topology import HeadSpec

Shapes = Mapping[str, Sequence[int]]


def seeded_tensors(shapes: Shapes) -> dict[str, torch.Tensor]:
    """Values from each key's own name, as the recorded architectures were made."""
    return {key: torch.from_numpy(_seeded(key, tuple(shape))) for key, shape in shapes.items()}


def _seeded(key: str, shape: tuple[int, ...]) -> np.ndarray:
    seed = zlib.crc32(key.encode())
    noise = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    if len(shape) >= 2:
        return noise * np.float32(np.sqrt(2 / np.prod(shape[1:])))
    return 1 + np.float32(0.1) * noise if key.endswith("weight") else np.float32(0.1) * noise


def position_index(window: int) -> torch.Tensor:
    """`relative_position_index` of a Swin block, pair by pair."""
    cells = [(row, col) for row in range(window) for col in range(window)]
    return torch.tensor(
        [
            (r1 - r2 + window - 1) * (2 * window - 1) + (c1 - c2 + window - 1)
            for r1, c1 in cells
            for r2, c2 in cells
        ]
    )


class Recorded(NamedTuple):
    """One file of `golden/architectures`."""

    network: PoseNetwork
    image: torch.Tensor
    expected: dict[str, np.ndarray]  # by the names that outputs have here
    max_stride: int


def load_recorded(path: Path) -> Recorded:
    """The network a file describes, with the seeded weights, its input and its outputs."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    config = json.loads(str(arrays["config"]))
    tensors = seeded_tensors(json.loads(str(arrays["shapes"])))
    for key in json.loads(str(arrays["not_float"])):
        tensors[key] = position_index(config["backbone_config"]["window_size"])
    heads = []
    for leaf, head in config["head_config"].items():
        layer = _layer(config["head_type"], leaf)
        heads.append(
            HeadSpec(
                output={"class_vectors": "class_probs"}.get(leaf, leaf),
                layer=layer,
                output_stride=head["output_stride"],
                n_channels=arrays[layer].shape[1],
                has_sigmoid=leaf == "class_maps",
                n_fc_layers=head.get("num_fc_layers", 0),
            )
        )
    backbone = read_backbone(Config({config["backbone"]: config["backbone_config"]}))
    network = build_network(
        backbone.spec,
        heads,
        Weights(tensors),
        in_channels=backbone.in_channels,
    )
    expected = {head.output: arrays[head.layer] for head in heads}
    image = torch.from_numpy(arrays["input"])
    return Recorded(network, image, expected, backbone.spec.max_stride)


def _layer(head_type: str, leaf: str) -> str:
    if leaf != "confmaps":
        return {
            "pafs": "PartAffinityFieldsHead",
            "class_maps": "ClassMapsHead",
            "class_vectors": "ClassVectorsHead",
        }[leaf]
    return {
        "single_instance": "SingleInstanceConfmapsHead",
        "centroid": "CentroidConfmapsHead",
        "bottomup": "MultiInstanceConfmapsHead",
        "multi_class_bottomup": "MultiInstanceConfmapsHead",
    }.get(head_type, "CenteredInstanceConfmapsHead")


def confmaps_head(output_stride: int, n_channels: int = 2) -> HeadSpec:
    return HeadSpec(
        output="confmaps",
        layer="SingleInstanceConfmapsHead",
        output_stride=output_stride,
        n_channels=n_channels,
    )


def build_tiny(config: dict[str, Any], tensors: Mapping[str, torch.Tensor]) -> PoseNetwork:
    """A network of one backbone and one confidence map head at the backbone's output stride."""
    backbone = read_backbone(Config(config))
    (section,) = config.values()
    return build_network(
        backbone.spec,
        [confmaps_head(section["output_stride"])],
        Weights(tensors),
        in_channels=1,
    )


def tiny_convnext(**changes: Any) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Configuration and tensors of a ConvNeXt with a few channels."""
    section = {
        "model_type": "custom",
        "arch": {"depths": [1, 2, 1, 1], "channels": [4, 6, 8, 10]},
        "stem_patch_kernel": 4,
        "stem_patch_stride": 2,
        "output_stride": 2,
        "max_stride": 32,
        "up_interpolate": True,
        "filters_rate": 2.0,
        **changes,
    }
    channels = section["arch"]["channels"]
    enc = "backbone.enc.features"
    kernel = section["stem_patch_kernel"]
    shapes: dict[str, Sequence[int]] = {}
    _add(shapes, f"{enc}.0.0", (channels[0], 1, kernel, kernel))
    _add(shapes, f"{enc}.0.1", (channels[0],))
    for stage, (depth, c) in enumerate(zip(section["arch"]["depths"], channels, strict=True)):
        for i in range(depth):
            block = f"{enc}.{2 * stage + 1}.{i}"
            shapes[f"{block}.layer_scale"] = (c, 1, 1)
            _add(shapes, f"{block}.block.0", (c, 1, 7, 7))
            _add(shapes, f"{block}.block.2", (c,))
            _add(shapes, f"{block}.block.3", (4 * c, c))
            _add(shapes, f"{block}.block.5", (c, 4 * c), n_bias=c)
        if stage < 3:
            _add(shapes, f"{enc}.{2 * stage + 2}.0", (c,))
            _add(shapes, f"{enc}.{2 * stage + 2}.1", (channels[stage + 1], c, 2, 2))
    _add_decoder(shapes, section, channels)
    return {"convnext": section}, seeded_tensors(shapes)


def tiny_swin(**changes: Any) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Configuration and tensors of a Swin with a few channels."""
    section = {
        "model_type": "custom",
        "arch": {"embed": 4, "depths": [2, 2, 1, 0], "num_heads": [1, 2, 2, 4]},
        "patch_size": 4,
        "stem_patch_stride": 2,
        "window_size": 3,
        "output_stride": 2,
        "max_stride": 32,
        "up_interpolate": True,
        "filters_rate": 2.0,
        **changes,
    }
    arch, enc = section["arch"], "backbone.enc.features"
    channels = [arch["embed"] * 2**stage for stage in range(4)]
    window, patch = section["window_size"], section["patch_size"]
    shapes: dict[str, Sequence[int]] = {}
    buffers: dict[str, torch.Tensor] = {}
    _add(shapes, f"{enc}.0.0", (channels[0], 1, patch, patch))
    _add(shapes, f"{enc}.0.2", (channels[0],))
    for stage, c in enumerate(channels):
        for i in range(arch["depths"][stage]):
            block = f"{enc}.{2 * stage + 1}.{i}"
            _add(shapes, f"{block}.norm1", (c,))
            _add(shapes, f"{block}.norm2", (c,))
            _add(shapes, f"{block}.attn.qkv", (3 * c, c))
            _add(shapes, f"{block}.attn.proj", (c, c))
            table = ((2 * window - 1) ** 2, arch["num_heads"][stage])
            shapes[f"{block}.attn.relative_position_bias_table"] = table
            buffers[f"{block}.attn.relative_position_index"] = position_index(window)
            _add(shapes, f"{block}.mlp.0", (4 * c, c))
            _add(shapes, f"{block}.mlp.3", (c, 4 * c))
        if stage < 3:
            _add(shapes, f"{enc}.{2 * stage + 2}.norm", (4 * c,))
            shapes[f"{enc}.{2 * stage + 2}.reduction.weight"] = (2 * c, 4 * c)
    _add(shapes, "backbone.enc.norm", (channels[3],))
    _add_decoder(shapes, section, channels)
    return {"swint": section}, {**seeded_tensors(shapes), **buffers}


def _add_decoder(
    shapes: dict[str, Sequence[int]], section: Mapping[str, Any], channels: Sequence[int]
) -> None:
    """Middle block, decoder and head, kernel 3."""
    rate = section["filters_rate"]
    wide = x = int(channels[3] * rate)
    middle = "backbone.middle_blocks"
    name = "blocks.convnext_middle"
    _add(shapes, f"{middle}.0.{name}_expand_conv0", (wide, channels[3], 3, 3))
    _add(shapes, f"{middle}.1.{name}_contract_conv0", (wide, wide, 3, 3))
    stride, block = 16 * section["stem_patch_stride"], 0
    while stride > section["output_stride"]:
        name = f"backbone.dec.decoder_stack.{block}.blocks.dec{block}_s{stride}_to_s{stride // 2}"
        out = int(channels[0] * rate ** max(0, 3 - block))
        skip = channels[3 - block] if block < 4 else 0
        if not section["up_interpolate"]:
            _add(shapes, f"{name}_trans_conv", (x, out, 3, 3), n_bias=out)
            x = out
        _add(shapes, f"{name}_refine_conv0", (out, x + skip, 3, 3))
        if block < 4:
            _add(shapes, f"{name}_refine_conv1", (out, out, 3, 3))
        x, stride, block = out, stride // 2, block + 1
    _add(shapes, "head_layers.0.SingleInstanceConfmapsHead.0", (2, x, 1, 1))


def _add(
    shapes: dict[str, Sequence[int]], key: str, shape: Sequence[int], *, n_bias: int | None = None
) -> None:
    shapes[f"{key}.weight"] = shape
    shapes[f"{key}.bias"] = (n_bias or shape[0],)
