"""One description of a legacy model: what it is, how the original feeds it and reads it."""

from dataclasses import dataclass

from sleap_rt.contract import ModelKind, Provenance
from sleap_rt.models.legacy.network import LegacyNetwork
from sleap_rt.skeleton import Skeleton


@dataclass(frozen=True, kw_only=True)
class LegacyPreprocessing:
    """How a frame becomes the network's input.

    Attributes:
        in_channels: 1 (frames become gray) or 3 (gray frames are repeated).
        match_size: frames of another size are resized and padded to the target ahead of all else.
        target_height: rows of the target; without both sides, the target is the largest height and
            width of the videos at hand.
        target_width: columns of the target.
        input_scale: network-input px per sized px.
        pad_stride: whole frames are padded to multiples of this, px.
        crop_size: side of the crop in px AFTER scaling; None for models of whole frames.
    """

    in_channels: int
    match_size: bool
    target_height: int | None
    target_width: int | None
    input_scale: float
    pad_stride: int
    crop_size: int | None


@dataclass(frozen=True, kw_only=True)
class LegacyDecoding:
    """How the network's outputs become points.

    Attributes:
        confmaps_stride: network-input px per cell of the confidence maps (and of the offsets).
        offsets: the network refines peaks itself; otherwise integral refinement does.
        pafs_stride: network-input px per cell of the part affinity fields, where there are any.
        class_maps_stride: the same for class maps.
        integral_patch_size: cells on a side of the patch that refines a peak.
        n_points: samples on the line between two peaks.
    """

    confmaps_stride: int
    offsets: bool
    pafs_stride: int | None = None
    class_maps_stride: int | None = None
    integral_patch_size: int = 5
    n_points: int = 10


@dataclass(frozen=True, kw_only=True)
class LegacyModel:
    """A model trained with SLEAP 1.4 or earlier.

    Attributes:
        kind: what the model finds.
        skeleton: nodes in the order of the confidence maps' channels.
        edges: (source, destination) node indices in the order of the part affinity fields.
        class_names: identities in the order of the class channels.
        anchor_part: node that the model's centroid stands on; None for the middle of the animal.
        preprocessing: how a frame becomes the network's input.
        decoding: how the network's outputs become points.
        network: float32, in evaluation mode, on the CPU.
        provenance: where the weights come from.
        notes: what a user should know about this model, one sentence each.
    """

    kind: ModelKind
    skeleton: Skeleton
    edges: tuple[tuple[int, int], ...]
    class_names: tuple[str, ...]
    anchor_part: str | None
    preprocessing: LegacyPreprocessing
    decoding: LegacyDecoding
    network: LegacyNetwork
    provenance: Provenance
    notes: tuple[str, ...]
