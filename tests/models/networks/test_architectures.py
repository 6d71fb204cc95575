"""Networks against outputs recorded from sleap-nn, in torch and as written graphs."""

from pathlib import Path

import numpy as np
import pytest
from onnx_runs import WrittenNetwork
from seeded_networks import load_recorded
from tolerances import MAP

pytestmark = pytest.mark.parity


ARCHITECTURES = [
    "convnext_base_centered",
    "convnext_small_centroid",
    "convnext_tiny_bottomup",
    "convnext_tiny_stem4_trans_single",
    "swint_base_trans_multiclass",
    "swint_small_centroid",
    "swint_tiny_bottomup",
    "swint_tiny_odd_window_single",
    "unet_convs3_k5_centroid",
    "unet_interp_bottomup",
    "unet_multiclass_bottomup",
    "unet_multiclass_topdown",
    "unet_os1_rate2_centered",
    "unet_stem2_single",
    "unet_trans_bottomup",
]


def assert_close(actual: np.ndarray, expected: np.ndarray, name: str) -> None:
    assert actual.shape == expected.shape
    atol = MAP * np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=atol, err_msg=name)


def test_every_recorded_architecture_is_listed(shared_data: Path) -> None:
    found = {path.stem for path in (shared_data / "golden" / "architectures").glob("*.npz")}
    assert found == set(ARCHITECTURES)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_torch_gives_the_recorded_outputs(shared_data: Path, name: str) -> None:
    recorded = load_recorded(shared_data / "golden" / "architectures" / f"{name}.npz")
    outputs = recorded.network(recorded.image)
    assert list(outputs) == list(recorded.expected)
    for output, expected in recorded.expected.items():
        assert_close(outputs[output].numpy(), expected, output)


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow if "_base_" in n else []) for n in ARCHITECTURES],
)
def test_the_written_graph_gives_the_recorded_outputs(shared_data: Path, name: str) -> None:
    recorded = load_recorded(shared_data / "golden" / "architectures" / f"{name}.npz")
    written = WrittenNetwork(recorded.network, recorded.max_stride, recorded.image.shape[1])
    assert [type(axis) for axis in written.input_shape] == [str, int, str, str]
    outputs = written.run(recorded.image)
    for actual, (output, expected) in zip(outputs, recorded.expected.items(), strict=True):
        assert_close(actual, expected, output)
