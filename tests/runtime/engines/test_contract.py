"""What every engine promises, tested on each engine and device that opens on this machine.

`pytest tests/runtime/engines/test_contract.py --device cuda` tests that device alone, and fails
where no engine runs on it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tolerances import INSTANCE_SCORE, PX, SCORE

from sleap_rt.errors import EngineError, OptionError
from sleap_rt.models.native.load_native import load_native_model
from sleap_rt.models.reference import predict_crops, predict_frame
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime import open_predictor
from sleap_rt.runtime.engines import Engine, declarations, open_engine

ROOT = Path(__file__).resolve().parents[3]
MODELS = ROOT / "samples/models"
SIZES = [(192, 256), (150, 211)]  # (height, width) px: of training, and one never seen

pytestmark = pytest.mark.engine
PAIRS = [
    (name, device.kind) for name, declared in declarations().items() for device in declared.devices
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "options" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--device")
        kind = (asked or "").partition(":")[0]
        pairs = [(name, asked or one) for name, one in PAIRS if kind in ("", one)]
        metafunc.parametrize("options", pairs, indirect=True, ids=" on ".join, scope="module")


@pytest.fixture(scope="module")
def options(request: pytest.FixtureRequest) -> EngineOptions:
    engine, device = request.param
    return EngineOptions(engine=engine, device=device)


@pytest.fixture(scope="module")
def engine(options: EngineOptions, sample_graphs: Callable[..., list[Path]]) -> Iterator[Engine]:
    _, crop_graph = sample_graphs("centroid", "centered_instance")
    try:
        engine = open_engine(crop_graph, options)
    except (EngineError, OptionError) as error:
        pytest.skip(f"{options.engine} on {options.device}: {error}")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def frame() -> np.ndarray:
    _, image = cv2.VideoCapture(str(ROOT / "samples/crawlers.mp4")).read()
    return np.ascontiguousarray(image[..., :1])


def _feed(frame: np.ndarray, centers: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "frames": frame[None],
        "centers": centers,
        "frame_index": np.zeros(len(centers), np.int64),
        "peak_threshold": np.array(0.2, np.float32),
        "integral_refinement": np.array(1, np.float32),
    }


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("n_crops", [1, 3])
def test_crops_have_the_poses_of_the_checkpoint(engine, frame, size, n_crops):
    model = load_native_model(MODELS / "centered_instance")
    image = cv2.resize(frame, size[::-1])[..., None]
    centers = np.array([[60, 70], [128.4, 99.7], [5, 140]], np.float32)[:n_crops]
    expected = predict_crops(model, image, centers, DecodeOptions())
    found = engine.run(_feed(image, centers), ["peaks", "peak_vals"])
    assert set(found) == {"peaks", "peak_vals"}
    np.testing.assert_allclose(found["peaks"], expected.points, rtol=0, atol=PX)
    np.testing.assert_allclose(found["peak_vals"], expected.values, rtol=0, atol=SCORE)


def test_instances_are_those_of_the_checkpoint(options, engine, frame, sample_graphs):
    model = load_native_model(MODELS / "bottomup")
    predictor = open_predictor(sample_graphs("bottomup"), DecodeOptions(), options)
    found = predictor.predict(np.stack([frame, frame[::-1]]), [0, 1])
    predictor.close()
    for image, instances in zip((frame, frame[::-1]), found, strict=True):
        expected = predict_frame(model, image, DecodeOptions())
        assert len(expected.points) > 0
        np.testing.assert_allclose(instances.points, expected.points, rtol=0, atol=PX)
        np.testing.assert_allclose(instances.scores, expected.scores, rtol=0, atol=INSTANCE_SCORE)


def test_every_output_can_be_fetched(engine, frame):
    found = engine.run(_feed(frame, np.array([[60, 70]], np.float32)))
    assert list(found) == [spec.name for spec in engine.outputs]
    for spec in engine.outputs:
        assert found[spec.name].dtype == spec.dtype
        assert found[spec.name].ndim == len(spec.shape)


def test_uploaded_frames_serve_several_runs(engine, frame):
    feed = _feed(frame, np.array([[60, 70]], np.float32))
    expected = engine.run(feed, ["peaks", "peak_vals"])
    uploaded = feed | {"frames": engine.upload(feed["frames"])}
    for _ in range(2):
        found = engine.run(uploaded, ["peaks", "peak_vals"])
        for name in ("peaks", "peak_vals"):
            np.testing.assert_array_equal(found[name], expected[name])


def test_results_stay_after_the_next_run(engine, frame):
    first = engine.run(_feed(frame, np.array([[60, 70]], np.float32)), ["peaks"])["peaks"]
    kept = first.copy()
    engine.run(_feed(frame, np.array([[128, 99]], np.float32)), ["peaks"])
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("frames", np.zeros((1, 64, 64, 1), np.float32)),
        ("frames", np.zeros((64, 64, 1), np.uint8)),
        ("centers", np.zeros((1, 3), np.float32)),
        ("frame_index", np.zeros(1, np.int32)),
        ("peak_threshold", None),
    ],
)
def test_values_that_do_not_fit_are_refused_in_words(engine, frame, name, value):
    feed = _feed(frame, np.array([[60, 70]], np.float32)) | {name: value}
    if value is None:
        del feed[name]
    with pytest.raises(EngineError, match=name):
        engine.run(feed, ["peaks"])


def test_it_says_where_it_runs(engine, options):
    assert engine.device.partition(":")[0] == options.device.partition(":")[0]


def test_an_engine_runs_on_the_device_that_was_asked_for(request):
    kind = (request.config.getoption("--device") or "cpu").partition(":")[0]
    obstacles = {name: declarations()[name].why_not(one) for name, one in PAIRS if one == kind}
    assert None in obstacles.values(), obstacles


def test_an_input_that_nothing_reads_is_accepted_and_checked(options, tmp_path):
    """As `integral_refinement` is where a model refines its peaks by an offsets head."""
    kinds = {"frames": (TensorProto.UINT8, ["n", 4, 5, 1]), "unread": (TensorProto.FLOAT, [])}
    graph = helper.make_graph(
        [helper.make_node("Cast", ["frames"], ["floats"], to=TensorProto.FLOAT)],
        "graph",
        [helper.make_tensor_value_info(key, *kind) for key, kind in kinds.items()],
        [helper.make_tensor_value_info("floats", TensorProto.FLOAT, ["n", 4, 5, 1])],
    )
    opsets = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), tmp_path / "a.onnx")
    try:
        engine = open_engine(tmp_path / "a.onnx", options)
    except (EngineError, OptionError) as error:
        pytest.skip(f"{options.engine} on {options.device}: {error}")
    frames = np.arange(40, dtype=np.uint8).reshape(2, 4, 5, 1)
    feed = {"frames": frames, "unread": np.array(1, np.float32)}
    np.testing.assert_array_equal(engine.run(feed)["floats"], frames)
    for wrong in (np.array(1), np.zeros(2, np.float32)):
        with pytest.raises(EngineError, match="unread"):
            engine.run(feed | {"unread": wrong})
    engine.close()
