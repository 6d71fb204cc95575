"""Where the tensors of one run lie in memory.

All tensors share one block on the GPU: inputs, then outputs that are fetched, then the others. The
staging block on the host has the same layout and ends before the others, so that one copy brings
all inputs up and one brings everything fetched down.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sleap_rt.runtime.engines.interface import Array, TensorSpec

ALIGNMENT = 256  # bytes; what TensorRT and CUDA want


@dataclass(frozen=True)
class Slot:
    """Attributes:
    name: of the tensor.
    dtype: of its elements.
    shape: of this run.
    offset: bytes from the start of the block, on the GPU and on the host alike.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int

    @property
    def n_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def view(self, block: Array) -> Array:
        """The tensor within a (n_bytes,) uint8 block of host memory."""
        return block[self.offset : self.offset + self.n_bytes].view(self.dtype).reshape(self.shape)


@dataclass(frozen=True)
class BufferPlan:
    """Attributes:
    inputs: copied up, from offset 0.
    fetched: outputs that are copied down.
    others: outputs that stay on the GPU; TensorRT wants an address for each.
    """

    inputs: tuple[Slot, ...]
    fetched: tuple[Slot, ...]
    others: tuple[Slot, ...]

    @property
    def input_bytes(self) -> int:
        return _end(self.inputs)

    @property
    def fetched_start(self) -> int:
        return _end(self.inputs)

    @property
    def host_bytes(self) -> int:
        return _end((*self.inputs, *self.fetched))

    @property
    def device_bytes(self) -> int:
        return _end((*self.inputs, *self.fetched, *self.others))


def plan_buffers(
    inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec], fetch: Sequence[str]
) -> BufferPlan:
    """Lay out the tensors of a run, whose shapes are all known."""
    fetched = [spec for spec in outputs if spec.name in fetch]
    others = [spec for spec in outputs if spec.name not in fetch]
    slots: list[Slot] = []
    for spec in (*inputs, *fetched, *others):
        shape = tuple(size for size in spec.shape if size is not None)
        slots.append(Slot(spec.name, spec.dtype, shape, _end(slots)))
    n_inputs, n_up_to_fetched = len(inputs), len(inputs) + len(fetched)
    return BufferPlan(
        tuple(slots[:n_inputs]),
        tuple(slots[n_inputs:n_up_to_fetched]),
        tuple(slots[n_up_to_fetched:]),
    )


def _end(slots: Sequence[Slot]) -> int:
    """The first aligned byte behind the last slot; an empty tensor still takes a place."""
    if not slots:
        return 0
    last = slots[-1]
    return last.offset + max(1, -(-last.n_bytes // ALIGNMENT)) * ALIGNMENT
