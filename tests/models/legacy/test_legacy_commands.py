"""Legacy models through `export` and `track`, with networks of a few weights.

Their answers are compared with the plain reference; what cannot be done is answered in one line.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sleap_io
from fakes import graph_contract
from keras_files import (
    Layer,
    architecture,
    keras_h5,
    not_a_number_h5,
    training_config,
    weights_of,
    write_model,
    zip_folder,
)
from tolerances import SAME_GRAPH_PX

from sleap_rt.cli.app import main
from sleap_rt.errors import ModelError
from sleap_rt.export import export_models
from sleap_rt.models.legacy.load_legacy import load_legacy_model
from sleap_rt.models.pairs import in_order
from sleap_rt.models.reference import predict_frame, predict_pair
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime import open_predictor, read_graph_file
from sleap_rt.runtime.engines.tensorrt.bindings import find_tensorrt
from sleap_rt.runtime.engines.tensorrt.build import (
    BuildRequest,
    build_engine,
    decoded_outputs,
    read_graph_tensors,
)
from sleap_rt.runtime.engines.tensorrt.shapes import ShapeProfile
from sleap_rt.runtime.engines.tensorrt.targets import parse_target
from sleap_rt.runtime.model_set import ModelSet

VIDEO = Path(__file__).resolve().parents[3] / "samples/one_crawler.mp4"
CLIPS = ("one_crawler.mp4", "crawlers.mp4")  # 250 x 190 px, 324 x 250 px
CPU = EngineOptions(engine="ort", device="cpu")
SEED = 21
RNG = np.random.default_rng(SEED)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(autouse=True)
def _same_weights_whatever_ran_before() -> None:
    RNG.bit_generator.state = np.random.default_rng(SEED).bit_generator.state


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str]:
    """Exit code and what was written to standard error."""
    with pytest.raises(SystemExit) as left:
        main([str(arg) for arg in args])
    return int(left.value.code or 0), capsys.readouterr().err


def _conv(name: str, filters: int, source: str, n_in: int) -> Layer:
    weights = {
        "kernel": RNG.normal(0, 0.4, (3, 3, n_in, filters)).astype(np.float32),
        "bias": np.full(filters, 0.1, np.float32),
    }
    config = {"filters": filters, "kernel_size": [3, 3], "padding": "same"}
    return Layer("Conv2D", name, config | {"activation": "linear"}, [source], weights)


def write(folder: Path, head: str, *, channels: int = 1, **changes: Any) -> Path:
    """A network of stride 2 with offsets, its head named as the kind of model wants it."""
    kind, n_nodes = {
        "CentroidConfmapsHead": ("centroid", 1),
        "CenteredInstanceConfmapsHead": ("centered_instance", 2),
        "SingleInstanceConfmapsHead": ("single_instance", 2),
    }[head]
    pool = {"pool_size": [2, 2], "strides": [2, 2], "padding": "same"}
    layers = [
        Layer("MaxPooling2D", "pool", pool),
        _conv(head, n_nodes, "pool", channels),
        _conv("OffsetRefinementHead", 2 * n_nodes, "pool", channels),
    ]
    config = training_config(kind, {"anchor_part": None}, **changes.pop("preprocessing", {}))
    config["data"]["instance_cropping"]["crop_size"] = 24 if kind == "centered_instance" else None
    folder.mkdir(parents=True)
    (folder / "training_config.json").write_text(json.dumps(config))
    graph = architecture(layers, [head, "OffsetRefinementHead"], channels=channels)
    (folder / "best_model.h5").write_bytes(keras_h5(graph, weights_of(layers)))
    return folder


def test_every_way_to_name_a_model_uses_the_same_export(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], own_cache: Path
) -> None:
    folder = write(tmp_path / "run", "SingleInstanceConfmapsHead")
    archive = zip_folder(folder, tmp_path / "run.zip", inside="run/")
    ways = [folder, archive, folder / "best_model.h5", folder / "training_config.json"]
    points = []
    for i, path in enumerate(ways):
        output = tmp_path / f"{i}.slp"
        code, words = run(capsys, "track", "-i", VIDEO, "-m", path, "--frames", "0-4", "-o", output)
        assert code == 0, words
        assert ("exporting" in words) == (i == 0)
        labels = sleap_io.load_slp(str(output), open_videos=False)
        points.append([frame.instances[0].numpy() for frame in labels])
    assert len(list((own_cache / "sleap-rt" / "exports").iterdir())) == 1
    np.testing.assert_array_equal(points[1:], [points[0]] * 3)
    model = load_legacy_model(folder)
    expected = [predict_frame(model, frame[..., None], DecodeOptions()) for frame in _frames(5)]
    np.testing.assert_allclose(points[0], [f.points[0] for f in expected], atol=SAME_GRAPH_PX)


def _frames(n: int) -> list[np.ndarray]:
    import cv2

    capture = cv2.VideoCapture(str(VIDEO))
    frames = [capture.read()[1][..., 0] for _ in range(n)]
    capture.release()
    return frames


def test_export_says_what_to_know_about_the_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    preprocessing = {"imagenet_mode": "caffe"}
    folder = write(tmp_path / "run", "SingleInstanceConfmapsHead", preprocessing=preprocessing)
    archive = zip_folder(folder, tmp_path / "flies.zip")
    code, words = run(capsys, "export", archive)
    assert code == 0
    assert "Note: single_instance: preprocessing.imagenet_mode is set; the original" in words
    contract = read_graph_file(tmp_path / "flies/exported/single_instance.onnx").contract
    assert contract.family == "legacy"
    assert contract.decoding.offsets
    assert contract.notes[0].startswith("preprocessing.imagenet_mode")
    metadata = json.loads((tmp_path / "flies/exported/export_metadata.json").read_text())
    assert metadata["model_family"] == "legacy"


def _predict(folders: list[Path], frames: list[np.ndarray], to: Path, threshold: float) -> list:
    paths = export_models(folders, to)
    options = DecodeOptions(peak_threshold=threshold)
    predictor = open_predictor(paths, options, CPU)
    found = [predictor.predict(frame[None], [i])[0] for i, frame in enumerate(frames)]
    predictor.close()
    models = in_order([load_legacy_model(folder) for folder in folders])
    for mine, frame in zip(found, frames, strict=True):
        plain = predict_pair(models, frame, options)
        assert mine.points.shape == plain.points.shape
        np.testing.assert_allclose(mine.points, plain.points, atol=SAME_GRAPH_PX)
        np.testing.assert_allclose(mine.scores, plain.scores, atol=1e-4)
    return found


def _blobs(height: int, width: int, channels: int) -> np.ndarray:
    """Bright blobs on gray, coloured where there are colours."""
    y, x = np.mgrid[:height, :width, :1][:2]
    image = np.full((height, width, channels), 60.0)
    for _ in range(4):
        cx, cy = RNG.uniform(0.2, 0.8, 2) * (width, height)
        near = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 60)
        image += RNG.uniform(40, 150, channels) * near
    return image.clip(0, 255).astype(np.uint8)


def test_frames_are_brought_to_the_size_in_the_configuration(tmp_path: Path) -> None:
    size = {"target_height": 64, "target_width": 80, "input_scaling": 0.5}
    folder = write(tmp_path / "run", "CentroidConfmapsHead", preprocessing=size)
    frames = [_blobs(h, w, 1) for h, w in ((64, 80), (50, 40), (200, 130))]
    paths = export_models([folder], tmp_path / "out")
    preprocessing = read_graph_file(paths[0]).contract.preprocessing
    assert (preprocessing.max_height, preprocessing.max_width) == (64, 80)
    assert not preprocessing.fit_largest
    predictor = open_predictor(paths, DecodeOptions(), CPU)
    model = load_legacy_model(folder)
    for frame in frames:
        expected = predict_frame(model, frame, DecodeOptions())
        (found,) = predictor.predict(frame[None], [0])
        assert len(found) > 1
        np.testing.assert_allclose(found.points, expected.points, atol=SAME_GRAPH_PX)


def test_videos_of_a_run_are_brought_to_the_largest_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "run", "SingleInstanceConfmapsHead")
    videos = [sleap_io.load_video(str(VIDEO.with_name(name))) for name in CLIPS]
    animal = sleap_io.Instance.from_numpy(np.ones((1, 2)), sleap_io.Skeleton(["A"]))
    labelled = [
        sleap_io.LabeledFrame(video=video, frame_idx=3, instances=[animal]) for video in videos
    ]
    sleap_io.Labels(labelled).save(str(tmp_path / "both.slp"), embed=False)
    output = tmp_path / "out.slp"
    code, words = run(capsys, "track", "-i", tmp_path / "both.slp", "-m", folder, "-o", output)
    assert code == 0, words
    labels = sleap_io.load_slp(str(output), open_videos=False)
    found = [
        next(f for f in labels if f.frame_idx == 3 and f.video.filename.endswith(name))
        for name in CLIPS
    ]
    frames = [video[3] for video in videos]
    assert frames[0].shape != frames[1].shape
    height, width = (max(frame.shape[axis] for frame in frames) for axis in (0, 1))
    model = load_legacy_model(folder)
    common = replace(model.preprocessing, max_height=height, max_width=width)
    model = replace(model, preprocessing=common)
    for mine, frame in zip(found, frames, strict=True):
        plain = predict_frame(model, frame, DecodeOptions())
        np.testing.assert_allclose(mine.instances[0].numpy(), plain.points[0], atol=SAME_GRAPH_PX)


@pytest.mark.parametrize("channels", [(1, 3), (3, 1)], ids=["gray + RGB", "RGB + gray"])
def test_scaled_crops_have_the_colours_of_the_first_stage(
    tmp_path: Path, channels: tuple[int, int]
) -> None:
    """Each stage with a scale of its own: the crop's size counts after scaling."""
    centroid = write(
        tmp_path / "centroid",
        "CentroidConfmapsHead",
        channels=channels[0],
        preprocessing={"input_scaling": 0.25},
    )
    instance = write(
        tmp_path / "instance",
        "CenteredInstanceConfmapsHead",
        channels=channels[1],
        preprocessing={"input_scaling": 0.5},
    )
    frames = [_blobs(90, 120, 3), _blobs(90, 120, 1)]
    found = _predict([instance, centroid], frames, tmp_path / "out", threshold=0.05)
    assert sum(len(instances) for instances in found) > 4
    contracts = [read_graph_file(p).contract for p in sorted((tmp_path / "out").glob("*.onnx"))]
    crop = contracts[0].preprocessing
    assert contracts[0].kind == "centered_instance"
    assert (crop.crop_size, crop.crop_unit, crop.resize) == ((24, 24), "scaled", "bilinear")
    assert crop.channels == ("grayscale" if channels[0] == 1 else "rgb")


