"""What follows the sizing of frames in a legacy graph: network and decoding.

Inputs and outputs are those of the native graphs (`graphs.py`), so that the runtime treats both
alike. What differs is inside: `legacy_sizing.py`, `legacy_peaks.py`, `legacy_crops.py`, and two
constants of the original that are part of its result: 0.5 px are added where the input is scaled,
and every point found in a crop is 0.5 / scale px too small.
"""

import onnx
import torch
from torch import nn

from sleap_rt.contract import CROP_KINDS
from sleap_rt.export.graphs import GraphInput
from sleap_rt.export.legacy_crops import cut_crops, to_channels
from sleap_rt.export.legacy_peaks import global_peaks, local_peaks
from sleap_rt.export.legacy_sizing import legacy_sizing_model
from sleap_rt.export.legacy_stages import LegacyStage
from sleap_rt.export.pafs import class_probabilities, line_scores
from sleap_rt.export.peaks import GlobalPeaks, LocalPeaks

Tensor = torch.Tensor


def _scalar(name: str, value: float) -> GraphInput:
    return GraphInput(name, torch.tensor(value), {})


_EFF_SCALE = _scalar("eff_scale", 1.0)
_PEAK_INPUTS = (_scalar("peak_threshold", 0.2), _scalar("integral_refinement", 1.0))
_SLOTS = GraphInput("slots", torch.zeros(5), {0: "k"})
_PAF_INPUTS = (_scalar("max_edge_length_ratio", 0.25), _scalar("dist_penalty_weight", 1.0))
_OUTPUTS = {
    "single_instance": ("peaks", "peak_vals", "confmaps"),
    "centroid": ("centroids", "centroid_vals", "n_candidates", "confmaps"),
    "bottomup": ("peaks", "peak_vals", "n_candidates", "line_scores", "confmaps", "pafs"),
    "multi_class_bottomup": (
        "peaks",
        "peak_vals",
        "n_candidates",
        "class_probs",
        "confmaps",
        "class_maps",
    ),
    "centered_instance": ("peaks", "peak_vals", "confmaps"),
    "multi_class_topdown": ("peaks", "peak_vals", "class_probs", "confmaps"),
}


class _LegacyGraph(nn.Module):
    """What graphs of models of whole frames and of crops share."""

    def __init__(self, stage: LegacyStage) -> None:
        super().__init__()
        self.network = stage.model.network
        self.kind = stage.kind
        self.spec, self.decoding = stage.preprocessing, stage.decoding
        self.edges = stage.model.edges
        offsets = ("offsets",) if self.decoding.offsets else ()
        self.outputs: tuple[str, ...] = (*_OUTPUTS[stage.kind], *offsets)

    def sizing(self) -> onnx.ModelProto:
        """The graph that comes first: frames to this module's first two inputs."""
        return legacy_sizing_model(self.spec)

    def unscaled(self, pixels: Tensor) -> Tensor:
        """Network-input px to px of the sized frame, with the constant that the original adds."""
        scale = self.spec.input_scale
        return pixels if scale == 1 else pixels / scale + 0.5

    def image_input(self, channels: int) -> GraphInput:
        stride = self.spec.max_stride if self.spec.crop_size is None else 1
        shape = (2, channels, max(6 * stride, 32), max(10 * stride, 48))
        return GraphInput(
            "image", torch.zeros(shape), {0: "batch", 2: "sized_height", 3: "sized_width"}
        )


class LegacyFrameGraph(_LegacyGraph):
    """A model of whole frames, of any kind."""

    def inputs(self) -> tuple[GraphInput, ...]:
        found = (self.image_input(self.spec.in_channels), _EFF_SCALE, *_PEAK_INPUTS)
        if self.kind == "single_instance":
            return found
        return (*found, _SLOTS, *(_PAF_INPUTS if self.kind == "bottomup" else ()))

    def forward(
        self,
        image: Tensor,
        eff_scale: Tensor,
        threshold: Tensor,
        refine: Tensor,
        slots: Tensor | None = None,
        max_edge_length_ratio: Tensor | None = None,
        dist_penalty_weight: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        found: dict[str, Tensor] = self.network(image)
        confmaps, offsets = found["confmaps"], found.get("offsets")
        patch_size = self.decoding.integral_patch_size
        peaks: GlobalPeaks | LocalPeaks
        if slots is None:
            peaks = global_peaks(confmaps, offsets, threshold, refine, patch_size)
        else:
            n_slots = slots.shape[0]
            peaks = local_peaks(confmaps, offsets, threshold, refine, patch_size, n_slots)
            found["n_candidates"] = peaks.n_candidates
        pixels = peaks.cells * self.decoding.confmaps_stride
        found["peaks"] = self.unscaled(pixels) / eff_scale
        found["peak_vals"] = peaks.vals
        if max_edge_length_ratio is not None and dist_penalty_weight is not None:
            found["line_scores"] = line_scores(
                found["pafs"],
                pixels,
                self.edges,
                stride=self.decoding.pafs_stride or 1,
                n_points=self.decoding.n_points,
                max_edge_length_ratio=max_edge_length_ratio,
                dist_penalty_weight=dist_penalty_weight,
            )
        if self.kind == "multi_class_bottomup":
            stride = self.decoding.class_maps_stride or 1
            found["class_probs"] = class_probabilities(found["class_maps"], pixels, stride=stride)
        if self.kind == "centroid":
            found["centroids"], found["centroid_vals"] = found["peaks"][:, 0], peaks.vals[:, 0]
            found["n_candidates"] = found["n_candidates"][:, 0]
        return tuple(found[name] for name in self.outputs)


class LegacyCropGraph(_LegacyGraph):
    """The pose in the crop around each centre, of a frame or of many."""

    def inputs(self) -> tuple[GraphInput, ...]:
        centers = GraphInput("centers", torch.full((3, 2), 20.0), {0: "n"})
        frame_index = GraphInput("frame_index", torch.tensor([0, 1, 1]), {0: "n"})
        image = self.image_input(1 if self.spec.channels == "grayscale" else 3)
        return (image, _EFF_SCALE, centers, frame_index, *_PEAK_INPUTS)

    def forward(
        self,
        image: Tensor,
        eff_scale: Tensor,
        centers: Tensor,
        frame_index: Tensor,
        threshold: Tensor,
        refine: Tensor,
    ) -> tuple[Tensor, ...]:
        assert self.spec.crop_size is not None  # `build_legacy_graph` sees to it
        side, scale = self.spec.crop_size[0], self.spec.input_scale
        centers = centers * eff_scale
        crops = cut_crops(image, centers * scale, frame_index, side)
        crops = to_channels(crops, self.spec.in_channels) * (1 / 255)
        found: dict[str, Tensor] = self.network(crops)
        peaks = global_peaks(
            found["confmaps"],
            found.get("offsets"),
            threshold,
            refine,
            self.decoding.integral_patch_size,
        )
        local = self.unscaled(peaks.cells * self.decoding.confmaps_stride)
        corners = centers - side / 2 / scale  # pixel 0 truly lies at (side - 1) / 2
        found["peaks"] = (local + corners[:, None]) / eff_scale
        found["peak_vals"] = peaks.vals
        return tuple(found[name] for name in self.outputs)


LegacyGraph = LegacyFrameGraph | LegacyCropGraph


def build_legacy_graph(stage: LegacyStage) -> LegacyGraph:
    """The whole method of one legacy model as a module that can be traced."""
    return LegacyCropGraph(stage) if stage.kind in CROP_KINDS else LegacyFrameGraph(stage)
