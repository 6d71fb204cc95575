"""Written networks against torch: each kind of call by itself, then real models."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sleap_rt.errors import ModelError
from sleap_rt.export.graph.network.writer import network_part
from sleap_rt.export.graph.part import model_of
from sleap_rt.export.precision.half import HalfNetwork
from sleap_rt.models.native.load_native import load_native_model

SAMPLES = Path(__file__).resolve().parents[3] / "samples" / "models"
SIZES = [(1, 12, 8), (3, 4, 20), (2, 28, 36)]  # batch, height, width: multiples of 4
RTOL = 1e-5  # of the largest value: float32 sums in another order
RTOL_HALF = 5e-3  # of the largest value: float16 has 11 bits
# A model whose class maps round by 2e-5 in torch itself.
RTOL_REAL = {"multiclass_bottomup": 5e-5}


class Calls(nn.Module):
    """One function of the image, and layers that it may use."""

    def __init__(self, function: Callable[..., torch.Tensor], *layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.layers = nn.ModuleList(layers)

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"confmaps": self.function(image, *self.layers)}


def written(network: nn.Module, max_stride: int = 4, in_channels: int = 3) -> onnx.ModelProto:
    model = model_of([network_part(network, in_channels=in_channels, max_stride=max_stride)])
    onnx.checker.check_model(model, full_check=True)
    return model


def operators(model: onnx.ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in model.graph.node)


def assert_same(network: nn.Module, model: onnx.ModelProto, sizes: Any, rtol: float = RTOL) -> None:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    noise = np.random.default_rng(7)
    channels = session.get_inputs()[0].shape[1]
    for batch, height, width in sizes:
        image = noise.standard_normal((batch, channels, height, width), np.float32)
        found = session.run(None, {"image": image})
        with torch.inference_mode():
            outputs = network(torch.from_numpy(image))
        assert [value.name for value in session.get_outputs()] == list(outputs)
        for actual, (name, expected) in zip(found, outputs.items(), strict=True):
            assert actual.shape == expected.shape
            atol = rtol * float(expected.abs().max())
            np.testing.assert_allclose(actual, expected.numpy(), rtol=0, atol=atol, err_msg=name)


def _pads_to_multiples(x: torch.Tensor, n: int) -> torch.Tensor:
    missing = (x.shape[-1] + n - 1) // n * n - x.shape[-1]
    return F.pad(x, (0, missing), value=1.0)


def _to_tokens_and_back(x: torch.Tensor) -> torch.Tensor:
    batch, channels, height, width = x.shape
    cells = x.reshape(batch, channels, height // 2, 2, width // 4, 4).permute(0, 2, 4, 1, 3, 5)
    return cells.flatten(1, 2).flatten(-3).transpose(1, 2)


def _rolled(x: torch.Tensor) -> torch.Tensor:
    width = x.shape[3]
    position = torch.arange(width, device=x.device)
    position = torch.where(position + 3 < width, position + 3, position + 3 - width)
    return x.index_select(3, position) * (position >= 5).long()


CALLS: dict[str, tuple[Callable[..., torch.Tensor], list[nn.Module]]] = {
    "conv": (lambda x, conv: conv(x), [nn.Conv2d(3, 6, (3, 5), 2, (1, 2), groups=3)]),
    "dilated_conv": (
        lambda x, conv: conv(x),
        [nn.Conv2d(3, 4, 3, padding=2, dilation=2, bias=False)],
    ),
    "padded_conv": (lambda x, conv: conv(F.pad(x, (0, 1, 2, 3))), [nn.Conv2d(3, 4, 4)]),
    "conv_ahead_of_ones": (
        lambda x, conv: conv(F.pad(x, (1, 1, 1, 1), value=1.0)),
        [nn.Conv2d(3, 4, 3)],
    ),
    "up_conv": (
        lambda x, conv: conv(x),
        [nn.ConvTranspose2d(3, 5, 3, 2, padding=1, output_padding=1)],
    ),
    "one_linear_at_two_ranks": (  # whose weight is written in both orientations
        lambda x, linear: (
            linear(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            + linear(x[:, :, 0, 0])[:, :, None, None]
        ),
        [nn.Linear(3, 3)],
    ),
    "linear_on_cells": (
        lambda x, linear, norm: norm(linear(x.permute(0, 2, 3, 1))),
        [nn.Linear(3, 8), nn.LayerNorm(8)],
    ),
    "linear_on_vectors": (lambda x, linear: linear(torch.amax(x, dim=(2, 3))), [nn.Linear(3, 8)]),
    "max_pool": (lambda x: F.max_pool2d(x[:, :, 1:], 2), []),
    "max_pool_of_all": (lambda x: F.max_pool2d(x[:, :, 1:], 2, ceil_mode=True), []),
    "average_pool": (lambda x, pool: pool(x), [nn.AvgPool2d(3, 2)]),
    "mean": (lambda x: torch.mean(x, dim=(2, 3)), []),
    "gelu": (lambda x: F.gelu(3 * x), []),
    "silu": (lambda x, silu: silu(x), [nn.SiLU()]),
    "clamp": (lambda x: torch.clamp(x, 0.0, 0.5), []),
    "softmax": (lambda x: torch.softmax(x, dim=1) / 3, []),
    "sigmoid": (lambda x: torch.sigmoid(F.relu(x - 0.5)), []),
    "bilinear": (
        lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False),
        [],
    ),
    "nearest": (lambda x: F.interpolate(x, scale_factor=(3.0, 3.0), mode="nearest"), []),
    "bilinear_to_size": (
        lambda x: F.interpolate(
            F.max_pool2d(x, 3), size=x.shape[-2:], mode="bilinear", align_corners=False
        ),
        [],
    ),
    "chunk": (lambda x: torch.cat(torch.chunk(x * 255, 3, dim=1)[::-1], dim=1), []),
    "unbind": (lambda x: x.flatten(2).unflatten(1, (3, 1)).unbind(1)[2], []),
    "index": (lambda x: x[:, 1:, -1][:, None, 1, :, None], []),
    "sizes_that_divide_differently": (lambda x: _pads_to_multiples(x[:, :, :, 1:], 8), []),
    "tokens": (_to_tokens_and_back, []),
    "rolled": (_rolled, []),
    "sizes_as_numbers": (lambda x: x + x.shape[2] * 0.5 - x.shape[3], []),
    "ones": (lambda x: x + torch.ones_like(x[:1, :1]), []),
    "matmul": (lambda x: x @ x.transpose(-2, -1), []),
}


@pytest.mark.parametrize("name", CALLS)
def test_each_call_gives_what_torch_gives_at_every_size(name: str) -> None:
    torch.manual_seed(1)
    function, layers = CALLS[name]
    network = Calls(function, *layers).eval()
    assert_same(network, written(network), SIZES)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: torch.cumsum(x, 1), "calls `cumsum`"),
        (lambda x: x.roll(1, 2), "calls `roll`"),
        (lambda x: F.interpolate(x, scale_factor=2, mode="bicubic"), "'bicubic'"),
        (lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", antialias=True), "antialias"),
        (lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect"), "'reflect'"),
        (lambda x: x[:, :, ::2], "steps"),
        (lambda x: x if x.shape[2] > 4 else -x, "depend on its input"),
    ],
)
def test_what_has_no_form_is_refused(function: Callable[..., torch.Tensor], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        written(Calls(function))


def test_a_refusal_names_the_module() -> None:
    with pytest.raises(ModelError, match=r"`ELU`.*\(at layers\.0\)"):
        written(Calls(lambda x, elu: elu(x), nn.ELU()))


def test_graphs_are_lean() -> None:
    """Padding is the convolution's, sizes that are known are constants, nothing is copied."""
    layers = [nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(3, 4, 2)), nn.Dropout(0.5)]
    network = Calls(lambda x, conv, drop: drop(conv(x)).flatten(2), *layers).eval()
    model = written(network)
    assert operators(model) == {"Conv": 1, "Reshape": 1}
    (pads,) = (list(a.ints) for a in model.graph.node[0].attribute if a.name == "pads")
    assert pads == [0, 0, 1, 1]  # top, left, bottom, right