@pytest.mark.engine
def test_graphs_build_for_tensorrt(tmp_path: Path) -> None:
    """Resizing, gray conversion and fractional crops, for frames that need all of them."""
    pytest.importorskip("tensorrt_rtx_bindings", reason="TensorRT-RTX is not installed")
    size = {"target_height": 64, "target_width": 80, "input_scaling": 0.5}
    centroid = write(tmp_path / "centroid", "CentroidConfmapsHead", preprocessing=size)
    instance = write(
        tmp_path / "instance", "CenteredInstanceConfmapsHead", channels=3, preprocessing=size
    )
    rtx = find_tensorrt("trt-rtx")
    for graph in export_models([centroid, instance], tmp_path / "out"):
        _, outputs = read_graph_tensors(rtx, graph)
        request = BuildRequest(
            model=graph,
            outputs=decoded_outputs([spec.name for spec in outputs]),
            profile=ShapeProfile(frame_size=(100, 90, 3)),
            target=parse_target("sm86"),
        )
        assert build_engine(rtx, request, lambda phase, done: None)


def _truncated(folder: Path) -> Path:
    weights = folder / "best_model.h5"
    weights.write_bytes(weights.read_bytes()[:2000])
    return folder


def _overwritten(folder: Path) -> Path:
    (folder / "best_model.h5").write_bytes(b"not HDF5 at all" * 100)
    return folder


