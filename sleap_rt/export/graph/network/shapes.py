"""Arithmetic, indexing and reshaping of tensors and sizes, as ONNX operators."""

import operator
from collections.abc import Sequence
from typing import Any

import torch

from sleap_rt.errors import ModelError
from sleap_rt.export.graph.network.calls import Call, Traced, writes
from sleap_rt.export.graph.part import Value


def _arithmetic(name: str, *targets: Any) -> None:
    @writes(*targets)
    def rule(call: Call, a: Any, b: Any) -> Value:
        return getattr(call.op, name)(call.value(a, call.dtype), call.value(b, call.dtype))


_arithmetic("Add", operator.add, torch.add)
_arithmetic("Sub", operator.sub, torch.sub)
_arithmetic("Mul", operator.mul, torch.mul)
_arithmetic("Max", torch.sym_max)
_arithmetic("MatMul", operator.matmul, torch.matmul)
_arithmetic("And", operator.and_)


@writes(operator.truediv)
def _divide(call: Call, a: Any, b: Any) -> Value:
    if not call.dtype.is_floating_point:
        raise ModelError("Sizes are divided to fractions")
    return call.op.Div(call.value(a, call.dtype), call.value(b, call.dtype))


@writes(operator.floordiv)
def _floor_divide(call: Call, a: Any, b: Any) -> Value:
    if not isinstance(call.examples[0], int):
        raise ModelError("Tensors are divided to whole numbers")
    return call.op.Div(call.value(a), call.value(b))  # truncates; sizes are not negative


def _comparison(name: str, target: Any) -> None:
    @writes(target)
    def rule(call: Call, a: Any, b: Any) -> Value:
        one, other = (x.examples[0] if isinstance(x, Traced) else x for x in (a, b))
        dtype = torch.result_type(one, other)
        equal = getattr(call.op, name)(call.value(a, dtype), call.value(b, dtype))
        return call.op.Not(equal) if target is operator.ne else equal


_comparison("Less", operator.lt)
_comparison("GreaterOrEqual", operator.ge)
_comparison("Equal", operator.ne)


@writes(torch.where)
def _where(call: Call, condition: Traced, a: Any, b: Any) -> Value:
    a, b = call.value(a, call.dtype), call.value(b, call.dtype)
    return call.op.Where(call.value(condition), a, b)


@writes(torch.arange)
def _arange(call: Call, end: Traced, device: Any = None) -> Value:
    return call.op.Range(call.number(0), call.value(end), call.number(1))


@writes(torch.ones_like)
def _ones_like(call: Call, x: Traced) -> Value:
    return call.op.Expand(call.number(1.0), call.op.Shape(call.value(x)))


@writes("long", "half", "float", "to")
def _cast(call: Call, x: Traced, dtype: Any = None) -> Value:
    return call.value(x, call.dtype)


@writes(getattr)
def _attribute(call: Call, x: Traced, name: str) -> Any:
    if name == "shape":
        return tuple(call.sizes(x))
    if name == "device":
        return torch.device("cpu")
    raise ModelError(f"The network asks a tensor for its {name!r}")


@writes(operator.getitem)
def _getitem(call: Call, x: Any, index: Any) -> Any:
    if isinstance(x, tuple):
        return x[index]
    index = index if isinstance(index, tuple) else (index,)
    value = _slices(call, x, [i for i in index if i is not None])
    kept = [i for i in index if not isinstance(i, int)]
    new_axes = [axis for axis, i in enumerate(kept) if i is None]
    return call.op.Unsqueeze(value, new_axes) if new_axes else value


def _slices(call: Call, x: Traced, index: Sequence[Any]) -> Value:
    """Slices of the first axes, then single positions of them."""
    if not all(isinstance(i, int | slice) for i in index):
        raise ModelError(f"A tensor is indexed with {index}")
    cut = {axis: i for axis, i in enumerate(index) if isinstance(i, slice) and i != slice(None)}
    value = call.value(x)
    if cut:
        if any(i.step is not None for i in cut.values()):
            raise ModelError("A tensor is indexed with steps")
        starts = call.vector([0 if i.start is None else i.start for i in cut.values()])
        stops = call.vector([_END if i.stop is None else i.stop for i in cut.values()])
        value = call.op.Slice(value, starts, stops, list(cut))
    for axis in reversed([axis for axis, i in enumerate(index) if isinstance(i, int)]):
        value = call.op.Gather(value, index[axis], axis=axis)
    return value


_END = 2**63 - 1


@writes("index_select")
def _index_select(call: Call, x: Any, dim: int, index: Traced) -> Value:
    return call.op.Gather(call.value(x), call.value(index), axis=dim)


@writes("unbind")
def _unbind(call: Call, x: Traced, dim: int = 0) -> tuple[Traced, ...]:
    pieces = [call.op.Gather(call.value(x), i, axis=dim) for i in range(len(call.examples[0]))]
    return _several(call, pieces)


@writes(torch.chunk)
def _chunk(call: Call, x: Traced, chunks: int, dim: int = 0) -> tuple[Traced, ...]:
    sizes = [piece.shape[dim] for piece in call.examples[0]]
    pieces = call.op.Split(call.value(x), sizes, axis=dim, _outputs=len(sizes))
    return _several(call, pieces)


def _several(call: Call, values: Sequence[Value]) -> tuple[Traced, ...]:
    examples = zip(*call.examples, strict=True)
    return tuple(Traced(value, tuple(found)) for value, found in zip(values, examples, strict=True))


@writes(torch.cat)
def _cat(call: Call, tensors: Sequence[Any], dim: int = 0) -> Value:
    return call.op.Concat(*(call.value(x, call.dtype) for x in tensors), axis=dim)


@writes("permute")
def _permute(call: Call, x: Traced, *dims: int) -> Value:
    return call.op.Transpose(call.value(x), perm=list(dims))


@writes("transpose")
def _transpose(call: Call, x: Traced, dim0: int, dim1: int) -> Value:
    axes = list(range(x.rank))
    axes[dim0], axes[dim1] = axes[dim1], axes[dim0]
    return call.op.Transpose(call.value(x), perm=axes)


@writes("flatten", "unflatten")
def _flatten(call: Call, x: Traced, *_: Any) -> Value:
    return _reshaped(call, x, None)


@writes("reshape")
def _reshape(call: Call, x: Traced, *shape: Any) -> Value:
    return _reshaped(call, x, shape[0] if isinstance(shape[0], tuple) else shape)


def _reshaped(call: Call, x: Traced, shape: Sequence[Any] | None) -> Value:
    """`shape` is needed only where more than one size depends on the image in a new way."""
    result = Traced(x.value, call.examples)
    lengths = [result.axis(i) for i in range(result.rank)]
    sizes = [
        (0 if _same_axis(x, result, i) else -1) if length is None else length
        for i, length in enumerate(lengths)
    ]  # 0 copies the length of the same axis
    if sizes.count(-1) <= 1:
        return call.op.Reshape(call.value(x), sizes)
    if shape is None:
        raise ModelError("A tensor is reshaped to sizes that are not known")
    return call.op.Reshape(call.value(x), call.vector(shape))


def _same_axis(x: Traced, result: Traced, axis: int) -> bool:
    pairs = zip(x.examples, result.examples, strict=True)
    return axis < x.rank and all(a.shape[axis] == b.shape[axis] for a, b in pairs)
