"""Every kind of Keras layer against plain loops, in torch and through ONNX Runtime."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from keras_files import Layer, architecture, weights_of
from layer_oracles import (
    Array,
    batch_norm,
    conv,
    conv_transpose,
    depthwise,
    pool,
    sigmoid,
    softmax,
    upsample_bilinear,
    upsample_nearest,
)

from sleap_rt.export.graph.network.writer import network_part
from sleap_rt.export.graph.part import model_of
from sleap_rt.models.legacy.keras_model import model_from_keras

ATOL = 2e-5  # float32 against float64 sums of up to 147 products of magnitude 1
SIZES = [(2, 8, 12), (1, 7, 9), (3, 11, 6)]  # batch, height, width
N_CHANNELS = 3
CAFFE_MEAN = np.array([103.939, 116.779, 123.68])


@dataclass
class Case:
    """One layer, called with the image (or with other layers), and what it must give."""

    layer: Layer
    oracle: Callable[[Array], Array]
    helpers: list[Layer] = field(default_factory=list)


def _random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).standard_normal(shape).astype(np.float32)


def _conv_cases() -> Iterator[Case]:
    settings: list[dict[str, Any]] = [
        {"k": 3},
        {"k": 7},
        {"k": 4},
        {"k": 1, "stride": 2},
        {"k": 3, "stride": 2},
        {"k": 7, "stride": 2},
        {"k": 4, "stride": 2},
        {"k": 5, "stride": 3},
        {"k": 3, "dilation": 2},
        {"k": 3, "groups": 3},
        {"k": 3, "padding": "valid"},
        {"k": 3, "stride": 2, "padding": "valid"},
    ]
    for index, case in enumerate(settings):
        k, groups, stride = case.pop("k"), case.get("groups", 1), case.get("stride", 1)
        kernel = _random(k, k, N_CHANNELS // groups, 6, seed=index)
        bias = _random(6, seed=index)
        config = {
            "filters": 6,
            "kernel_size": [k, k],
            "strides": [stride, stride],
            "padding": case.get("padding", "same"),
            "dilation_rate": [case.get("dilation", 1)] * 2,
            "groups": groups,
        }
        layer = Layer("Conv2D", f"conv{index}", config, weights={"kernel": kernel, "bias": bias})
        yield Case(layer, lambda x, w=kernel, b=bias, case=case: conv(x, w, b, **case))
    bare = _random(3, 3, N_CHANNELS, 2)
    yield Case(
        Layer(
            "Conv2D",
            "conv_no_bias_relu",
            {
                "filters": 2,
                "kernel_size": [3, 3],
                "padding": "same",
                "use_bias": False,
                "activation": "relu",
                "data_format": "channels_last",
            },
            weights={"kernel": bare},
        ),
        lambda x: np.maximum(conv(x, bare), 0),
    )
    for stride, padding in ((1, "same"), (2, "same"), (2, "valid")):
        kernel, bias = _random(3, 3, N_CHANNELS, 2, seed=stride), _random(6)
        yield Case(
            Layer(
                "DepthwiseConv2D",
                f"depthwise_{stride}_{padding}",
                {
                    "kernel_size": [3, 3],
                    "strides": [stride, stride],
                    "padding": padding,
                    "depth_multiplier": 2,
                },
                weights={"depthwise_kernel": kernel, "bias": bias},
            ),
            lambda x, w=kernel, b=bias, s=stride, p=padding: depthwise(
                x, w, b, stride=s, padding=p
            ),
        )


def _transposed_cases() -> Iterator[Case]:
    for k, stride in ((3, 2), (4, 2), (2, 2), (1, 2), (5, 2), (3, 1), (7, 3)):
        for padding in ("same", "valid"):
            kernel, bias = _random(k, k, 2, N_CHANNELS, seed=stride), _random(2)
            yield Case(
                Layer(
                    "Conv2DTranspose",
                    f"transposed_{k}_{stride}_{padding}",
                    {
                        "filters": 2,
                        "kernel_size": [k, k],
                        "strides": [stride, stride],
                        "padding": padding,
                        "output_padding": None,
                        "dilation_rate": [1, 1],
                    },
                    weights={"kernel": kernel, "bias": bias},
                ),
                lambda x, w=kernel, b=bias, s=stride, p=padding: conv_transpose(
                    x, w, b, stride=s, padding=p
                ),
            )


def _pooling_cases() -> Iterator[Case]:
    reductions: dict[str, Callable[[Array], Array]] = {
        "MaxPooling2D": lambda window: window.max(axis=0),
        "AveragePooling2D": lambda window: window.mean(axis=0),
    }
    for class_name, reduce in reductions.items():
        for size, stride in ((2, 2), (3, 2), (3, 1), (4, 4), (2, 1)):
            for padding in ("same", "valid"):
                yield Case(
                    Layer(
                        class_name,
                        f"{class_name}_{size}_{stride}_{padding}",
                        {
                            "pool_size": [size, size],
                            "strides": [stride, stride],
                            "padding": padding,
                        },
                    ),
                    lambda x, size=size, stride=stride, padding=padding, reduce=reduce: pool(
                        x, size, stride, padding, reduce
                    ),
                )
    yield Case(Layer("GlobalMaxPooling2D", "global_max"), lambda x: x.max(axis=(1, 2)))
    yield Case(Layer("GlobalAveragePooling2D", "global_mean"), lambda x: x.mean(axis=(1, 2)))


def _shaping_cases() -> Iterator[Case]:
    for factor in (2, 4):
        size = {"size": [factor, factor]}
        yield Case(
            Layer("UpSampling2D", f"bilinear{factor}", {**size, "interpolation": "bilinear"}),
            lambda x, factor=factor: upsample_bilinear(x, factor),
        )
        yield Case(
            Layer("UpSampling2D", f"nearest{factor}", {**size, "interpolation": "nearest"}),
            lambda x, factor=factor: upsample_nearest(x, factor),
        )
    yield Case(
        Layer("ZeroPadding2D", "zeros", {"padding": [[0, 1], [2, 3]]}),
        lambda x: np.pad(x, ((0, 0), (0, 1), (2, 3), (0, 0))),
    )
    vector = Layer("GlobalMaxPooling2D", "vector_a")
    yield Case(
        Layer("Reshape", "reshape", {"target_shape": [1, 1, N_CHANNELS]}, inputs=["vector_a"]),
        lambda x: x.max(axis=(1, 2))[:, None, None],
        [vector],
    )
    yield Case(
        Layer("Flatten", "flatten_vector", inputs=["vector_b"]),
        lambda x: x.max(axis=(1, 2)),
        [Layer("GlobalMaxPooling2D", "vector_b")],
    )
    kernel, bias = _random(N_CHANNELS, 5), _random(5)
    yield Case(
        Layer(
            "Dense",
            "dense",
            {"units": 5, "activation": "softmax"},
            inputs=["vector_c"],
            weights={"kernel": kernel, "bias": bias},
        ),
        lambda x: softmax(x.max(axis=(1, 2)) @ kernel + bias),
        [Layer("GlobalMaxPooling2D", "vector_c")],
    )


def _merging_cases() -> Iterator[Case]:
    other = {"activation": "sigmoid"}
    yield Case(
        Layer("Concatenate", "concat", {"axis": -1}, inputs=["input", "other_a"]),
        lambda x: np.concatenate((x, sigmoid(x)), axis=-1),
        [Layer("Activation", "other_a", other)],
    )
    yield Case(
        Layer("Concatenate", "concat3", {"axis": 3}, inputs=["other_b", "input"]),
        lambda x: np.concatenate((sigmoid(x), x), axis=-1),
        [Layer("Activation", "other_b", other)],
    )
    yield Case(
        Layer("Add", "add", inputs=["input", "other_c", "input"]),
        lambda x: x + sigmoid(x) + x,
        [Layer("Activation", "other_c", other)],
    )
    yield Case(
        Layer("Multiply", "squeeze_excite", inputs=["input", "cell"]),
        lambda x: x * x.mean(axis=(1, 2))[:, None, None],
        [
            Layer("GlobalAveragePooling2D", "mean"),
            Layer("Reshape", "cell", {"target_shape": [1, 1, -1]}, inputs=["mean"]),
        ],
    )
    mean, gamma, beta = (_random(N_CHANNELS, seed=i) for i in range(3))
    variance = np.square(_random(N_CHANNELS, seed=3)) + np.float32(1e-3)
    moving = {"moving_mean": mean, "moving_variance": variance}
    yield Case(
        Layer(
            "BatchNormalization",
            "norm",
            {"axis": [3], "epsilon": 0.001, "scale": True, "center": True},
            weights={"gamma": gamma, "beta": beta, **moving},
        ),
        lambda x: batch_norm(x, mean, variance, gamma, beta, 1e-3),
    )
    yield Case(
        Layer(
            "BatchNormalization",
            "norm_no_gamma",
            {"axis": 3, "epsilon": 1.001e-5, "scale": False},
            weights={"beta": beta, **moving},
        ),
        lambda x: batch_norm(x, mean, variance, 1.0, beta, 1.001e-5),
    )
    yield Case(
        Layer(
            "BatchNormalization",
            "norm_no_beta",
            {"axis": -1, "epsilon": 0.5, "center": False},
            weights={"gamma": gamma, **moving},
        ),
        lambda x: batch_norm(x, mean, variance, gamma, 0.0, 0.5),
    )


def _activation_cases() -> Iterator[Case]:
    oracles: dict[str, Callable[[Array], Array]] = {
        "linear": lambda x: x,
        "relu": lambda x: np.maximum(x, 0),
        "sigmoid": sigmoid,
        "softmax": softmax,
        "swish": lambda x: x * sigmoid(x),
    }
    for name, oracle in oracles.items():
        yield Case(Layer("Activation", f"act_{name}", {"activation": name}), oracle)
    relu6 = {"max_value": 0.6, "negative_slope": 0.0, "threshold": 0.0}
    yield Case(Layer("ReLU", "relu_capped", relu6), lambda x: np.clip(x, 0, 0.6))
    yield Case(Layer("ReLU", "relu_open", {"max_value": None}), lambda x: np.maximum(x, 0))
    yield Case(Layer("Dropout", "dropout", {"rate": 0.5}), lambda x: x)
    yield Case(Layer("FixedDropout", "fixed_dropout", {"rate": 0.5}), lambda x: x)


SLEAP = "sleap.nn.architectures"
SLICES = "classification_models.models.resnext"


def _lambda(module: str, name: str, inputs: list[str], **arguments: Any) -> Layer:
    code = ["4wEAAAAAAAAA\n", None, None]  # never looked at
    config = {"function": code, "module": module, "arguments": arguments}
    return Layer("Lambda", name, config, inputs=inputs)


def _lambda_cases() -> Iterator[Case]:
    first = {"start": 0, "stop": 1, "axis": 3}
    yield Case(
        _lambda(f"{SLEAP}.resnet", "tile_channels", ["first_a"]),
        lambda x: np.repeat(x[..., :1], 3, axis=-1),
        [_lambda(SLICES, "first_a", ["input"], **first)],
    )
    yield Case(
        _lambda(f"{SLEAP}.pretrained_encoders", "ensure_rgb", ["first_b"]),
        lambda x: np.repeat(x[..., :1], 3, axis=-1),
        [_lambda(SLICES, "first_b", ["input"], **first)],
    )
    yield Case(
        _lambda(f"{SLEAP}.resnet", "imagenet_preproc_v1", ["input"]),
        lambda x: x[..., ::-1] * 255 - CAFFE_MEAN,
    )
    yield Case(_lambda(SLICES, "slice", ["input"], start=1, stop=3, axis=-1), lambda x: x[..., 1:3])
    yield Case(
        _lambda(
            "classification_models.models._common_blocks", "expand", ["vector"], channels_axis=3
        ),
        lambda x: x.mean(axis=(1, 2))[:, None, None],
        [Layer("GlobalAveragePooling2D", "vector")],
    )
    yield Case(
        _lambda("keras_applications.inception_resnet_v2", "block_1", ["input", "res"], scale=0.17),
        lambda x: x + 0.17 * sigmoid(x),
        [Layer("Activation", "res", {"activation": "sigmoid"})],
    )


CASES = [
    *_conv_cases(),
    *_transposed_cases(),
    *_pooling_cases(),
    *_shaping_cases(),
    *_merging_cases(),
    *_activation_cases(),
    *_lambda_cases(),
]
NAMES = [case.layer.name for case in CASES]


@cache
def _every_layer() -> torch.nn.Module:
    """One graph that calls each layer with the image and gives every result."""
    layers = [layer for case in CASES for layer in (*case.helpers, case.layer)]
    found = architecture(layers, NAMES, size=(16, 16), channels=N_CHANNELS)
    return model_from_keras(found, weights_of(layers)).module.eval()


@pytest.fixture(scope="module", params=SIZES, ids=str)
def image(request: pytest.FixtureRequest) -> np.ndarray:
    """(batch, height, width, channels)."""
    return _image((*request.param, N_CHANNELS))


def _image(shape: tuple[int, ...]) -> np.ndarray:
    return _random(*shape, seed=9)


@cache
def _expected(name: str, shape: tuple[int, ...]) -> Array:
    return CASES[NAMES.index(name)].oracle(_image(shape).astype(np.float64))


@pytest.fixture(scope="module")
def torch_results(image: np.ndarray) -> dict[str, np.ndarray]:
    with torch.no_grad():
        outputs = _every_layer()(torch.from_numpy(image).permute(0, 3, 1, 2))
    return dict(zip(NAMES, (_channels_last(y.numpy()) for y in outputs), strict=True))


class _Named(torch.nn.Module):
    """Every result under its layer's name."""

    def __init__(self) -> None:
        super().__init__()
        self.body = _every_layer()

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        results = self.body(image)
        return {f"out/{name}": results[i] for i, name in enumerate(NAMES)}


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    part = network_part(_Named(), in_channels=N_CHANNELS, max_stride=1)
    return onnxruntime.InferenceSession(model_of([part]).SerializeToString())


