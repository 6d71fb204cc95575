"""Reading Keras files, walking graphs, and what is refused."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from keras_files import (
    Layer,
    architecture,
    graph_config,
    keras_h5,
    not_a_number_h5,
    single_instance_layers,
    weights_of,
)

from sleap_rt.errors import ModelError
from sleap_rt.models.legacy.h5 import read_keras_h5
from sleap_rt.models.legacy.keras_model import BuiltModel, model_from_keras
from sleap_rt.models.legacy.network import network_from_keras

HEAD = "SingleInstanceConfmapsHead"


def _build(layers: list[Layer], outputs: list[Any], **sizes: Any) -> BuiltModel:
    return model_from_keras(architecture(layers, outputs, **sizes), weights_of(layers))


def _conv(name: str, n_in: int, n_out: int, source: str | tuple[str, int] = "input") -> Layer:
    kernel = np.random.default_rng(len(name)).standard_normal((1, 1, n_in, n_out))
    return Layer(
        "Conv2D",
        name,
        {"filters": n_out, "kernel_size": [1, 1], "padding": "same"},
        inputs=[source],
        weights={"kernel": kernel.astype(np.float32), "bias": np.zeros(n_out, np.float32)},
    )


@pytest.mark.parametrize("as_bytes", [False, True], ids=["text", "bytes"])
@pytest.mark.parametrize("pieces", [1, 2], ids=["whole", "in pieces"])
def test_weights_are_read_through_their_lists_of_names(as_bytes: bool, pieces: int) -> None:
    layers = single_instance_layers()
    found = architecture(layers, [HEAD])
    content = keras_h5(found, weights_of(layers), as_bytes=as_bytes, pieces=pieces)
    keras = read_keras_h5(content, "best_model.h5")
    assert keras.architecture == found
    assert list(keras.weights) == ["pool", HEAD]
    assert keras.weights["pool"] == {}
    np.testing.assert_array_equal(
        keras.weights[HEAD][f"{HEAD}/kernel:0"], layers[1].weights["kernel"]
    )


def test_nested_model_has_its_own_names_and_several_outputs() -> None:
    inner = [_conv("block/conv", 1, 2), _conv("head", 2, 3, "block/conv")]
    nested = Layer(
        "Functional",
        "model_1",
        graph_config(inner, ["block/conv", "head"], size=(None, None)),
        weights={
            f"{layer.name}/{name}": values
            for layer in inner
            for name, values in layer.weights.items()
        },
    )
    coarse, fine = _conv("coarse", 2, 1, ("model_1", 0)), _conv("head", 3, 1, ("model_1", 1))
    built = _build([nested, coarse, fine], ["coarse", "head"], size=(None, None))
    image = np.array([[1.0, -2.0]], np.float32)
    outputs = built.module(torch.from_numpy(image)[None, None])
    block, middle = inner[0].weights["kernel"][0, 0], inner[1].weights["kernel"][0, 0]
    by_block = image[..., None] @ block
    expected = [
        by_block @ coarse.weights["kernel"][0, 0],
        by_block @ middle @ fine.weights["kernel"][0, 0],
    ]
    for actual, wanted in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(actual[0, 0].detach().numpy(), wanted[..., 0], rtol=1e-6)


def test_strides_follow_pooling_and_upsampling() -> None:
    pool = {"pool_size": [2, 2], "strides": [2, 2], "padding": "same"}
    layers = [
        Layer("MaxPooling2D", "p1", pool),
        Layer("MaxPooling2D", "p2", pool, inputs=["p1"]),
        Layer("MaxPooling2D", "p3", pool, inputs=["p2"]),
        Layer("UpSampling2D", "up", {"size": [4, 4]}, inputs=["p3"]),
        Layer("GlobalMaxPooling2D", "global", inputs=["p3"]),
    ]
    built = _build(layers, ["up", "p2", "global"], size=(16, 16))
    assert built.max_stride == 8
    assert [signal.stride for _, signal in built.outputs] == [2, 4, None]


def test_network_takes_the_first_matching_output_and_offsets() -> None:
    names = ["CentroidConfmapsHead_0", "CentroidConfmapsHead_1", "OffsetRefinementHead_0"]
    layers = [_conv(name, 1, n) for name, n in zip(names, (1, 1, 2), strict=True)]
    network = network_from_keras(_build(layers, names), "centroid")
    assert [(name, h.layer, h.n_channels, h.stride) for name, h in network.heads.items()] == [
        ("confmaps", "CentroidConfmapsHead_0", 1, 1),
        ("offsets", "OffsetRefinementHead_0", 2, 1),
    ]
    assert set(network(torch.zeros(1, 1, 4, 4))) == {"confmaps", "offsets"}


def test_missing_head_is_refused() -> None:
    built = _build([_conv(HEAD, 1, 2)], [HEAD])
    with pytest.raises(ModelError, match=r"bottomup model.*MultiInstanceConfmapsHead.*outputs are"):
        network_from_keras(built, "bottomup")


def _edited(**config: Any) -> list[Layer]:
    layer = _conv("conv", 1, 2)
    layer.config.update(config)
    return [layer]


REFUSED_LAYERS = {
    "unknown class": ([Layer("LayerNormalization", "norm")], "'norm'.*not supported.*not executed"),
    "unknown lambda": (
        [Layer("Lambda", "trick", {"module": "os", "function": ["4wEA", None, None]})],
        "'trick'.*module 'os'.*not executed",
    ),
    "lambda with other arguments": (
        [
            Layer(
                "Lambda",
                "tile_channels",
                {"module": "sleap.nn.architectures.resnet", "arguments": {"n": 3}},
            )
        ],
        "'tile_channels'.*not executed",
    ),
    "channels first": (_edited(data_format="channels_first"), "'conv'.*channels_first"),
    "half precision": (_edited(dtype="mixed_float16"), "'conv'.*mixed_float16.*float32"),
    "unknown activation": (_edited(activation="gelu"), "'conv'.*'gelu'.*supported: linear"),
    "unknown padding": (_edited(padding="causal"), "'conv'.*'causal'"),
    "uneven strides": (_edited(strides=[1, 2]), "'conv'.*differ"),
    "misshapen weight": (
        _edited(filters=5),
        r"'conv'.*shape \(1, 1, 1, 2\).*asks for \(1, 1, 1, 5\)",
    ),
    "missing weight": (
        [Layer("Conv2D", "conv", {"filters": 2, "kernel_size": [1, 1]})],
        "'conv' needs a weight 'kernel'.*none",
    ),
    "weight too many": (_edited(use_bias=False), "1 weights that.*conv/bias"),
    "dense on maps": ([Layer("Dense", "conv", {"units": 2})], "rank 2, found 4"),
    "source not defined yet": ([_conv("conv", 1, 2, "later")], "'later'.*does not exist"),
    "shapes that do not fit": (
        [
            Layer("MaxPooling2D", "pool", {"pool_size": [2, 2]}),
            Layer("Concatenate", "conv", {"axis": -1}, inputs=["input", "pool"]),
        ],
        "'conv'.*does not fit inputs of shapes",
    ),
    "negative slope": ([Layer("ReLU", "conv", {"negative_slope": 0.1})], "negative_slope is 0.1"),
    "output padding": (
        [Layer("Conv2DTranspose", "conv", {"output_padding": [1, 1]})],
        "output_padding is",
    ),
    "other reshape": (
        [
            Layer("GlobalMaxPooling2D", "vector"),
            Layer("Reshape", "conv", {"target_shape": [1]}, inputs=["vector"]),
        ],
        r"target_shape \[1\]",
    ),
    "second input": (
        [Layer("InputLayer", "other", {"batch_input_shape": [None, 8, 8, 1]}, inputs=[])],
        "second input, 'other'",
    ),
}


@pytest.mark.parametrize("name", REFUSED_LAYERS)
def test_refused_layers_are_named(name: str) -> None:
    layers, message = REFUSED_LAYERS[name]
    with pytest.raises(ModelError, match=message):
        _build(layers, [layers[-1].name])


def test_weights_of_an_unknown_layer_are_refused() -> None:
    layers = [_conv("conv", 1, 2)]
    weights = weights_of([*layers, _conv("stray", 1, 2)])
    with pytest.raises(ModelError, match=r"2 weights that its architecture does not have: stray/"):
        model_from_keras(architecture(layers, ["conv"]), weights)


def test_layer_called_twice_is_refused() -> None:
    found = architecture([_conv("conv", 1, 1)], ["conv"])
    entry = found["config"]["layers"][1]
    entry["inbound_nodes"] = entry["inbound_nodes"] * 2
    with pytest.raises(ModelError, match="'conv' is called 2 times"):
        model_from_keras(found, {})


def test_keras_3_graph_is_refused() -> None:
    found = architecture([_conv("conv", 1, 1)], ["conv"])
    found["config"]["layers"][1]["inbound_nodes"] = [{"args": [], "kwargs": {}}]
    with pytest.raises(ModelError, match=r"Keras 3.*best_model\.h5"):
        model_from_keras(found, {})


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"class_name": "Sequential", "config": {}}, "'Sequential'.*not a SLEAP model"),
        ({"class_name": "Functional", "config": {"layers": [{}]}}, "cannot be read"),
        ({"class_name": "Functional", "config": None}, "cannot be read"),
        ({}, "None model"),
    ],
)
def test_other_architectures_are_refused(found: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        model_from_keras(found, {})


def _valid() -> bytes:
    layers = single_instance_layers()
    return keras_h5(architecture(layers, [HEAD]), weights_of(layers))


def _without_names() -> bytes:
    layers = single_instance_layers()
    return keras_h5(architecture(layers, [HEAD]), weights_of(layers), pieces=0)


REFUSED_FILES = {
    "empty": (b"", r"best_model\.h5 is not a readable HDF5 file.*0 bytes.*Copy"),
    "text": (b"hello" * 99, "not a readable HDF5 file"),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "truncated": (_valid()[:-500], "not a readable HDF5 file, or damaged"),
    "half": (_valid()[: len(_valid()) // 2], "not a readable HDF5 file, or damaged"),
    "weights only": (keras_h5(None, {}), "weights but no architecture"),
    "no Keras model": (keras_h5(None, None), "no Keras model"),
    "architecture only": (keras_h5({}, None), "no weights"),
    "no model": (keras_h5([], {}), "is no object"),
    "no list of names": (_without_names(), "no attribute `layer_names`"),
    "not a number": (not_a_number_h5(), "NaN or infinite"),
}


@pytest.mark.parametrize("name", REFUSED_FILES)
def test_damaged_and_foreign_files_are_refused_in_words(name: str) -> None:
    content, message = REFUSED_FILES[name]
    with pytest.raises(ModelError, match=message):
        read_keras_h5(content, "best_model.h5")


def test_a_keras_3_archive_under_the_old_name_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(ModelError, match="Keras 3 stores"):
        read_keras_h5((tmp_path / "m.keras").read_bytes(), "best_model.h5")


def test_a_file_cut_short_anywhere_is_refused() -> None:
    content = _valid()
    cuts = range(1, len(content), 97)
    assert [_outcome(content[:length]) for length in cuts] == ["refused"] * len(cuts)


def _outcome(content: bytes) -> str:
    try:
        keras = read_keras_h5(content, "best_model.h5")
        model_from_keras(keras.architecture, keras.weights)
    except ModelError:
        return "refused"
    return "read"
