"""What follows the sizing of frames: network and decoding, one module per kind of model.

Sized frames in, poses in frame pixels out. Shapes are symbolic while a module is traced, so nothing
here branches on them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import onnx
import torch
from torch import nn

from sleap_rt.contract import CROP_KINDS, Preprocessing
from sleap_rt.errors import ModelError
from sleap_rt.export.crops import cut_crops
from sleap_rt.export.pafs import class_probabilities, line_scores
from sleap_rt.export.peaks import LocalPeaks, global_peaks, local_peaks
from sleap_rt.export.preprocess import ScaleAndPad, known_size, network_entry
from sleap_rt.export.sizing import sizing_model
from sleap_rt.models import TrainedModel

Tensor = torch.Tensor


@dataclass(frozen=True)
class GraphInput:
    """One input of a graph.

    Attributes:
        name: as the runtime feeds it.
        example: a value to trace with; at least two of everything whose number is free, since the
            tracer takes a size of 1 for a fixed one.
        free_axes: axis -> name, for axes whose size is free at run time.
    """

    name: str
    example: Tensor
    free_axes: dict[int, str]


def _scalar(name: str, value: float) -> GraphInput:
    return GraphInput(name, torch.tensor(value), {})


def _image(size: tuple[int, int] | None, stride: int) -> GraphInput:
    """What the sizing part hands over; see `sizing.py`."""
    axes = {0: "batch", 1: "channels"}
    if size is None:
        size, axes = (6 * stride, 10 * stride), axes | {2: "sized_height", 3: "sized_width"}
    return GraphInput("image", torch.zeros(2, 3, *size), axes)


_EFF_SCALE = _scalar("eff_scale", 1.0)
_THRESHOLD = _scalar("peak_threshold", 0.2)
_REFINE = _scalar("integral_refinement", 1.0)
_SLOTS = GraphInput("slots", torch.zeros(5), {0: "k"})


class _FrameGraph(nn.Module):
    """What graphs of models that see whole frames share."""

    def __init__(self, model: TrainedModel) -> None:
        super().__init__()
        self.network = model.network
        self.spec, self.decoding = model.preprocessing, model.decoding
        self.size = known_size(self.spec)
        # Without a known size, the sizing part has scaled and padded already.
        self.scale_and_pad = ScaleAndPad(self.spec, self.size) if self.size else nn.Identity()

    def sizing(self) -> onnx.ModelProto:
        """The graph that comes first: frames to this module's first two inputs."""
        return sizing_model(self.spec, scale_and_pad=self.size is None)

    def frame_inputs(self) -> tuple[GraphInput, ...]:
        return (_image(self.size, self.spec.max_stride), _EFF_SCALE, _THRESHOLD, _REFINE)

    def run_network(self, image: Tensor) -> dict[str, Tensor]:
        image = network_entry(self.scale_and_pad(image), self.spec.in_channels)
        outputs: dict[str, Tensor] = self.network(image)
        return outputs

    def to_frame(self, cells: Tensor, eff_scale: Tensor) -> Tensor:
        """Confidence-map cells to frame px."""
        return cells * self.decoding.confmaps_stride / self.spec.input_scale / eff_scale

    def local_peaks(
        self, confmaps: Tensor, threshold: Tensor, refine: Tensor, slots: Tensor
    ) -> LocalPeaks:
        patch_size = self.decoding.integral_patch_size
        return local_peaks(confmaps, threshold, refine, patch_size, slots.shape[0])


class SingleInstanceGraph(_FrameGraph):
    """The one animal of a frame."""

    outputs = ("peaks", "peak_vals", "confmaps")

    def inputs(self) -> tuple[GraphInput, ...]:
        return self.frame_inputs()

    def forward(
        self, image: Tensor, eff_scale: Tensor, threshold: Tensor, refine: Tensor
    ) -> tuple[Tensor, ...]:
        maps = self.run_network(image)
        patch_size = self.decoding.integral_patch_size
        peaks = global_peaks(maps["confmaps"], threshold, refine, patch_size)
        return self.to_frame(peaks.cells, eff_scale), peaks.vals, maps["confmaps"]


class CentroidGraph(_FrameGraph):
    """One point per animal."""

    outputs = ("centroids", "centroid_vals", "n_candidates", "confmaps")

    def inputs(self) -> tuple[GraphInput, ...]:
        return (*self.frame_inputs(), _SLOTS)

    def forward(
        self, image: Tensor, eff_scale: Tensor, threshold: Tensor, refine: Tensor, slots: Tensor
    ) -> tuple[Tensor, ...]:
        maps = self.run_network(image)
        peaks = self.local_peaks(maps["confmaps"], threshold, refine, slots)
        centroids = self.to_frame(peaks.cells[:, 0], eff_scale)
        return centroids, peaks.vals[:, 0], peaks.n_candidates[:, 0], maps["confmaps"]


