"""Builds a torch module from a Keras functional model, layer by layer.

The architecture in the file lists the layers, their settings and their inputs. Nothing is inferred
from names or from the training configuration. An unknown layer, or a weight that no layer uses, is
an error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import torch
from torch import nn

from sleap_rt.errors import ModelError
from sleap_rt.models.config_values import Config
from sleap_rt.models.legacy.h5 import LayerArrays, reading_architecture
from sleap_rt.models.legacy.keras_weights import LayerWeights, by_layer
from sleap_rt.models.legacy.layers import Built, LayerSpec, Shape, build_layer
from sleap_rt.untrusted import quoted

_MODEL_CLASSES = ("Functional", "Model")  # TensorFlow 2.3 and later; 2.0 to 2.2
_FREE_SIZE = 512  # px, stands in for a height or width that the file leaves open
_LISTED = 5  # weights named in a message
_IGNORED_ARGUMENTS = {"training", "mask"}  # of a call; inference has one meaning for each

Source = tuple[str, int]  # layer name, which of its outputs


@dataclass(frozen=True)
class Signal:
    """The tensor on one connection of the model.

    Attributes:
        shape: for one example at the size in the file.
        stride: input px per px here; None if the tensor has no place in the image.
        fixes_size: an earlier layer works only at the size in the file.
    """

    shape: Shape
    stride: Fraction | None
    fixes_size: bool = False


class _Node(NamedTuple):
    """One entry of the architecture's `layers`."""

    class_name: str
    name: str
    config: dict[str, Any]
    sources: tuple[Source, ...]


class KerasModel(nn.Module):
    """The layers of one functional model in execution order.

    Input and outputs are channels first, float32: (batch, channels, height, width), or
    (batch, channels) after a global pooling. One input; outputs as a tuple in the file's order.
    """

    def __init__(
        self,
        source: str,
        steps: Sequence[tuple[str, tuple[Source, ...], nn.Module]],
        outputs: Sequence[Source],
    ) -> None:
        super().__init__()
        self._input = source
        self._calls = [(name, sources) for name, sources, _ in steps]
        self._outputs = list(outputs)
        self.layers = nn.ModuleList(module for _, _, module in steps)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        tensors: dict[Source, torch.Tensor] = {(self._input, 0): image}
        for (name, sources), layer in zip(self._calls, self.layers, strict=True):
            result = layer(*(tensors[source] for source in sources))
            results = result if isinstance(result, tuple) else (result,)
            tensors.update({(name, index): tensor for index, tensor in enumerate(results)})
        return tuple(tensors[source] for source in self._outputs)


class BuiltModel(NamedTuple):
    """A model ready to run.

    Attributes:
        module: see `KerasModel`.
        input_shape: (1, channels, height, width), size as in the file.
        outputs: the layer each output comes from, and its signal; in the file's order.
        max_stride: largest stride of any tensor in the model.
    """

    module: KerasModel
    input_shape: Shape
    outputs: list[tuple[str, Signal]]
    max_stride: int


def model_from_keras(architecture: Mapping[str, Any], weights: LayerArrays) -> BuiltModel:
    """Build the torch module that a Keras file describes.

    Args:
        architecture: the parsed `model_config`.
        weights: of every layer, as `read_keras_h5` returns them.

    Raises:
        ModelError: it is not an architecture of SLEAP, or weights and architecture disagree.
    """
    class_name = architecture.get("class_name")
    if class_name not in _MODEL_CLASSES:
        raise ModelError(
            f"The architecture is a Keras {quoted(class_name)} model; SLEAP's models are "
            "functional models, so this is not a SLEAP model."
        )
    return _Builder(architecture.get("config"), weights).build(None)


