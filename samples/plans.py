"""What each sample model is: its plan, its `training_config.yaml`, its weights before training.

The models differ on purpose in what an exporter has to get right: input scale, the way of
upsampling, output and maximum strides, channel conversion.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from samples.crawlers import LOOKS, SKELETON
from sleap_rt.models.native.topology import HeadSpec, UNetSpec

ANCHOR = "thorax"
CLASS_NAMES = tuple(LOOKS)
KINDS = (
    "single_instance",
    "centroid",
    "centered_instance",
    "bottomup",
    "multi_class_bottomup",
    "multi_class_topdown",
)
_CONFMAPS_LAYERS = {
    "single_instance": "SingleInstanceConfmapsHead",
    "centroid": "CentroidConfmapsHead",
    "centered_instance": "CenteredInstanceConfmapsHead",
    "multi_class_topdown": "CenteredInstanceConfmapsHead",
}
_N_FC_LAYERS, _N_FC_UNITS = 1, 32


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One model and how it is trained.

    Attributes:
        kind: one of sleap-nn's head types.
        height: of the clip it is for, px.
        width: px.
        input_scale: network-input px per frame px.
        crop_size: frame px; None for whole frames.
        ensure_grayscale: whether colour frames become gray ahead of the network.
        max_stride: of the UNet.
        filters: channels of its first block.
        filters_rate: growth per block.
        convs_per_block: of its encoder.
        up_interpolate: bilinear upsampling; otherwise transposed convolutions.
        confmaps_stride: network-input px per cell.
        sigma: width of the peaks in confidence maps, network-input px.
        maps_stride: the same for part affinity fields or class maps; None without them.
        maps_sigma: network-input px.
        n_steps: optimiser steps.
        batch_size: pictures or crops per step.
        learning_rate: the highest one.
    """

    kind: str
    height: int = 250
    width: int = 324
    input_scale: float = 1.0
    crop_size: int | None = None
    ensure_grayscale: bool = False
    max_stride: int = 16
    filters: int = 8
    filters_rate: float = 1.5
    convs_per_block: int = 2
    up_interpolate: bool = True
    confmaps_stride: int = 2
    sigma: float = 2.5
    maps_stride: int | None = None
    maps_sigma: float | None = None
    n_steps: int = 1000
    batch_size: int = 4
    learning_rate: float = 4e-3

    @property
    def backbone_stride(self) -> int:
        """Stride of the finest decoder block."""
        return min(self.confmaps_stride, self.maps_stride or self.confmaps_stride)

    @property
    def n_confmaps(self) -> int:
        return 1 if self.kind == "centroid" else SKELETON.n_nodes

    def backbone(self) -> UNetSpec:
        return UNetSpec(
            max_stride=self.max_stride,
            output_stride=self.backbone_stride,
            stem_stride=None,
            convs_per_block=self.convs_per_block,
            up_interpolate=self.up_interpolate,
        )

    def heads(self) -> list[HeadSpec]:
        heads = [
            HeadSpec(
                output="confmaps",
                layer=_CONFMAPS_LAYERS.get(self.kind, "MultiInstanceConfmapsHead"),
                output_stride=self.confmaps_stride,
                n_channels=self.n_confmaps,
            )
        ]
        if self.kind == "bottomup":
            heads.append(
                HeadSpec(
                    output="pafs",
                    layer="PartAffinityFieldsHead",
                    output_stride=self.maps_stride or 1,
                    n_channels=2 * len(SKELETON.edge_inds),
                )
            )
        elif self.kind == "multi_class_bottomup":
            heads.append(
                HeadSpec(
                    output="class_maps",
                    layer="ClassMapsHead",
                    output_stride=self.maps_stride or 1,
                    n_channels=len(CLASS_NAMES),
                    has_sigmoid=True,
                )
            )
        elif self.kind == "multi_class_topdown":
            heads.append(
                HeadSpec(
                    output="class_probs",
                    layer="ClassVectorsHead",
                    output_stride=1,
                    n_channels=len(CLASS_NAMES),
                    n_fc_layers=_N_FC_LAYERS,
                )
            )
        return heads


