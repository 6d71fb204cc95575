"""A trained model's graph: a chain of parts, by the rules of its family."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, cast

import onnx

from sleap_rt.contract import BYTES_NODE, Family, GraphPart, Preprocessing
from sleap_rt.export.graph.decoding import decoding_part
from sleap_rt.export.graph.legacy import LegacyRules
from sleap_rt.export.graph.native import NativeRules
from sleap_rt.export.graph.network.writer import network_part
from sleap_rt.export.graph.part import FLOAT, INT64, UINT8, Op, Part, TensorType, Value, model_of
from sleap_rt.export.graph.rules import Rules
from sleap_rt.kinds import KINDS, ModelKind
from sleap_rt.models.trained import TrainedModel

PartName = Literal["sizing", "crops", "network", "decoding"]
RULES: Mapping[Family, Rules] = {"native": NativeRules(), "legacy": LegacyRules()}
_FRAMES = TensorType(UINT8, ("batch", "height", "width", "channels"))


class Chain(NamedTuple):
    """The parts of a graph, in the order in which they run.

    Attributes:
        entry: raw frames to the network's input, `sizing` or `crops`.
        network: the trained network.
        decoding: its outputs to points.
    """

    entry: Part
    network: Part
    decoding: Part


def chain_of(model: TrainedModel) -> Chain:
    """The parts of a model's graph.

    Raises:
        ModelError: the network holds a call that cannot be written.
    """
    rules, spec = RULES[model.family], model.preprocessing
    entry = crops_part if KINDS[model.kind].sees_crops else sizing_part
    network = network_part(
        model.network,
        in_channels=spec.in_channels,
        max_stride=spec.max_stride,
        fixed_size=rules.crop_input_size(spec),
    )
    return Chain(entry(spec, rules), network, decoding_part(model, rules))


def graph_of(model: TrainedModel) -> onnx.ModelProto:
    """Pre-processing, network and decoding as one ONNX graph.

    Raises:
        ModelError: the network holds a call that cannot be written.
    """
    return chained(chain_of(model), model.kind)


def chained(chain: Chain, kind: ModelKind) -> onnx.ModelProto:
    """The chain of a model of this kind as one graph, with the outputs of the kind."""
    row = KINDS[kind]
    raw = [name for name in chain.network.outputs if name not in row.outputs]
    return model_of(chain, [*row.outputs, *raw], inputs=["frames", *row.inputs])


def contract_parts(chain: Chain) -> tuple[GraphPart, ...]:
    """The chain as a graph's contract lists them."""
    return tuple(
        GraphPart(name=cast(PartName, part.name), inputs=tuple(part.inputs), outputs=part.outputs)
        for part in chain
    )


def sizing_part(spec: Preprocessing, rules: Rules) -> Part:
    """Raw frames of any size to the network's input."""

    def write(op: Op, frames: Value) -> tuple[Value, ...]:
        return tuple(rules.image(op, _floats(op, frames), spec))

    return Part("sizing", {"frames": _FRAMES}, ("image", "eff_scale"), write)


def crops_part(spec: Preprocessing, rules: Rules) -> Part:
    """Raw frames of any size to crops around centers, as the network's input."""
    inputs = {
        "frames": _FRAMES,
        "centers": TensorType(FLOAT, ("n", 2)),
        "frame_index": TensorType(INT64, ("n",)),
    }

    def write(op: Op, frames: Value, centers: Value, frame_index: Value) -> tuple[Value, ...]:
        return tuple(rules.crops(op, _floats(op, frames), centers, frame_index, spec))

    return Part("crops", inputs, ("image", "corner", "eff_scale"), write)


def _floats(op: Op, frames: Value) -> Value:
    """Frames as floats; an engine may let this cast make bytes instead (see `BYTES_NODE`)."""
    values = op.Cast(frames, to=FLOAT)
    values.producer().name = BYTES_NODE
    return values
