"""The contract between `export` and `runtime`: an exported file's description of itself.

One JSON string in the file's metadata, under `METADATA_KEY`. `export` writes it; opening a file
checks it field by field: an unknown version, a missing field or a wrong type is an error, never a
default.
"""

import json
from dataclasses import asdict, dataclass, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from sleap_rt.errors import ModelError
from sleap_rt.kinds import ModelKind
from sleap_rt.skeleton import Skeleton
from sleap_rt.untrusted import listed, quoted
from sleap_rt.untrusted.json_text import parse_json
from sleap_rt.untrusted.sizes import LARGEST_STRIDE, check_range, check_size

CONTRACT_VERSION = 7
_LONGEST = 4 << 20  # characters of a contract
_FREE_SIDE = 512  # px, stands in for a side that is open
METADATA_KEY = "sleap_rt"
BONSAI_KEY = "sleap_rt_bonsai"
"""Metadata of a graph for Bonsai.Sleap: the contracts of the graphs that it was made of."""
BYTES_NODE = "frames/Cast"
"""The first node of a graph. It casts the frames' bytes to floats, since some engines support bytes
in no other operator. An engine that can gather and transpose bytes may cast to bytes instead."""

Family = Literal["native", "legacy"]  # sleap-nn; SLEAP 1.4 and earlier


class _Traits(NamedTuple):
    """What a run does differently for a family, as the properties of `GraphContract` say."""

    drops_unsure_crops: bool
    colours_its_crops: bool