def test_batch_normalisation_becomes_part_of_the_convolution_ahead() -> None:
    torch.manual_seed(1)
    mean, variance, weight, bias = torch.rand(4, 4) + 0.5

    def normed(x: torch.Tensor) -> torch.Tensor:
        return F.batch_norm(x, mean, variance, weight, bias, eps=0.1)

    conv = nn.Conv2d(3, 4, 3, padding=1, bias=False)
    network = Calls(lambda x, conv: normed(F.relu(normed(conv(x)))), conv)
    model = written(network)
    assert operators(model) == {"Conv": 1, "Relu": 1, "BatchNormalization": 1}
    assert len(model.graph.initializer) == 2 + 4
    assert_same(network, model, SIZES)


def test_names_begin_with_the_module_and_weights_are_stored_once() -> None:
    conv = nn.Conv2d(3, 3, 1)
    network = Calls(lambda x, block: F.relu(block(block(x))), nn.Sequential(conv, nn.ReLU()))
    model = written(network)
    assert operators(model) == {"Conv": 2, "Relu": 3}
    assert model.graph.node[0].name.startswith("network/layers.0.0/Conv")
    stored = [value.name for value in model.graph.initializer]
    assert stored == ["network.layers.0.0.weight", "network.layers.0.0.bias"]


