"""Symmetric nodes in the order of the skeleton while a file is written."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sleap_io as sio


@contextmanager
def in_order(skeletons: "Sequence[sio.Skeleton]") -> Iterator[None]:
    """Inside the context, sleap-io writes equal skeletons as equal bytes.

    It holds symmetric nodes in sets, and so writes them in the order of their addresses in memory.
    """
    pairs = [(pair, skeleton) for skeleton in skeletons for pair in skeleton.symmetries]
    before = [pair.nodes for pair, _ in pairs]
    for pair, skeleton in pairs:
        # Past the class's own setter, which would make it a set again.
        object.__setattr__(pair, "nodes", tuple(sorted(pair.nodes, key=skeleton.nodes.index)))
    try:
        yield
    finally:
        for (pair, _), nodes in zip(pairs, before, strict=True):
            object.__setattr__(pair, "nodes", nodes)
