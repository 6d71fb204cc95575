"""One graph for Bonsai.Sleap of one or two of ours: images in, all that it reads out.

The stages are the certified graphs as they are, with their options as constants, and little around
them: the axes of the image, the best centroids, crops for each of them, and flags.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from sleap_rt.export.bonsai.joining import Piece, join
from sleap_rt.export.bonsai.kinds import BonsaiKind
from sleap_rt.export.graph.part import (
    BOOL,
    FLOAT,
    NONE,
    UINT8,
    Op,
    Part,
    TensorType,
    Value,
    length,
    model_of,
)
from sleap_rt.options import DecodeOptions

MOST_INSTANCES = 20  # where nothing else is said, as sleap-nn's exporter
_SPARE_SLOTS = 64  # for cells that turn out to be no peaks
_OF_POSES = ("peaks", "peak_vals", "class_probs")


@dataclass(frozen=True)
class ImageSize:
    """Of the images that a graph takes; None where it is free.

    Attributes:
        height: px.
        width: px.
        channels: 1 or 3.
    """

    height: int | None
    width: int | None
    channels: int


def bonsai_graph(
    stages: Sequence[onnx.ModelProto], kind: BonsaiKind, decode: DecodeOptions, size: ImageSize
) -> onnx.ModelProto:
    """The graph.

    Args:
        stages: certified graphs, first stage first.
        kind: what Bonsai.Sleap takes of them.
        decode: built in.
        size: of the images.
    """
    n = decode.max_instances or MOST_INSTANCES
    pieces = [_piece(_image_part(size))]
    of_last = {"frames": "frames"}
    if "centroids" in kind.outputs:
        first = _with_constants(stages[0], decode.centroid_threshold, decode, n)
        found = {"centroids": "all_centroids", "centroid_vals": "all_centroid_vals"}
        pieces.append(Piece(first, "centroid.", {"frames": "frames", **found}))
        pieces.append(_piece(_best_part(n)))
        of_last |= {"centers": "centers", "frame_index": "frame_index"}
    of_crops = [name for name in kind.outputs if name in _OF_POSES]
    if of_crops:
        last = _with_constants(stages[-1], decode.peak_threshold, decode, n)
        is_pair = len(stages) == 2
        found = {name: f"crop_{name}" if is_pair else name for name in of_crops}
        pieces.append(Piece(last, "pose.", {**of_last, **found}))
        if is_pair:
            pieces.append(_piece(_results_part(of_crops, n)))
    return join(pieces, ["image"], kind.outputs)


def _image_part(size: ImageSize) -> Part:
    """(batch, channels, height, width) bytes to frames as our graphs take them, as floats."""
    shape = ("batch", size.channels, size.height or "height", size.width or "width")

    def write(op: Op, image: Value) -> tuple[Value, ...]:
        # Cast first: TensorRT takes bytes in no other operator.
        return (op.Transpose(op.Cast(image, to=FLOAT), perm=[0, 2, 3, 1]),)

    return Part("bonsai", {"image": TensorType(UINT8, shape)}, ("frames",), write)


_BEST = ("centroids", "centroid_vals", "has_centroid", "centers", "frame_index")


def _best_part(n: int) -> Part:
    """The n best centroids of each frame, best first, and crops for all of them.

    A place without a centroid says so; its crop, in the corner of the frame, is of no account.
    """
    inputs = {
        "all_centroids": TensorType(FLOAT, ("batch", "slots", 2)),
        "all_centroid_vals": TensorType(FLOAT, ("batch", "slots")),
    }

    def write(op: Op, points: Value, vals: Value) -> tuple[Value, ...]:
        vals, places = op.TopK(op.Where(op.IsNaN(vals), -1.0, vals), [n], axis=1, _outputs=2)
        valid = op.Greater(vals, -1.0)  # (batch, n)
        each = op.Expand(op.Unsqueeze(places, [2]), [1, 1, 2])
        best = op.GatherElements(points, each, axis=1)  # (batch, n, 2)
        is_there = op.Unsqueeze(valid, [2])
        centers = op.Reshape(op.Where(is_there, best, 0.0), [-1, 2])
        frame = op.Unsqueeze(op.Range(0, length(op, points, 0), 1), [1])
        frame_index = op.Reshape(op.Expand(frame, [1, n]), [-1])  # (batch * n,)
        best = op.Where(is_there, best, NONE)
        return best, op.Where(valid, vals, 0.0), valid, centers, frame_index

    return Part("bonsai", inputs, _BEST, write)


def _results_part(names: Sequence[str], n: int) -> Part:
    """What was found in crops, by frame; nothing where there is no centroid.

    A crop without any visible node is no instance, as in our own runs.
    """
    inputs = {f"crop_{name}": TensorType(FLOAT, ("n", "nodes")) for name in names}
    inputs["crop_peaks"] = TensorType(FLOAT, ("n", "nodes", 2))
    inputs["has_centroid"] = TensorType(BOOL, ("batch", n))

    def write(op: Op, *values: Value) -> tuple[Value, ...]:
        given = dict(zip(inputs, values, strict=True))
        seen = op.Cast(op.Not(op.IsNaN(given["crop_peaks"])), to=FLOAT)
        n_seen = op.Reshape(op.ReduceSum(seen, [1, 2], keepdims=0), [-1, n])
        valid = op.And(given["has_centroid"], op.Greater(n_seen, 0.0))  # (batch, n)
        found = []
        for name in names:
            crops = given[f"crop_{name}"]
            tail = op.Shape(crops, start=1)
            by_frame = op.Reshape(crops, op.Concat([-1, n], tail, axis=0))
            axes = [2, 3] if name == "peaks" else [2]
            nothing = NONE if name == "peaks" else 0.0
            found.append(op.Where(op.Unsqueeze(valid, axes), by_frame, nothing))
        return (*found, valid)

    return Part("bonsai", inputs, (*names, "valid"), write)


def _piece(part: Part) -> Piece:
    """A part of our own, whose inputs and outputs have their names in the whole already."""
    proto = model_of([part])
    own = (*part.inputs, *part.outputs)
    return Piece(proto, f"{part.outputs[0]}.", {name: name for name in own})


def _with_constants(
    proto: onnx.ModelProto, threshold: float, decode: DecodeOptions, n: int
) -> onnx.ModelProto:
    """A certified graph whose options are constants."""
    values: Mapping[str, NDArray[Any]] = {
        "peak_threshold": np.array(threshold, np.float32),
        "integral_refinement": np.array(decode.integral_refinement == "integral", np.float32),
        "slots": np.zeros(2 * n + _SPARE_SLOTS, np.float32),
    }
    stage = onnx.ModelProto()
    stage.CopyFrom(proto)
    stage.graph.initializer.extend(
        numpy_helper.from_array(values[value.name], value.name)
        for value in proto.graph.input
        if value.name in values
    )
    return stage