def test_inputs_and_outputs_state_their_shapes() -> None:
    network = Calls(lambda x, conv: conv(x), nn.Conv2d(3, 5, 1))
    model = written(network)
    (image,), (confmaps,) = model.graph.input, model.graph.output
    shapes = [
        [dim.dim_param or dim.dim_value or None for dim in value.type.tensor_type.shape.dim]
        for value in (image, confmaps)
    ]
    assert shapes == [["batch", 3, "image_height", "image_width"], ["batch", 5, None, None]]


def test_one_tensor_may_be_two_outputs() -> None:
    class Twice(nn.Module):
        def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
            maps = image * 2
            return {"confmaps": maps, "pafs": maps, "offsets": image}

    model = written(Twice())
    assert operators(model) == {"Mul": 1, "Identity": 2}
    assert_same(Twice(), model, SIZES)


def test_a_network_of_one_size() -> None:
    linear = nn.Linear(3 * 12 * 8, 2)
    network = Calls(lambda x, linear: linear(x.flatten(1)), linear)
    part = network_part(network, in_channels=3, max_stride=4, fixed_size=(12, 8))
    assert_same(network, model_of([part]), [(1, 12, 8), (5, 12, 8)])


def test_half_precision_begins_and_ends_with_a_cast() -> None:
    torch.manual_seed(1)
    layers = [nn.Conv2d(3, 8, 3, padding=1), nn.Linear(8, 8), nn.LayerNorm(8)]

    def function(x: torch.Tensor, conv: Any, linear: Any, norm: Any) -> torch.Tensor:
        return F.gelu(norm(linear(conv(x).permute(0, 2, 3, 1)))) * 0.5

    network = Calls(function, *layers).eval()
    model = written(HalfNetwork(network))
    nodes = [node.op_type for node in model.graph.node]
    assert (nodes[0], nodes[-1], nodes.count("Cast")) == ("Cast", "Cast", 2)
    weights = {value.data_type for value in model.graph.initializer}
    assert weights == {onnx.TensorProto.FLOAT16}
    assert_same(network, model, SIZES, RTOL_HALF)


def assert_same_model(folder: Path) -> None:
    model = load_native_model(folder)
    unit, channels = model.preprocessing.max_stride, model.preprocessing.in_channels
    sizes = [(1, 2 * unit, 3 * unit), (3, 4 * unit, 3 * unit)]
    graph = written(model.network, unit, channels)
    assert_same(model.network, graph, sizes, RTOL_REAL.get(folder.name, RTOL))


@pytest.mark.parametrize("name", sorted(folder.name for folder in SAMPLES.iterdir()))
def test_sample_models(name: str) -> None:
    assert_same_model(SAMPLES / name)


@pytest.mark.parity
def test_real_models(shared_data: Path) -> None:
    for folder in sorted((shared_data / "native").iterdir()):
        assert_same_model(folder)