class BottomUpGraph(_FrameGraph):
    """All peaks of a frame and the scores of all connections between them."""

    outputs = ("peaks", "peak_vals", "n_candidates", "line_scores", "confmaps", "pafs")

    def __init__(self, model: TrainedModel) -> None:
        super().__init__(model)
        self.edges = model.edges

    def inputs(self) -> tuple[GraphInput, ...]:
        ratio = _scalar("max_edge_length_ratio", 0.25)
        weight = _scalar("dist_penalty_weight", 1.0)
        return (*self.frame_inputs(), _SLOTS, ratio, weight)

    def forward(
        self,
        image: Tensor,
        eff_scale: Tensor,
        threshold: Tensor,
        refine: Tensor,
        slots: Tensor,
        max_edge_length_ratio: Tensor,
        dist_penalty_weight: Tensor,
    ) -> tuple[Tensor, ...]:
        maps = self.run_network(image)
        peaks = self.local_peaks(maps["confmaps"], threshold, refine, slots)
        scores = line_scores(
            maps["pafs"],
            peaks.cells * self.decoding.confmaps_stride,
            self.edges,
            stride=self.decoding.pafs_stride or 1,
            n_points=self.decoding.n_points,
            max_edge_length_ratio=max_edge_length_ratio,
            dist_penalty_weight=dist_penalty_weight,
        )
        points = self.to_frame(peaks.cells, eff_scale)
        return points, peaks.vals, peaks.n_candidates, scores, maps["confmaps"], maps["pafs"]


class MultiClassBottomUpGraph(_FrameGraph):
    """All peaks of a frame and the identity probabilities of each."""

    outputs = ("peaks", "peak_vals", "n_candidates", "class_probs", "confmaps", "class_maps")

    def inputs(self) -> tuple[GraphInput, ...]:
        return (*self.frame_inputs(), _SLOTS)

    def forward(
        self, image: Tensor, eff_scale: Tensor, threshold: Tensor, refine: Tensor, slots: Tensor
    ) -> tuple[Tensor, ...]:
        maps = self.run_network(image)
        peaks = self.local_peaks(maps["confmaps"], threshold, refine, slots)
        pixels = peaks.cells * self.decoding.confmaps_stride
        stride = self.decoding.class_maps_stride or 1
        probs = class_probabilities(maps["class_maps"], pixels, stride=stride)
        points = self.to_frame(peaks.cells, eff_scale)
        return (
            points,
            peaks.vals,
            peaks.n_candidates,
            probs,
            maps["confmaps"],
            maps["class_maps"],
        )


class CropGraph(nn.Module):
    """The pose in the crop around each centre, of a frame or of many.

    Args:
        model: a model that sees crops.
        size_from: whose size matching applies to the frames; the first stage's in a pair.
    """

    def __init__(self, model: TrainedModel, size_from: Preprocessing) -> None:
        super().__init__()
        if model.preprocessing.crop_size is None:
            raise ModelError(f"a {model.kind} model needs a crop size")
        self.network = model.network
        self.spec, self.decoding = model.preprocessing, model.decoding
        self.crop_size = model.preprocessing.crop_size
        self.size_from = size_from
        self.scale_and_pad = ScaleAndPad(self.spec, self.crop_size)
        self.outputs: tuple[str, ...] = ("peaks", "peak_vals", "confmaps")
        if model.kind == "multi_class_topdown":
            self.outputs = ("peaks", "peak_vals", "class_probs", "confmaps")

    def sizing(self) -> onnx.ModelProto:
        """The graph that comes first: frames to this module's first two inputs.

        Crops are cut from frames whose channels are as the video has them; only whole frames are
        converted. The crop, not the frame, is scaled and padded.
        """
        return sizing_model(replace(self.size_from, channels="as_is"), scale_and_pad=False)

    def inputs(self) -> tuple[GraphInput, ...]:
        centers = GraphInput("centers", torch.full((3, 2), 40.0), {0: "n"})
        frame_index = GraphInput("frame_index", torch.tensor([0, 1, 1]), {0: "n"})
        image = _image(known_size(self.size_from), self.spec.max_stride)
        return (image, _EFF_SCALE, centers, frame_index, _THRESHOLD, _REFINE)

    def forward(
        self,
        image: Tensor,
        eff_scale: Tensor,
        centers: Tensor,
        frame_index: Tensor,
        threshold: Tensor,
        refine: Tensor,
    ) -> tuple[Tensor, ...]:
        crops = cut_crops(image, centers * eff_scale, frame_index, self.crop_size)
        crop = network_entry(self.scale_and_pad(crops.image), self.spec.in_channels)
        outputs = self.network(crop)
        patch_size = self.decoding.integral_patch_size
        peaks = global_peaks(outputs["confmaps"], threshold, refine, patch_size)
        local = peaks.cells * self.decoding.confmaps_stride / self.spec.input_scale
        points = (local + crops.corner[:, None]) / eff_scale
        found = {**outputs, "peaks": points, "peak_vals": peaks.vals}
        return tuple(found[name] for name in self.outputs)


Graph = SingleInstanceGraph | CentroidGraph | BottomUpGraph | MultiClassBottomUpGraph | CropGraph

_FRAME_GRAPHS: dict[str, Callable[[TrainedModel], Graph]] = {
    "single_instance": SingleInstanceGraph,
    "centroid": CentroidGraph,
    "bottomup": BottomUpGraph,
    "multi_class_bottomup": MultiClassBottomUpGraph,
}


def build_graph(model: TrainedModel, size_from: Preprocessing | None = None) -> Graph:
    """The whole method of one model as a module that can be traced.

    Args:
        model: any supported model.
        size_from: for a model that sees crops, the first stage's pre-processing; its own if None.
    """
    if model.kind in CROP_KINDS:
        return CropGraph(model, size_from or model.preprocessing)
    return _FRAME_GRAPHS[model.kind](model)