PLANS = {
    "single_instance": Plan(
        kind="single_instance",
        height=190,
        width=250,
        confmaps_stride=4,
        sigma=5.0,
        n_steps=900,
    ),
    "centroid": Plan(
        kind="centroid",
        input_scale=0.5,
        ensure_grayscale=True,
        up_interpolate=False,
        filters=10,
        confmaps_stride=2,
        sigma=2.5,
        n_steps=900,
    ),
    "centered_instance": Plan(
        kind="centered_instance",
        input_scale=0.5,
        crop_size=96,
        max_stride=8,
        filters=16,
        up_interpolate=False,
        confmaps_stride=1,
        sigma=1.5,
        n_steps=1200,
        batch_size=8,
    ),
    "bottomup": Plan(
        kind="bottomup",
        input_scale=0.5,
        filters=12,
        confmaps_stride=2,
        sigma=2.0,
        maps_stride=4,
        maps_sigma=4.0,
        n_steps=1200,
    ),
    "multi_class_bottomup": Plan(
        kind="multi_class_bottomup",
        input_scale=0.5,
        filters=12,
        up_interpolate=False,
        confmaps_stride=2,
        sigma=2.0,
        maps_stride=4,
        maps_sigma=5.0,
        n_steps=1700,
    ),
    "multi_class_topdown": Plan(
        kind="multi_class_topdown",
        input_scale=0.5,
        crop_size=96,
        max_stride=8,
        filters=16,
        confmaps_stride=2,
        sigma=2.0,
        n_steps=1400,
        batch_size=8,
    ),
}


def initial_weights(plan: Plan, seed: int) -> dict[str, torch.Tensor]:
    """Random tensors under sleap-nn's names: He initialisation, outputs close to zero."""
    generator = torch.Generator().manual_seed(seed)
    tensors: dict[str, torch.Tensor] = {}
    for key, shape, n_inputs in _layers(plan):
        is_output = key.startswith("head_layers") and not key.endswith("_fc")
        spread = 0.01 / n_inputs**0.5 if is_output else (2 / n_inputs) ** 0.5
        n_out = shape[1] if key.endswith("_trans_conv") else shape[0]
        tensors[f"{key}.weight"] = spread * torch.randn(shape, generator=generator)
        tensors[f"{key}.bias"] = torch.zeros(n_out)
    return tensors


def _layers(plan: Plan) -> Iterator[tuple[str, tuple[int, ...], float]]:
    """Key, shape and number of summed inputs of every layer, in the checkpoint's order."""
    spec = plan.backbone()
    n_encoders = spec.n_encoder_blocks
    widths = [int(plan.filters * plan.filters_rate**e) for e in range(n_encoders + 1)]

    def conv(key: str, n_in: int, n_out: int) -> tuple[str, tuple[int, ...], float]:
        return key, (n_out, n_in, 3, 3), 9 * n_in

    channels = 1
    for b in range(n_encoders):
        for i in range(plan.convs_per_block):
            key = f"backbone.encoders.0.encoder_stack.{b}.blocks.stack0_enc{b}_conv{i}"
            yield conv(key, channels, widths[b])
            channels = widths[b]
    middle = "backbone.middle_blocks.{}.blocks.stack0_enc{}_middle_{}_conv{}"
    for i in range(plan.convs_per_block - 1):
        yield conv(middle.format(0, n_encoders + 1, "expand", i), channels, widths[-1])
        channels = widths[-1]
    yield conv(middle.format(1, n_encoders + 2, "contract", 0), channels, channels)
    bottleneck, stride = channels, spec.bottleneck_stride
    by_stride = {stride: channels}
    for b in range(spec.n_decoder_blocks):
        name = f"backbone.decoders.0.decoder_stack.{b}.blocks.stack0_dec{b}_s{stride}_to_s"
        stride //= 2
        width = widths[n_encoders - 1 - b]
        if not plan.up_interpolate:
            shape = (channels, width, 3, 3)
            yield f"{name}{stride}_trans_conv", shape, 9 / 4 * channels
            channels = width
        yield conv(f"{name}{stride}_refine_conv0", channels + width, width)
        yield conv(f"{name}{stride}_refine_conv1", width, width)
        channels = by_stride[stride] = width
    for i, head in enumerate(plan.heads()):
        if head.output == "class_probs":
            n_in = bottleneck
            for fc in range(_N_FC_LAYERS):
                yield f"head_layers.{i}.pre_classification{fc}_fc", (_N_FC_UNITS, n_in), n_in
                n_in = _N_FC_UNITS
            yield f"head_layers.{i}.{head.layer}", (head.n_channels, n_in), n_in
        else:
            n_in = by_stride[head.output_stride]
            yield f"head_layers.{i}.{head.layer}.0", (head.n_channels, n_in, 1, 1), n_in


