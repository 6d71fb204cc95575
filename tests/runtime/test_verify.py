"""Replaying a stored sample passes an equal graph and fails another; damage is told in words."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from sleap_rt.cli.app import main
from sleap_rt.errors import ModelError
from sleap_rt.models import load_native_model
from sleap_rt.models.reference import predict_crops, predict_instances
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime.graph_file import read_sample
from sleap_rt.runtime.verify import TOLERANCES, compare_instances, verify_graph
from sleap_rt.sample import SAMPLE_KEY, Sample

MODELS = Path(__file__).resolve().parents[2] / "samples/models"
ORT = EngineOptions(engine="ort", device="cpu")
NAN = np.nan


def animal(x: float, y: float, n_nodes: int = 2) -> np.ndarray:
    return np.array([[x + 10 * node, y] for node in range(n_nodes)], np.float32)


def compare(expected, found, scores=0.0):
    expected, found = np.array(expected, np.float32), np.array(found, np.float32)
    return compare_instances(
        expected, np.zeros(expected.shape[:2]), found, np.full(found.shape[:2], scores)
    )


def test_the_nearest_instances_are_paired_whatever_their_order():
    found = compare([animal(0, 0), animal(50, 0)], [animal(50, 3), animal(0, 4)], scores=0.25)
    assert (found.n_expected, found.n_lost, found.n_extra, found.n_other_nodes) == (2, 0, 0, 0)
    assert found.max_px == 4
    assert sorted(found.px.tolist()) == [3, 3, 4, 4]
    assert found.max_score == 0.25


def test_lost_and_extra_instances_are_counted():
    two, one = [animal(0, 0), animal(50, 0)], [animal(50, 0)]
    assert (compare(two, one).n_lost, compare(two, one).n_extra) == (1, 0)
    assert (compare(one, two).n_lost, compare(one, two).n_extra) == (0, 1)
    none = np.empty((0, 2, 2))
    assert compare(two, none).n_lost == 2
    assert compare(none, two).n_extra == 2


def test_a_node_that_only_one_of_them_has_is_counted():
    expected = [[[0, 0], [NAN, NAN]], [[NAN, NAN], [NAN, NAN]]]
    found = [[[0, 0], [5, 5]], [[NAN, NAN], [NAN, NAN]]]
    differences = compare(expected, found)
    assert (differences.n_lost, differences.n_other_nodes) == (0, 1)
    assert not differences.within(TOLERANCES["fp16"])
    assert compare(expected, expected).within(TOLERANCES["fp32"])


def test_what_is_no_number_is_never_within_a_tolerance():
    assert not compare([animal(0, 0)], [animal(0, 0)], scores=NAN).within(TOLERANCES["fp16"])


def test_float32_bounds_every_point_float16_all_but_one_in_a_hundred():
    expected = [animal(0, 0, 200)]
    found = [expected[0].copy()]
    found[0][0] += (0.0, 3.0)
    assert not compare(expected, found).within(TOLERANCES["fp32"])
    assert compare(expected, found).within(TOLERANCES["fp16"])


def test_a_sample_survives_its_text():
    rng = np.random.default_rng(1)
    sample = Sample(
        frame=rng.integers(0, 256, (5, 7, 3), np.uint8),
        peak_threshold=0.1,
        centers=rng.normal(size=(2, 2)).astype(np.float32),
        points=np.array([[[0.1, NAN], [1 / 3, 2]]], np.float32),
        point_scores=np.array([[0.7, NAN]], np.float32),
    )
    again = Sample.from_json(sample.to_json())
    for name in ("frame", "centers", "points", "point_scores"):
        np.testing.assert_array_equal(getattr(again, name), getattr(sample, name))
    assert again.peak_threshold == 0.1


@pytest.mark.parametrize(
    "change",
    [{"version": 9}, {"frame_png": "AAAA"}, {"points": [[1]]}, {"points": "x"}, {"centers": "?"}],
)
def test_a_damaged_sample_is_told(change):
    sample = Sample(
        frame=np.zeros((4, 4, 1), np.uint8),
        peak_threshold=0.1,
        centers=None,
        points=np.zeros((1, 2, 2), np.float32),
        point_scores=np.zeros((1, 2), np.float32),
    )
    with pytest.raises(ModelError, match="damaged or of another version"):
        Sample.from_json(json.dumps(json.loads(sample.to_json()) | change))


KINDS = [
    ("single_instance",),
    ("bottomup",),
    ("multi_class_bottomup",),
    ("centroid", "centered_instance"),
]


@pytest.mark.engine
@pytest.mark.parametrize("names", KINDS, ids="+".join)
def test_the_stored_sample_is_what_the_checkpoint_finds(names, sample_graphs):
    """Against the plain pipeline, run again: the file's numbers are the checkpoint's own."""
    for graph in sample_graphs(*names):
        model, sample = load_native_model(MODELS / graph.stem), read_sample(graph)
        options = DecodeOptions(peak_threshold=sample.peak_threshold, min_line_scores=-1e3)
        if sample.centers is None:
            found = predict_instances(model, sample.frame, options)
            points, scores = found.points, found.point_scores
        else:
            crops = predict_crops(model, sample.frame, sample.centers, options, size_from=model)
            points, scores = crops.points, crops.values
        np.testing.assert_allclose(sample.points, points, rtol=0, atol=1e-4)
        np.testing.assert_allclose(sample.point_scores, scores, rtol=0, atol=1e-5)
        assert len(sample.points) > 0
        assert not np.isnan(sample.points).all()
        verification = verify_graph(graph, ORT)
        assert verification.passed
        assert verification.device == "cpu"
        assert verification.differences.n_expected == len(points)


def changed(graph: Path, path: Path, bias: float) -> Path:
    """The graph with another bias of its confidence maps."""
    proto = onnx.load(graph)
    (tensor,) = (t for t in proto.graph.initializer if t.name.endswith("heads.confmaps.conv.bias"))
    values = onnx.numpy_helper.to_array(tensor) + np.float32(bias)
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    onnx.save(proto, path)
    return path


@pytest.mark.engine
def test_a_changed_graph_fails_with_exit_code_1(sample_graphs, tmp_path, capsys):
    (graph,) = sample_graphs("single_instance")
    for bias, code, word in ((0.0, 0, ": ok on ort (cpu)"), (0.001, 1, ": FAILED on ort (cpu)")):
        path = changed(graph, tmp_path / "single_instance.onnx", bias)
        with pytest.raises(SystemExit) as left:
            main(["verify", str(path), "--engine", "ort", "--device", "cpu"])
        assert left.value.code == code
        assert word in capsys.readouterr().out


@pytest.mark.engine
def test_a_file_without_a_sample_is_told(sample_graphs, tmp_path):
    (graph,) = sample_graphs("single_instance")
    proto = onnx.load(graph)
    kept = [entry for entry in proto.metadata_props if entry.key != SAMPLE_KEY]
    del proto.metadata_props[:]
    proto.metadata_props.extend(kept)
    onnx.save(proto, tmp_path / "bare.onnx")
    with pytest.raises(ModelError, match="holds no sample to replay"):
        verify_graph(tmp_path / "bare.onnx", ORT)
