"""The stored sample: replayed equal on every engine, and told apart from a graph that differs."""

import base64
import json

import numpy as np
import onnx
import pytest

from sleap_rt.cli import main
from sleap_rt.errors import EngineError, ModelError, OptionError
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import engine_names, open_engine
from sleap_rt.runtime.graph_seal import seal
from sleap_rt.runtime.inspect.verify import SAMPLE_KEY, Sample, read_sample, verify_graph

CPU = EngineOptions(engine="ort", device="cpu")
SETS = [("centroid", "centered_instance"), ("bottomup",)]


@pytest.mark.parametrize("name", engine_names())
@pytest.mark.parametrize("models", SETS)
def test_the_sample_passes_on_every_engine(name, models, sample_graphs):
    for graph in sample_graphs(*models):
        try:
            result = verify_graph(graph, EngineOptions(engine=name, device="cpu"))
        except (EngineError, OptionError) as error:
            pytest.skip(f"{name} does not open here: {error}")
        assert result.passed
        assert result.n_expected > 0
        assert (result.engine, result.device) == (name, "cpu")


@pytest.mark.parametrize("name", engine_names())
def test_the_sample_in_int8_passes_on_every_engine(name, int8_graph):
    try:
        result = verify_graph(int8_graph, EngineOptions(engine=name, device="cpu"))
    except (EngineError, OptionError) as error:
        pytest.skip(f"{name} does not open here: {error}")
    assert result.passed
    assert result.n_expected >= 14, "most nodes of two animals at least"


@pytest.mark.parametrize("name", engine_names())
def test_int8_is_computed_right_behind_a_concatenation(name, tmp_path):
    """With weights of one, the graph adds up two channels that are multiples of 1/4."""
    numbers = {"scale": np.float32(0.25), "zero": np.int8(0), "kernel": np.ones((1, 2, 1, 1), "b")}
    nodes = [
        onnx.helper.make_node("Cast", ["frames"], ["floats"], to=onnx.TensorProto.FLOAT),
        onnx.helper.make_node("Mul", ["floats", "scale"], ["part"]),
        onnx.helper.make_node("Concat", ["part", "part"], ["joined"], axis=1),
        onnx.helper.make_node("QuantizeLinear", ["joined", "scale", "zero"], ["whole"]),
        onnx.helper.make_node("DequantizeLinear", ["whole", "scale", "zero"], ["data"]),
        onnx.helper.make_node("DequantizeLinear", ["kernel", "scale", "zero"], ["weights"]),
        onnx.helper.make_node("Conv", ["data", "weights"], ["sum"]),
    ]
    shape = ["batch", 1, "height", "width"]
    graph = onnx.helper.make_graph(
        nodes,
        "joined",
        [onnx.helper.make_tensor_value_info("frames", onnx.TensorProto.UINT8, shape)],
        [onnx.helper.make_tensor_value_info("sum", onnx.TensorProto.FLOAT, shape)],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in numbers.items()],
    )
    opsets = [onnx.helper.make_opsetid("", 18)]
    onnx.save(
        onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10), tmp_path / "a.onnx"
    )
    try:
        engine = open_engine(tmp_path / "a.onnx", EngineOptions(engine=name, device="cpu"))
    except (EngineError, OptionError) as error:
        pytest.skip(f"{name} does not open here: {error}")
    frames = np.arange(42, dtype=np.uint8).reshape(1, 1, 6, 7)
    expected = frames.astype(np.float32) * 0.25 * 0.25 * 2
    np.testing.assert_allclose(engine.run({"frames": frames})["sum"], expected, atol=1e-5)
    engine.close()


def _altered(graph, path, change):
    """A copy of a graph with a higher bias of its confidence maps, and the original's sample."""
    model = onnx.load(graph)
    (bias,) = (
        item
        for item in model.graph.initializer
        if "heads.confmaps" in item.name and len(item.dims) == 1
    )
    values = onnx.numpy_helper.to_array(bias) + np.float32(change)
    bias.CopyFrom(onnx.numpy_helper.from_array(values, bias.name))
    onnx.save(model, path)
    seal(path)
    return path


def test_another_networks_result_fails(sample_graphs, tmp_path, capsys):
    (graph,) = sample_graphs("bottomup")
    altered = _altered(graph, tmp_path / "bottomup.onnx", 0.01)
    result = verify_graph(altered, CPU)
    assert not result.passed
    assert result.score >= 0.0099, "every peak value is higher by the change"
    with pytest.raises(SystemExit) as left:
        main(["verify", str(altered), "--device", "cpu"])
    assert left.value.code == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("NOT OK  ")
    assert "differ from the certified result" in printed.err


def test_a_lost_point_fails(sample_graphs, tmp_path):
    _, graph = sample_graphs("centroid", "centered_instance")
    sample = read_sample(graph)
    row, node = np.argwhere(np.isnan(sample.expected["peaks"][..., 0]))[0]
    sample.expected["peaks"][row, node] = 5.0
    model = onnx.load(graph)
    for entry in model.metadata_props:
        if entry.key == SAMPLE_KEY:
            entry.value = sample.to_text()
    onnx.save(model, tmp_path / "lost.onnx")
    seal(tmp_path / "lost.onnx")
    result = verify_graph(tmp_path / "lost.onnx", CPU)
    assert result.n_missing == 1
    assert not result.passed


def test_a_score_that_became_nan_fails(sample_graphs, tmp_path):
    """The file claims a line score in a place where the graph gives NaN."""
    (graph,) = sample_graphs("bottomup")
    sample = read_sample(graph)
    place = tuple(np.argwhere(np.isnan(sample.expected["line_scores"]))[0])
    sample.expected["line_scores"][place] = 0.5
    model = onnx.load(graph)
    for entry in model.metadata_props:
        if entry.key == SAMPLE_KEY:
            entry.value = sample.to_text()
    onnx.save(model, tmp_path / "nan.onnx")
    seal(tmp_path / "nan.onnx")
    result = verify_graph(tmp_path / "nan.onnx", CPU)
    assert (result.n_missing, result.n_extra) == (0, 0)
    assert not result.passed


def test_samples_survive_the_way_through_text():
    feed = {"frames": np.arange(12, dtype=np.uint8).reshape(1, 3, 4, 1), "t": np.array(0.5, "f")}
    expected = {"peaks": np.array([[1.5, np.nan]], np.float32)}
    back = Sample.from_text(Sample(feed, expected).to_text())
    for given, found in ((feed, back.feed), (expected, back.expected)):
        assert given.keys() == found.keys()
        for name, array in given.items():
            assert found[name].dtype == array.dtype
            np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize(
    "text",
    ["", "[]", json.dumps({"feed": "????", "expected": ""}),
     json.dumps({"feed": base64.b64encode(b"PK\x03\x04").decode(), "expected": ""})],
)  # fmt: skip
def test_a_damaged_sample_is_told(text):
    with pytest.raises(ModelError, match="sample is damaged"):
        Sample.from_text(text)
