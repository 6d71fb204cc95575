"""Model folders of tiny networks, every backbone with every head; weights by a seeded rule."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import yaml
from seeded_networks import seeded_tensors, tiny_convnext, tiny_swin

from sleap_rt.models.native.load_native import load_native_model

NODES = ("nose", "tail")
CLASSES = ("female", "male")
_STRIDE = 2
_UNITS = 5  # of the layer ahead of the class vector
_CONFMAPS = {
    "single_instance": "SingleInstanceConfmapsHead",
    "centroid": "CentroidConfmapsHead",
    "centered_instance": "CenteredInstanceConfmapsHead",
    "bottomup": "MultiInstanceConfmapsHead",
    "multi_class_bottomup": "MultiInstanceConfmapsHead",
    "multi_class_topdown": "CenteredInstanceConfmapsHead",
}
KINDS = tuple(_CONFMAPS)


def tiny_unet() -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Configuration and tensors of a UNet with a stem and a few channels."""
    section = {"filters": 4, "filters_rate": 2.0, "max_stride": 16, "stem_stride": 2}
    section |= {"output_stride": _STRIDE, "up_interpolate": True, "convs_per_block": 2}
    enc, dec = "backbone.encoders.0.encoder_stack", "backbone.decoders.0.decoder_stack"
    convs = {
        f"backbone.stem.stem_stack.0.blocks.stem0_conv{i}": (4, n, 7, 7)
        for i, n in ((0, 1), (1, 4))
    }
    n_in = 4
    for block, n in enumerate((8, 16, 32)):
        for i, inputs in ((0, n_in), (1, n)):
            convs[f"{enc}.{block}.blocks.stack0_enc{block}_conv{i}"] = (n, inputs, 3, 3)
        n_in = n
    convs["backbone.middle_blocks.0.blocks.stack0_enc4_middle_expand_conv0"] = (64, 32, 3, 3)
    convs["backbone.middle_blocks.1.blocks.stack0_enc5_middle_contract_conv0"] = (64, 64, 3, 3)
    n_in = 64
    for block, (n, skip, stride) in enumerate(((32, 32, 32), (16, 16, 16), (8, 8, 8), (4, 4, 4))):
        name = f"{dec}.{block}.blocks.stack0_dec{block}_s{stride}_to_s{stride // 2}_refine_conv"
        convs |= {f"{name}0": (n, n_in + skip, 3, 3), f"{name}1": (n, n, 3, 3)}
        n_in = n
    convs["head_layers.0.SingleInstanceConfmapsHead.0"] = (2, 4, 1, 1)
    return {"unet": section}, seeded_tensors(_with_biases(convs))


BACKBONES = {"unet": tiny_unet, "convnext": tiny_convnext, "swint": tiny_swin}


def write_model(folder: Path, backbone: str, kind: str, **preprocessing: Any) -> Path:
    """Write `training_config.yaml` and `best.ckpt` of one model; frames keep their own size."""
    config, tensors = BACKBONES[backbone]()
    plain = "head_layers.0.SingleInstanceConfmapsHead.0"
    width = tensors.pop(f"{plain}.weight").shape[1]
    del tensors[f"{plain}.bias"]
    bottleneck = next(t for key, t in tensors.items() if "contract_conv" in key).shape[0]
    tensors |= seeded_tensors(_with_biases(_head_shapes(kind, width, bottleneck)))
    crop = {"crop_size": 64} if kind in ("centered_instance", "multi_class_topdown") else {}
    document = {
        "data_config": {
            "preprocessing": {"scale": 1.0, **crop, **preprocessing},
            "skeletons": [_skeleton()],
        },
        "model_config": {"backbone_config": config, "head_configs": {kind: _head_config(kind)}},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "training_config.yaml").write_text(yaml.safe_dump(document), encoding="utf8")
    _save(folder, tensors)
    _scale_confmaps(folder, tensors, f"head_layers.0.{_CONFMAPS[kind]}.0")
    _save(folder, tensors)
    return folder


def _save(folder: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    state = {f"model.{key}": tensor for key, tensor in tensors.items()}
    torch.save({"state_dict": state}, folder / "best.ckpt")


def _scale_confmaps(folder: Path, tensors: dict[str, torch.Tensor], head: str) -> None:
    """Shift and scale the maps so that their middle is 0 and their largest value 1, as in training.

    Otherwise one node's maps may lie below all others' peaks, and no instance ever forms.
    """
    image = torch.rand(1, 1, 128, 160, generator=torch.Generator().manual_seed(3))
    maps = load_native_model(folder).network(image)["confmaps"][0].flatten(1)
    middle, largest = maps.median(dim=1).values, maps.max(dim=1).values
    tensors[f"{head}.weight"] /= (largest - middle)[:, None, None, None]
    tensors[f"{head}.bias"] = (tensors[f"{head}.bias"] - middle) / (largest - middle)


def _skeleton() -> dict[str, Any]:
    nodes = [{"name": name} for name in NODES]
    edges = [{"source": nodes[0], "destination": nodes[1]}]
    return {"name": "animal", "nodes": nodes, "edges": edges}


def _head_config(kind: str) -> dict[str, Any]:
    leaves: dict[str, Any] = {"confmaps": {"part_names": list(NODES), "output_stride": _STRIDE}}
    if kind == "bottomup":
        leaves["pafs"] = {"edges": [list(NODES)], "output_stride": _STRIDE}
    if kind == "multi_class_bottomup":
        leaves["class_maps"] = {"classes": list(CLASSES), "output_stride": _STRIDE}
    if kind == "multi_class_topdown":
        leaves["class_vectors"] = {"classes": list(CLASSES), "num_fc_layers": 1}
    return leaves


def _head_shapes(kind: str, width: int, bottleneck: int) -> Mapping[str, Sequence[int]]:
    n_maps = 1 if kind == "centroid" else len(NODES)
    shapes: dict[str, Sequence[int]] = {f"head_layers.0.{_CONFMAPS[kind]}.0": (n_maps, width, 1, 1)}
    if kind == "bottomup":
        shapes["head_layers.1.PartAffinityFieldsHead.0"] = (2, width, 1, 1)
    if kind == "multi_class_bottomup":
        shapes["head_layers.1.ClassMapsHead.0"] = (len(CLASSES), width, 1, 1)
    if kind == "multi_class_topdown":
        shapes["head_layers.1.pre_classification0_fc"] = (_UNITS, bottleneck)
        shapes["head_layers.1.ClassVectorsHead"] = (len(CLASSES), _UNITS)
    return shapes


def _with_biases(weights: Mapping[str, Sequence[int]]) -> dict[str, Sequence[int]]:
    shapes: dict[str, Sequence[int]] = {}
    for name, shape in weights.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    return shapes
