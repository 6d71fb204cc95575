"""Every kind of legacy graph becomes a TensorRT-RTX engine."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT

from .building import TARGETS, builds

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "models",
    [
        ("single_instance",),
        ("centroid", "centered_instance"),
        ("topdown_multiclass",),
        ("bottomup",),
        ("bottomup_multiclass",),
    ],
    ids=lambda names: names[-1],
)
def test_every_legacy_kind_builds(
    rtx: TensorRT,
    exported: Callable[[Sequence[Path]], list[Path]],
    shared_data: Path,
    models: tuple[str, ...],
    target: str,
) -> None:
    for graph in exported([shared_data / "legacy" / name for name in models]):
        assert builds(rtx, graph, target, (200, 300))