def training_config(plan: Plan, *, n_parameters: int) -> dict[str, Any]:
    """The content of `training_config.yaml`, keys and order as sleap-nn writes them."""
    return {
        "data_config": {
            "train_labels_path": ["crawlers.slp"],
            "val_labels_path": None,
            "validation_fraction": 0.1,
            "test_file_path": None,
            "provider": "LabelsReader",
            "user_instances_only": True,
            "data_pipeline_fw": "torch_dataset",
            "cache_img_path": None,
            "use_existing_imgs": False,
            "delete_cache_imgs_after_training": True,
            "preprocessing": {
                "ensure_rgb": False,
                "ensure_grayscale": plan.ensure_grayscale,
                "max_height": plan.height,
                "max_width": plan.width,
                "scale": plan.input_scale,
                "crop_size": plan.crop_size,
                "min_crop_size": 100,
            },
            "use_augmentations_train": False,
            "augmentation_config": None,
            "skeletons": [_skeleton()],
        },
        "model_config": {
            "init_weights": "default",
            "pretrained_backbone_weights": None,
            "pretrained_head_weights": None,
            "backbone_config": {
                "unet": {
                    "in_channels": 1,
                    "kernel_size": 3,
                    "filters": plan.filters,
                    "filters_rate": plan.filters_rate,
                    "max_stride": plan.max_stride,
                    "stem_stride": None,
                    "middle_block": True,
                    "up_interpolate": plan.up_interpolate,
                    "stacks": 1,
                    "convs_per_block": plan.convs_per_block,
                    "output_stride": plan.backbone_stride,
                },
                "convnext": None,
                "swint": None,
            },
            "head_configs": {kind: _head(plan) if kind == plan.kind else None for kind in KINDS},
            "total_params": n_parameters,
        },
        "trainer_config": {
            "train_data_loader": {
                "batch_size": plan.batch_size,
                "shuffle": True,
                "num_workers": 0,
            },
            "val_data_loader": {"batch_size": plan.batch_size, "shuffle": False, "num_workers": 0},
            "model_ckpt": {"save_top_k": 1, "save_last": False},
            "trainer_devices": 1,
            "trainer_device_indices": None,
            "trainer_accelerator": "cpu",
            "profiler": None,
            "trainer_strategy": "auto",
            "enable_progress_bar": False,
            "min_train_steps_per_epoch": plan.n_steps,
            "train_steps_per_epoch": plan.n_steps,
            "visualize_preds_during_training": False,
            "keep_viz": False,
            "max_epochs": 1,
            "seed": 0,
            "use_wandb": False,
            "save_ckpt": True,
            "ckpt_dir": None,
            "run_name": plan.kind,
            "resume_ckpt_path": None,
            "wandb": None,
            "optimizer_name": "Adam",
            "optimizer": {"lr": plan.learning_rate, "amsgrad": False},
            "lr_scheduler": None,
            "early_stopping": None,
            # sleap-nn does not load a model without this one, even to predict.
            "online_hard_keypoint_mining": {
                "online_mining": False,
                "hard_to_easy_ratio": 2.0,
                "min_hard_keypoints": 2,
                "max_hard_keypoints": None,
                "loss_scale": 5.0,
            },
        },
        "name": "",
        "description": "Made by samples/make_samples.py on drawn scenes, not by sleap-nn's trainer",
        "sleap_nn_version": "0.3.5",
        "filename": "",
    }


def _skeleton() -> dict[str, Any]:
    nodes = [{"name": name} for name in SKELETON.node_names]
    return {
        "nodes": nodes,
        "edges": [
            {"source": dict(nodes[a]), "destination": dict(nodes[b])} for a, b in SKELETON.edge_inds
        ],
        "symmetries": [[dict(nodes[a]), dict(nodes[b])] for a, b in SKELETON.symmetries],
        "name": SKELETON.name,
    }


def _head(plan: Plan) -> dict[str, Any]:
    names = list(SKELETON.node_names)
    confmaps: dict[str, Any] = {"part_names": names}
    if plan.kind == "centroid":
        confmaps = {"anchor_part": ANCHOR}
    elif plan.crop_size is not None:
        confmaps["anchor_part"] = ANCHOR
    confmaps |= {"sigma": plan.sigma, "output_stride": plan.confmaps_stride}
    if plan.kind not in ("single_instance", "centroid"):
        confmaps["loss_weight"] = 1.0
    head: dict[str, Any] = {"confmaps": confmaps}
    if plan.kind == "bottomup":
        head["pafs"] = {
            "edges": [[names[a], names[b]] for a, b in SKELETON.edge_inds],
            "sigma": plan.maps_sigma,
            "output_stride": plan.maps_stride,
            "loss_weight": 1.0,
        }
    elif plan.kind == "multi_class_bottomup":
        head["class_maps"] = {
            "classes": list(CLASS_NAMES),
            "sigma": plan.maps_sigma,
            "output_stride": plan.maps_stride,
            "loss_weight": 1.0,
        }
    elif plan.kind == "multi_class_topdown":
        head["class_vectors"] = {
            "classes": list(CLASS_NAMES),
            "num_fc_layers": _N_FC_LAYERS,
            "num_fc_units": _N_FC_UNITS,
            "global_pool": True,
            "output_stride": plan.max_stride,
            "loss_weight": 1.0,
        }
    return head