@pytest.fixture(scope="module")
def onnx_results(image: np.ndarray, session: onnxruntime.InferenceSession) -> dict[str, np.ndarray]:
    feed = {"image": np.ascontiguousarray(image.transpose(0, 3, 1, 2))}
    outputs = session.run([f"out/{name}" for name in NAMES], feed)
    return dict(zip(NAMES, map(_channels_last, outputs), strict=True))


def _channels_last(y: np.ndarray) -> np.ndarray:
    return y.transpose(0, 2, 3, 1) if y.ndim == 4 else y


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_layer_matches_plain_loops(
    case: Case, image: np.ndarray, torch_results: dict[str, np.ndarray]
) -> None:
    expected = _expected(case.layer.name, image.shape)
    actual = torch_results[case.layer.name]
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, atol=ATOL * max(1, np.abs(expected).max()), rtol=0)


@pytest.mark.engine
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_written_layer_matches_plain_loops(
    case: Case, image: np.ndarray, onnx_results: dict[str, np.ndarray]
) -> None:
    expected = _expected(case.layer.name, image.shape)
    actual = onnx_results[case.layer.name]
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, atol=ATOL * max(1, np.abs(expected).max()), rtol=0)


def test_flattened_maps_keep_keras_order_and_fix_the_size() -> None:
    kernel, bias = _random(4 * 6 * 2, 3), _random(3)
    layers = [
        Layer("Flatten", "flat"),
        Layer(
            "Dense",
            "dense",
            {"units": 3},
            inputs=["flat"],
            weights={"kernel": kernel, "bias": bias},
        ),
    ]
    found = architecture(layers, ["dense"], size=(4, 6), channels=2)
    built = model_from_keras(found, weights_of(layers))
    image = _random(2, 4, 6, 2)
    (actual,) = built.module(torch.from_numpy(image).permute(0, 3, 1, 2))
    expected = image.reshape(2, -1) @ kernel + bias
    np.testing.assert_allclose(actual.detach().numpy(), expected, atol=ATOL)
    assert built.outputs[0][1].fixes_size
