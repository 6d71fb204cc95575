"""Calls of a traced network, and the registry of rules that write them as ONNX operators.

`writes` registers a rule for torch functions, modules and methods. A rule gets a `Call` and the
call's own arguments, named as in torch, and returns the value it wrote.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import onnx_ir as ir
import torch
from torch import nn

from sleap_rt.errors import ModelError
from sleap_rt.export.graph.part import Op, Value

_DTYPES = {
    torch.float32: ir.DataType.FLOAT,
    torch.float16: ir.DataType.FLOAT16,
    torch.int64: ir.DataType.INT64,
    torch.bool: ir.DataType.BOOL,
}


@dataclass(frozen=True)
class Traced:
    """Something that depends on the image: a tensor, or a size as a number.

    Attributes:
        value: of the graph; a size is an int64 without axes.
        examples: its value in torch for each example image: a tensor without numbers, or an int.
    """

    value: Value
    examples: tuple[Any, ...]

    @property
    def rank(self) -> int:
        return len(self.examples[0].shape)

    @property
    def dtype(self) -> torch.dtype:
        return _dtype_of(self.examples[0])

    def axis(self, index: int) -> int | None:
        """Length of an axis; None where it depends on the image."""
        lengths = {int(example.shape[index]) for example in self.examples}
        return lengths.pop() if len(lengths) == 1 else None


class Padded(NamedTuple):
    """A padding of constant widths, which the next layer may take over.

    Attributes:
        inner: what was padded.
        pads: (top, left, bottom, right) px.
        fill: of the pixels added.
    """

    inner: Traced
    pads: tuple[int, int, int, int]
    fill: float


class Convolved(NamedTuple):
    """A convolution, which a batch normalisation may take over.

    Attributes:
        inner: what was convolved.
        layer: the convolution.
        pads: (top, left, bottom, right) px.
    """

    inner: Traced
    layer: nn.Conv2d
    pads: tuple[int, int, int, int]


@dataclass
class Store:
    """State that all calls share.

    Attributes:
        names: id of a weight -> its name in the network.
        kept: (id of a weight, whether transposed) -> the weight and its value in the graph.
        constants: (number or sizes, type) -> its value in the graph.
        paddings: value -> how it was padded.
        convolutions: value -> how it was convolved.
    """

    names: dict[int, str]
    kept: dict[tuple[int, bool], tuple[torch.Tensor, Value]] = field(default_factory=dict)
    constants: dict[Any, Value] = field(default_factory=dict)
    paddings: dict[Value, Padded] = field(default_factory=dict)
    convolutions: dict[Value, Convolved] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One call of the network.

    Attributes:
        op: writes nodes.
        examples: what torch returns for each example image.
        module: that is called; None for functions and methods.
        store: shared by all calls.
    """

    op: Op
    examples: tuple[Any, ...]
    module: Any
    store: Store

    @property
    def dtype(self) -> torch.dtype:
        """Type of the call's result; a number has the type that torch gives it."""
        return _dtype_of(self.examples[0])

    def value(self, x: Any, dtype: torch.dtype | None = None) -> Value:
        """Any argument as a value of the graph.

        Args:
            x: traced, a weight, or a number.
            dtype: wanted; None keeps that of `x`.
        """
        if isinstance(x, Traced):
            needs_cast = dtype is not None and dtype != x.dtype
            return self.op.Cast(x.value, to=onnx_type(dtype)) if needs_cast else x.value
        if isinstance(x, torch.Tensor):
            return self.weight(x if dtype is None or x.dtype == dtype else x.to(dtype))
        return self._constant(x, onnx_type(dtype or _dtype_of(x)))

    def weight(
        self, tensor: torch.Tensor, *, name: str | None = None, transposed: bool = False
    ) -> Value:
        """A tensor whose numbers are known, under its name in the network unless one is given."""
        key = id(tensor), transposed
        if key not in self.store.kept:
            name = name or self.store.names.get(id(tensor), f"tensor_{len(self.store.kept)}")
            if (id(tensor), not transposed) in self.store.kept:
                name += "_transposed" if transposed else "_as_it_is"
            array = (tensor.T if transposed else tensor).detach().contiguous().numpy()
            value = self.op.builder.initializer(
                ir.tensor(array, name=name), f"network.{name}", qualify=False
            )
            self.store.kept[key] = tensor, value
        return self.store.kept[key][1]

    def number(self, x: float) -> Value:
        """A constant without axes, of the type that the call returns."""
        return self._constant(x, onnx_type(self.dtype))

    def sizes(self, x: Traced) -> list[Any]:
        """Lengths of a tensor's axes: ints where they are constant, else traced."""
        shape = self.op.Shape(x.value)
        return [
            Traced(self.op.Gather(shape, i), tuple(int(e.shape[i]) for e in x.examples))
            if x.axis(i) is None
            else x.axis(i)
            for i in range(x.rank)
        ]

    def vector(self, sizes: Sequence[Any]) -> Value:
        """Sizes as one int64 tensor (n_sizes,); each is an int or traced."""
        if all(isinstance(size, int) for size in sizes):
            return self._constant(tuple(sizes), ir.DataType.INT64)
        pieces = [
            self.op.Unsqueeze(size.value, self.vector([0]))
            if isinstance(size, Traced)
            else self.vector([size])
            for size in sizes
        ]
        return self.op.Concat(*pieces, axis=0)

    def _constant(self, x: float | tuple[int, ...], dtype: ir.DataType) -> Value:
        constants = self.store.constants
        if (x, dtype) not in constants:
            name = f"network.constant_{len(constants)}"
            tensor = ir.tensor(np.array(x, dtype.numpy()), name=name)
            constants[x, dtype] = self.op.builder.initializer(tensor, qualify=False)
        return constants[x, dtype]


Rule = Callable[..., Any]
_RULES: dict[Any, Rule] = {}


def writes(*targets: Any) -> Callable[[Rule], Rule]:
    """Register a rule for functions, classes of modules, and names of methods."""

    def register(rule: Rule) -> Rule:
        _RULES.update(dict.fromkeys(targets, rule))
        return rule

    return register


def apply_rule(target: Any, call: Call, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Write a call of a function, a module, or a method given by its name.

    Raises:
        ModelError: there is no rule for it, or the rule does not know one of the arguments.
    """
    key = type(target) if isinstance(target, nn.Module) else target
    name = getattr(key, "__name__", key)
    if key not in _RULES:
        raise ModelError(f"The network calls `{name}`, which has no form in ONNX here")
    signature = inspect.signature(_RULES[key])
    known = signature.parameters
    # Arguments that torch passes on as None or False change nothing.
    rest = {k: x for k, x in kwargs.items() if k in known or not (x is None or x is False)}
    try:
        bound = signature.bind(call, *args, **rest)
    except TypeError as error:
        raise ModelError(
            f"The network calls `{name}` in a way that has no form in ONNX here: {error}"
        ) from error
    return _RULES[key](*bound.args, **bound.kwargs)


def _dtype_of(example: Any) -> torch.dtype:
    return example.dtype if isinstance(example, torch.Tensor) else torch.tensor(example).dtype


def onnx_type(dtype: torch.dtype | None) -> ir.DataType:
    if dtype not in _DTYPES:
        raise ModelError(f"The network computes in {dtype}, which has no form in ONNX here")
    return _DTYPES[dtype]