_TRAITS: dict[Family, _Traits] = {"native": _Traits(False, False), "legacy": _Traits(True, True)}
Precision = Literal["fp32", "fp16", "int8"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
CenterMethod = Literal["center_of_mass", "bbox_center", "geometric_median"]
CENTER_METHODS: tuple[CenterMethod, ...] = get_args(CenterMethod)


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """How a frame becomes the network's input.

    Attributes:
        channels: conversion before all else; `as_is` leaves it to the network's entry, which
            repeats a gray channel or takes the luma of three. A legacy instance model has the
            channels of its centroid model.
        in_channels: channels of the network's first layer, 1 or 3.
        max_height: rows that every frame is resized and padded to; None keeps the frame's own.
        max_width: the same for columns.
        input_scale: network-input px per sized px.
        max_stride: the network's input is padded to multiples of this, px.
        crop_size: (height, width) of the crop around an instance, in px of `crop_unit`; None for
            models that see whole frames.
        crop_unit: `sized` crops are cut from the sized frame, then scaled; `scaled` crops are cut
            from the scaled frame.
        resize: how images are resized: `antialiased` in whole gray levels, `antialiased_float`
            without rounding, `bilinear` without antialiasing.
        fit_largest: if the videos of a run differ in size, the runtime brings all frames to the
            largest height and width among them before the graph.
    """

    channels: Literal["as_is", "rgb", "grayscale"]
    in_channels: int
    max_height: int | None
    max_width: int | None
    input_scale: float
    max_stride: int
    crop_size: tuple[int, int] | None = None
    crop_unit: Literal["sized", "scaled"] = "sized"
    resize: Literal["antialiased", "antialiased_float", "bilinear"] = "antialiased"
    fit_largest: bool = False

    def __post_init__(self) -> None:
        if self.in_channels not in (1, 3):
            raise ModelError(f"The network takes {self.in_channels} channels; 1 or 3 are supported")
        if not 0 < self.input_scale < 1000:
            raise ModelError(f"Preprocessing scale must be positive, found {self.input_scale}")
        check_range("max_stride", self.max_stride, LARGEST_STRIDE)
        frame = (self.max_height or _FREE_SIDE, self.max_width or _FREE_SIDE)
        for height, width in (frame, self.crop_size or frame):
            check_size(height, width)
            scaled = 1.0 if self.crop_unit == "scaled" else self.input_scale
            check_size(height * scaled, width * scaled)


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How the network's outputs become points.

    Attributes:
        confmaps_stride: network-input px per cell of the confidence maps.
        pafs_stride: the same for the part affinity fields, where the model has them.
        class_maps_stride: the same for class maps.
        integral_patch_size: cells on a side of the patch that refines a peak.
        n_points: samples on the line between two peaks.
        offsets: the network itself gives each peak's position in its cell; integral refinement is
            then not used.
    """

    confmaps_stride: int
    pafs_stride: int | None = None
    class_maps_stride: int | None = None
    integral_patch_size: int = 5
    n_points: int = 10
    offsets: bool = False

    def __post_init__(self) -> None:
        for name in ("confmaps_stride", "pafs_stride", "class_maps_stride"):
            if (stride := getattr(self, name)) is not None:
                check_range(name, stride, LARGEST_STRIDE)
        check_range("integral_patch_size", self.integral_patch_size, 100)
        check_range("n_points", self.n_points, 1000)


@dataclass(frozen=True, kw_only=True)
class GraphPart:
    """One part of a graph, by the tensors at its ends.

    An engine may cut a graph there, and run the network by itself.

    Attributes:
        name: what the part does; its nodes' names begin with it.
        inputs: names of the tensors that it takes from the graph's inputs and from other parts.
        outputs: names of its tensors that other parts take or that are outputs of the graph.
    """

    name: Literal["sizing", "crops", "network", "decoding"]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Origin of a file, without any path.

    Attributes:
        weights_sha256: of the checkpoint.
        config_sha256: of the training configuration.
        trained_with: program and version that trained the model, as far as recorded.
        exported_with: this package's version.
        backbone: the backbone's family, e.g. `unet`.
    """

    weights_sha256: str
    config_sha256: str
    trained_with: str
    exported_with: str
    backbone: str


@dataclass(frozen=True, kw_only=True)
class PoseLoss:
    """How poses of a network in int8 differ from float32, on frames not used for calibration.

    The poses are those of the whole set: a crop model that was exported with its centroid model
    runs behind it, both in int8.

    Attributes:
        calibration: the frames that gave the range of every layer, in words.
        n_lost: instances that only the float32 graph finds.
        n_extra: instances that only the int8 graph finds.
        n_renamed: instances that get another class; 0 where the model tells none.
        p50_px: median distance between two points of one instance, frame px.
        p90_px: 90th percentile of the same.
        oks_mean: mean similarity of the instances that both find, 0 to 1; None for models of one
            node, and where there is none.
        oks_p5: 5th percentile of the same.
        oks_min: least of the same.
        exceeded: limits that are exceeded, with the figures; empty unless the user allowed it.
    """

    calibration: str
    n_lost: int
    n_extra: int
    n_renamed: int
    p50_px: float
    p90_px: float
    oks_mean: float | None
    oks_p5: float | None
    oks_min: float | None
    exceeded: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """How far the exported graph is from what it was made from, measured at export.

    A float32 graph is compared with the checkpoint pipeline, one in reduced precision with the
    float32 graph.

    Attributes:
        frames: what was compared, in words.
        n_frames: how many frames.
        n_instances: instances in the expected result; a float32 graph found as many.
        n_lost: points in that result that the graph does not find; 0 for float32.
        n_extra: points that only the graph finds; 0 for float32.
        max_px: largest distance between two points, frame px.
        p99_px: 99th percentile of the same.
        max_score: largest difference of two scores, also of connections and class probabilities.
        max_map: largest difference of the network's raw outputs, relative to the largest value
            where that exceeds 1; 0 for int8.
        poses: for int8, differences of whole poses.
    """

    frames: str
    n_frames: int
    n_instances: int
    max_px: float
    p99_px: float
    max_score: float
    max_map: float
    n_lost: int = 0
    n_extra: int = 0
    poses: PoseLoss | None = None


@dataclass(frozen=True, kw_only=True)
class GraphContract:
    """Everything needed to use one exported graph, or to make it of a trained model.

    Attributes:
        version: of this layout.
        family: whose rules the graph follows, in pre-processing and decoding.
        kind: what the graph computes.
        skeleton: nodes in the order of the graph's node axis.
        edges: (source, destination) node indices in the order of the graph's edge axis; empty
            for models that do not group.
        class_names: identities in the order of the graph's class axis; empty for others.
        anchor_part: node that a centroid stands on; None for the middle of the animal.
        center_method: middle of a labelled animal, used where its anchor part is not visible.
        preprocessing: what the graph does to a frame.
        decoding: what the graph does to the network's outputs.
        precision: number format of the network; everything around it is float32.
        parts: the chain that the graph is, in the order in which it runs; none before it is made.
        provenance: source of the weights; without a hash of them where they were not read.
        certificate: proof of parity; None only until the file is made.
        notes: what a user should know about this model, one sentence each.
    """

    version: int = CONTRACT_VERSION
    family: Family
    kind: ModelKind
    skeleton: Skeleton
    edges: tuple[tuple[int, int], ...] = ()
    class_names: tuple[str, ...] = ()
    anchor_part: str | None = None
    preprocessing: Preprocessing
    decoding: Decoding
    precision: Precision = "fp32"
    parts: tuple[GraphPart, ...] = ()
    provenance: Provenance
    certificate: Certificate | None = None
    notes: tuple[str, ...] = ()
    center_method: CenterMethod = "center_of_mass"

    @property
    def drops_unsure_crops(self) -> bool:
        """Whether a crop that does not get its most probable class is no instance."""
        return _TRAITS[self.family].drops_unsure_crops and bool(self.class_names)

    @property
    def colours_its_crops(self) -> bool:
        """Whether crops around this model's centroids have the colours of the frames it saw."""
        return _TRAITS[self.family].colours_its_crops

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "GraphContract":
        """Read a contract back.

        Raises:
            ModelError: the text is not a contract of this version, or a field is missing, unknown
                or of the wrong type.
        """
        try:
            found = parse_json(text, most=_LONGEST)
        except ValueError as error:
            raise ModelError(f"The file's description of itself is damaged: {error}") from error
        if not isinstance(found, dict) or "version" not in found:
            raise ModelError("The file's description of itself has no version")
        if found["version"] != CONTRACT_VERSION:
            raise ModelError(
                f"The file was exported with layout version {quoted(found['version'])}; this "
                f"program reads version {CONTRACT_VERSION}. Export the trained model again with "
                "`sleap-nn export MODEL -o FOLDER`, or install the matching version of sleap-rt."
            )
        contract: GraphContract = _read(cls, found, "description")
        return contract


def _read(expected: Any, found: Any, where: str) -> Any:
    """`found` (parsed JSON) as a value of the annotated type `expected`."""
    origin, args = get_origin(expected), get_args(expected)
    if expected is Any:
        return found
    if origin in (Union, UnionType):
        if found is None and NoneType in args:
            return None
        (inner,) = (arg for arg in args if arg is not NoneType)
        return _read(inner, found, where)
    if origin is Literal:
        if not isinstance(found, str) or found not in args:
            raise ModelError(f"{where}: {quoted(found)} is none of {', '.join(map(repr, args))}")
        return found
    if origin is tuple:
        return _read_tuple(args, found, where)
    if is_dataclass(expected):
        return _read_dataclass(expected, found, where)
    if expected is float and type(found) is int:
        return float(found)
    if type(found) is not expected:
        raise ModelError(
            f"{where}: expected {expected.__name__}, found {type(found).__name__} ({quoted(found)})"
        )
    return found


def _read_tuple(args: tuple[Any, ...], found: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(found, list):
        raise ModelError(f"{where}: expected a list, found {type(found).__name__}")
    if len(args) == 2 and args[1] is Ellipsis:
        args = (args[0],) * len(found)
    if len(found) != len(args):
        raise ModelError(f"{where}: expected {len(args)} values, found {len(found)}")
    return tuple(
        _read(a, f, f"{where}[{i}]") for i, (a, f) in enumerate(zip(args, found, strict=True))
    )


def _read_dataclass(expected: Any, found: Any, where: str) -> Any:
    if not isinstance(found, dict):
        raise ModelError(f"{where}: expected an object, found {type(found).__name__}")
    hints = get_type_hints(expected)
    names = {field.name for field in fields(expected)}
    if names != set(found):
        missing, unknown = sorted(names - set(found)), sorted(set(found) - names)
        raise ModelError(
            f"{where}: missing {listed(missing, 'nothing')}, unknown {listed(unknown, 'nothing')}"
        )
    return expected(**{name: _read(hints[name], found[name], f"{where}.{name}") for name in names})
