"""The network of a trained model as a part of the graph, written call by call.

torch traces the network's calls; each of them becomes a few ONNX operators. Each call also runs on
shapes without numbers, for several example images: an axis or a size that is the same for all of
them is a constant of the network, and one that differs stays free in the graph.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import onnx_ir as ir
import torch
from torch import fx, nn
from torch.func import functional_call
from torch.fx.node import map_aggregate

from sleap_rt.errors import ModelError
from sleap_rt.export.graph.network import layers, shapes
from sleap_rt.export.graph.network.calls import Call, Store, Traced, apply_rule, onnx_type
from sleap_rt.export.graph.part import FLOAT, Op, Part, TensorType, Value

# Batch, and height and width in units. Neighbours differ modulo every number, so that nothing seems
# constant that depends on how a size divides; the last one is far from both.
_EXAMPLES = ((2, 7, 10), (3, 8, 11), (4, 24, 37))
_CONSTANTS = (int, float, bool, torch.dtype)
_RULE_FILES = (layers, shapes)  # they register the rules


def network_part(
    network: nn.Module,
    *,
    in_channels: int,
    max_stride: int,
    fixed_size: tuple[int, int] | None = None,
) -> Part:
    """The network as the part that turns `image` into its outputs.

    Args:
        network: (batch, in_channels, height, width) float32 in [0, 1] -> name -> tensor. It may
            compute in float16 inside.
        in_channels: of the image.
        max_stride: height and width are multiples of it, px.
        fixed_size: (height, width) px, the only one that works; None for any.

    Raises:
        ModelError: the network holds a call that cannot be written.
    """
    traced = _trace(network)
    sizes = [fixed_size or (rows * max_stride, cols * max_stride) for _, rows, cols in _EXAMPLES]
    images = tuple(
        torch.empty(batch, in_channels, *size, device="meta")
        for (batch, _, _), size in zip(_EXAMPLES, sizes, strict=True)
    )
    names = tuple(_output_of(traced))

    def write(op: Op, image: Value) -> tuple[Value, ...]:
        found = _Writer(traced, op, Traced(image, images)).run()
        values = [image]
        for name in names:
            values.append(_finished(op, found[name], values))
        return tuple(values[1:])

    shape = ("batch", in_channels, "image_height", "image_width")
    return Part("network", {"image": TensorType(FLOAT, shape)}, names, write)


def _trace(network: nn.Module) -> fx.GraphModule:
    try:
        traced = fx.symbolic_trace(network)
    except fx.proxy.TraceError as error:
        raise ModelError(f"The network's calls depend on its input: {error}") from error
    if not isinstance(_output_of(traced), dict):
        raise ModelError("The network should return its outputs by name")
    return traced


def _output_of(traced: fx.GraphModule) -> Any:
    return next(node for node in traced.graph.nodes if node.op == "output").args[0]


def _finished(op: Op, output: Traced, taken: Sequence[Value]) -> Value:
    """An output as a value of its own, with its type and shape stated."""
    value = op.Identity(output.value) if output.value in taken else output.value
    batches = [batch for batch, _, _ in _EXAMPLES]
    first = [int(example.shape[0]) for example in output.examples]
    dims = [output.axis(i) for i in range(1, output.rank)]
    value.type = ir.TensorType(onnx_type(output.dtype))
    value.shape = ir.Shape(["batch" if first == batches else output.axis(0), *dims])
    return value


class _Writer(fx.Interpreter):
    """Writes the calls in order; torch computes those that do not depend on the image."""

    def __init__(self, traced: fx.GraphModule, op: Op, image: Traced) -> None:
        super().__init__(traced)
        self.extra_traceback = False
        self._op, self._image = op, image
        named = (*traced.named_parameters(), *traced.named_buffers())
        self._store = Store({id(tensor): name for name, tensor in named})

    def run_node(self, n: fx.Node) -> Any:
        if n.op == "placeholder":
            return self._image
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        if n.op == "output":
            return args[0]
        if n.op == "get_attr" or not _depends_on_image((args, kwargs)):
            return super().run_node(n)
        target = self.fetch_attr(str(n.target)) if n.op == "call_module" else n.target
        with _located(self._op, n):
            return self._write(target, args, kwargs)

    def _write(self, target: Any, args: Any, kwargs: Any) -> Any:
        on_meta = _on_meta(target)
        examples = tuple(
            on_meta(*_example(args, i), **_example(kwargs, i)) for i in range(len(_EXAMPLES))
        )
        if isinstance(examples[0], _CONSTANTS) and len(set(examples)) == 1:
            return examples[0]
        module = target if isinstance(target, nn.Module) else None
        found = apply_rule(target, Call(self._op, examples, module, self._store), args, kwargs)
        if isinstance(found, ir.Value):
            return Traced(found, examples)
        return found


@contextmanager
def _located(op: Op, node: fx.Node) -> Iterator[None]:
    """Names of nodes begin with the module that makes the call; messages end with it."""
    stack: OrderedDict[str, Any] = node.meta.get("nn_module_stack") or OrderedDict()
    module = next(reversed(stack), "")
    op.builder.push_module(module)
    try:
        yield
    except ModelError as error:
        raise ModelError(f"{error} (at {module or node.name})") from error
    finally:
        op.builder.pop_module()


def _depends_on_image(args: Any) -> bool:
    found = []
    map_aggregate(args, lambda x: found.append(x) if isinstance(x, Traced) else x)
    return bool(found)


def _example(args: Any, index: int) -> Any:
    def example(x: Any) -> Any:
        if isinstance(x, Traced):
            return x.examples[index]
        if isinstance(x, torch.Tensor):
            return x.to("meta")
        return torch.device("meta") if isinstance(x, torch.device) else x

    return map_aggregate(args, example)


def _on_meta(target: Any) -> Any:
    """The call as a function of shapes, without numbers."""
    if isinstance(target, str):
        return lambda x, *args, **kwargs: getattr(x, target)(*args, **kwargs)
    if isinstance(target, nn.Module):
        state = {name: tensor.to("meta") for name, tensor in target.state_dict().items()}
        return lambda *args, **kwargs: functional_call(target, state, args, kwargs)
    return target