def _pointer(folder: Path) -> Path:
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 2500000\n"
    (folder / "best_model.h5").write_text(text)
    return folder


def _without(name: str, *others: str) -> Callable[[Path], Path]:
    def change(folder: Path) -> Path:
        (folder / name).unlink()
        for other in others:
            (folder / other).write_bytes(b"")
        return folder

    return change


def _unknown_layer(folder: Path) -> Path:
    layers = [
        Layer("SpectralConv", "mystery", {"filters": 2}),
        Layer("Activation", "SingleInstanceConfmapsHead", {"activation": "relu"}, ["mystery"]),
    ]
    content = keras_h5(architecture(layers, ["SingleInstanceConfmapsHead"]), weights_of(layers))
    (folder / "best_model.h5").write_bytes(content)
    return folder


def _not_a_number(folder: Path) -> Path:
    (folder / "best_model.h5").write_bytes(not_a_number_h5())
    return folder


def _saved_model(folder: Path) -> Path:
    _without("training_config.json", "saved_model.pb")(folder)
    return _without("best_model.h5")(folder)


def _bad_json(folder: Path) -> Path:
    (folder / "training_config.json").write_text('{"data": {}\n"model"')
    return folder


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "damaged": (_overwritten, "not a readable HDF5 file"),
    "truncated": (_truncated, "damaged (2000 bytes)"),
    "pointer": (_pointer, "Git LFS"),
    "no configuration": (_without("training_config.json"), "training_config.json is missing"),
    "no weights": (_without("best_model.h5"), "best_model.h5 is missing"),
    "not a number": (_not_a_number, "NaN or infinite numbers"),
    "unknown layer": (_unknown_layer, "SpectralConv"),
    "Keras 3": (_without("best_model.h5", "best_model.keras"), "Keras 3"),
    "SavedModel": (_saved_model, "SavedModel"),
    "JSON": (_bad_json, "line 2, column 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_loaded_is_answered_in_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, words = REFUSED[name]
    folder = change(write_model(tmp_path / "run"))
    output = tmp_path / "out.slp"
    for args in (
        ("export", folder, "-o", tmp_path / "graphs"),
        ("track", "-i", VIDEO, "-m", folder, "-o", output),
    ):
        code, answer = run(capsys, *args)
        error = [line for line in answer.splitlines() if line.startswith("Error: ")]
        assert code == 1
        assert len(error) == 1
        assert str(folder) in error[0]
        assert words in error[0]
        assert "Traceback" not in answer
    assert not output.exists()
    assert not list((tmp_path / "graphs").glob("*"))


def test_weights_are_read_where_they_are_needed_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _not_a_number(write_model(tmp_path / "run"))
    assert run(capsys, "info", folder) == (0, "")
    code, answer = run(capsys, "info", folder, "--verbose")
    assert code == 1
    assert "NaN or infinite numbers" in answer


def test_native_and_legacy_models_are_not_mixed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    legacy = write(tmp_path / "legacy", "CentroidConfmapsHead")
    native = VIDEO.parent / "models/centered_instance"
    for args in (
        ("export", legacy, native, "-o", tmp_path / "graphs"),
        ("track", "-i", VIDEO, "-m", native, "-m", legacy),
    ):
        code, answer = run(capsys, *args)
        assert code == 1
        assert f"{legacy} (SLEAP 1.4 or older)" in answer
        assert "do not belong together" in answer


def test_exported_graphs_are_not_mixed_either() -> None:
    centroid = graph_contract("centroid", family="legacy", channels="grayscale")

    def joined(**changed: Any) -> ModelSet:
        return ModelSet.of([centroid, graph_contract("centered_instance", **changed)])

    pair = joined(family="legacy", channels="grayscale")
    assert pair.kinds == ("centroid", "centered_instance")
    with pytest.raises(ModelError, match=r"centroid \(legacy\), centered_instance \(native\): mod"):
        joined(family="native", channels="as_is")
    with pytest.raises(ModelError, match="The centered_instance model was exported for rgb frames"):
        joined(family="legacy", channels="rgb")


def test_options_without_effect_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "run", "SingleInstanceConfmapsHead")
    code, answer = run(capsys, "export", folder, "--input_scale", "0.5")
    assert (code, "keeps the settings it was trained with" in answer) == (2, True)
    code, answer = run(capsys, "track", "-i", VIDEO, "-m", folder, "--integral_refinement", "none")
    assert code == 2  # the network has offsets
    assert "integral_refinement" in answer