class _Builder:
    """Builds one model; a nested model gets its own builder, with its own names and weights."""

    def __init__(self, config: Any, weights: LayerArrays) -> None:
        with reading_architecture():
            self.nodes = [_node(entry) for entry in config["layers"]]
            self.outputs = _sources(config["output_layers"])
            (self.input,) = _sources(config["input_layers"])
        self.weights = {
            node.name: LayerWeights(node.name, weights.get(node.name, {}))
            for node in self.nodes
            if node.class_name not in _MODEL_CLASSES
        }
        self.nested_weights = {name: w for name, w in weights.items() if name not in self.weights}
        self.signals: dict[Source, Signal] = {}
        self.max_stride = Fraction(1)

    def build(self, incoming: Signal | None) -> BuiltModel:
        """Build the module. `incoming` is the input of a nested model; None for the outermost."""
        steps = []
        for node in self.nodes:
            if node.class_name == "InputLayer":
                self._enter(node, incoming)
                continue
            inputs = [self._signal(node, source) for source in node.sources]
            module, results = self._layer(node, inputs)
            for index, signal in enumerate(results):
                self.signals[node.name, index] = signal
                self.max_stride = max(self.max_stride, signal.stride or self.max_stride)
            steps.append((node.name, node.sources, module))
        self._check_all_taken()
        if missing := [name for name, index in self.outputs if (name, index) not in self.signals]:
            raise ModelError(f"The architecture names outputs that do not exist: {missing}")
        return BuiltModel(
            module=KerasModel(self.input[0], steps, self.outputs),
            input_shape=self.signals[self.input].shape,
            outputs=[(source[0], self.signals[source]) for source in self.outputs],
            max_stride=_whole(self.max_stride),
        )

    def _enter(self, node: _Node, incoming: Signal | None) -> None:
        if (node.name, 0) != self.input:
            raise ModelError(
                f"The network has a second input, {quoted(node.name)}; one is supported"
            )
        shape = node.config.get("batch_input_shape")
        if not isinstance(shape, list) or len(shape) != 4 or type(shape[3]) is not int:
            raise ModelError(
                f"Input layer {quoted(node.name)}: expected batch_input_shape [null, height, "
                "width, "
                f"channels], found {quoted(shape)}. SLEAP 1.4 and earlier wrote Keras 2 files."
            )
        _, height, width, channels = shape
        own = Signal((1, channels, height or _FREE_SIZE, width or _FREE_SIZE), Fraction(1))
        self.signals[self.input] = incoming or own
        if incoming and incoming.shape[1] != channels:
            raise ModelError(
                f"The nested model takes {channels} channels, but is called with "
                f"{incoming.shape[1]}"
            )

    def _signal(self, node: _Node, source: Source) -> Signal:
        if source not in self.signals:
            raise ModelError(
                f"Layer {quoted(node.name)} is called with output {source[1]} of "
                f"{quoted(source[0])}, which "
                "does not exist ahead of it; the architecture is damaged"
            )
        return self.signals[source]

    def _layer(self, node: _Node, inputs: list[Signal]) -> tuple[nn.Module, list[Signal]]:
        if node.class_name in _MODEL_CLASSES:
            return self._nested(node, inputs)
        built = build_layer(
            LayerSpec(
                class_name=node.class_name,
                name=node.name,
                config=Config(node.config, f"layer {quoted(node.name)}"),
                inputs=[signal.shape for signal in inputs],
                weights=self.weights[node.name],
            )
        )
        shape = _shape_through(node, built.module, inputs)
        fixes = built.fixes_size or any(signal.fixes_size for signal in inputs)
        return built.module.eval(), [Signal(shape, _stride(built, inputs), fixes)]

    def _nested(self, node: _Node, inputs: list[Signal]) -> tuple[nn.Module, list[Signal]]:
        if len(inputs) != 1:
            raise ModelError(
                f"Nested model {quoted(node.name)}: one input is supported, not {len(inputs)}"
            )
        inner = _Builder(node.config, by_layer(self.nested_weights.pop(node.name, {})))
        built = inner.build(inputs[0])
        self.max_stride = max(self.max_stride, Fraction(built.max_stride))
        return built.module, [signal for _, signal in built.outputs]

    def _check_all_taken(self) -> None:
        left = [path for weights in self.weights.values() for path in weights.left]
        left += [f"{name}/{path}" for name, paths in self.nested_weights.items() for path in paths]
        if left:
            more = f" and {len(left) - _LISTED} more" if len(left) > _LISTED else ""
            raise ModelError(
                f"The file holds {len(left)} weights that its architecture does not have: "
                f"{', '.join(left[:_LISTED])}{more}. The file is damaged or was edited."
            )


def _node(entry: Mapping[str, Any]) -> _Node:
    class_name, name, config = entry["class_name"], str(entry["name"]), entry["config"]
    calls = entry["inbound_nodes"]
    if len(calls) > 1:
        raise ModelError(
            f"Layer {quoted(name)} is called {len(calls)} times; SLEAP calls each once"
        )
    if calls and not isinstance(calls[0], list):
        raise ModelError(
            f"Layer {quoted(name)} is written the way Keras 3 does; SLEAP 1.4 and earlier never "
            "wrote such files. Give the best_model.h5 that SLEAP training wrote."
        )
    dtype = config.get("dtype", "float32")
    if class_name not in _MODEL_CLASSES and dtype != "float32":
        raise ModelError(
            f"Layer {quoted(name)}: number format {quoted(dtype)} is not supported, only float32"
        )
    for call in calls:
        if set().union(*(source[3] for source in call if len(source) > 3)) - _IGNORED_ARGUMENTS:
            raise ModelError(f"Layer {quoted(name)} is called with arguments; found {quoted(call)}")
    return _Node(str(class_name), name, config, _sources(calls[0]) if calls else ())


def _sources(entries: Any) -> tuple[Source, ...]:
    """Sources from [[layer, call, output], ...]; the call is always 0, as layers run once."""
    if entries and isinstance(entries[0], str):  # a single one may stand without its list
        entries = [entries]
    return tuple((str(entry[0]), int(entry[2])) for entry in entries)


def _shape_through(node: _Node, module: nn.Module, inputs: list[Signal]) -> Shape:
    """Shape of the module's output, computed from shapes without numbers."""
    on_meta = {name: value.to("meta") for name, value in module.state_dict().items()}
    args = tuple(torch.empty(signal.shape, device="meta") for signal in inputs)
    try:
        result: torch.Tensor = torch.func.functional_call(module, on_meta, args)
    except RuntimeError as error:
        shapes = [signal.shape[1:] for signal in inputs]
        raise ModelError(
            f"Layer {quoted(node.name)} ({node.class_name}) does not fit inputs of shapes {shapes} "
            f"(channels, height, width): {error}"
        ) from error
    return tuple(result.shape)


def _stride(built: Built, inputs: list[Signal]) -> Fraction | None:
    placed = [signal.stride for signal in inputs if signal.stride is not None]
    return None if built.stride is None or not placed else placed[0] * built.stride


def _whole(stride: Fraction) -> int:
    if stride.denominator != 1:
        raise ModelError(
            f"The largest stride of the network is {stride}, not a whole number of pixels"
        )
    return stride.numerator
