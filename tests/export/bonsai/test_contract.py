"""A folder for Bonsai.Sleap, read as it does, gives the poses of our own runs."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest

from bonsai.reader import KEYS, Operator, read_metadata
from sleap_rt import PosePredictor
from sleap_rt.cli import main
from sleap_rt.contract import BONSAI_KEY
from sleap_rt.errors import ModelError, OptionError
from sleap_rt.export.exporter import export_models as export_certified
from sleap_rt.options import DecodeOptions, ExportOptions
from sleap_rt.runtime.frames.video import VideoFile
from sleap_rt.runtime.graph_file import read_graph_file
from sleap_rt.workflows.export import export_models

ROOT = Path(__file__).resolve().parents[3]
PX = 1e-3  # of two engines' runs of the same graph, whose batches differ
PROBABILITY = 1e-4
FRAMES = (0, 30, 55)
KINDS = {
    ("single_instance",): ("PredictSinglePose", "single_instance"),
    ("centroid",): ("PredictCentroids", "centroid"),
    ("centroid", "centered_instance"): ("PredictPoses", "topdown"),
    ("centroid", "multi_class_topdown"): (
        "PredictPoseIdentities",
        "multi_class_topdown_combined",
    ),
}


SAMPLES = ROOT / "samples/models"


def trained(names):
    return [SAMPLES / name for name in names]


@pytest.fixture(scope="module")
def exported_for_bonsai(tmp_path_factory, exported):
    """`exported_for_bonsai(names, **options)`: the file; once for each set of options.

    Its float32 stages are those of the session: to certify them takes long.
    """
    done = {}

    def stages(paths, folder, overrides, options, **rest):
        if options.precision != "fp32":
            return export_certified(paths, folder, overrides, options, **rest)
        return exported(paths)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sleap_rt.export.bonsai.bonsai_export.export_models", stages)
        yield partial(_exported, done, tmp_path_factory)


def _exported(done, tmp_path_factory, names, models=SAMPLES, **options):
    key = (names, models, *sorted(options.items()))
    if key not in done:
        folder = tmp_path_factory.mktemp("bonsai")
        given = {"decode": DecodeOptions(max_instances=4), "format": "bonsai", **options}
        stages = export_models(
            [models / name for name in names], folder, options=ExportOptions(**given)
        )
        assert len({one.path for one in stages}) == 1
        done[key] = stages[0].path
    return done[key]


def images_of(name):
    with VideoFile(ROOT / f"samples/{name}.mp4") as clip:
        return np.stack([clip.read(index) for index in FRAMES])


def images_for(names):
    return images_of("one_crawler" if names == ("single_instance",) else "crawlers")


def ours(names, sample_graphs, frame):
    """What our own run finds, and the name of the most probable class of each animal."""
    graphs = [str(path) for path in sample_graphs(*names)]
    raw = ["class_probs"] if "multi_class_topdown" in names else []
    with PosePredictor(graphs, raw=raw, engine="ort", device="cpu") as predictor:
        found = predictor.predict_frame(frame)
        best = found.raw["class_probs"].argmax(axis=1) if raw else []
        return found, [predictor.class_names[number] for number in best]


def check(found, expected, identities=()):
    """The same animals: each is paired with the nearest."""
    assert len(found) == len(expected)
    left = list(found)
    for i, points in enumerate(expected.points):
        poses = [np.array([pose.parts[name][:2] for name in pose.parts]) for pose in left]
        apart = [np.nan_to_num(np.abs(pose - points), nan=0.0).max() for pose in poses]
        nearest = int(np.argmin(apart))
        pose = left.pop(nearest)
        np.testing.assert_allclose(poses[nearest], points, atol=PX)
        scores = np.array([value[2] for value in pose.parts.values()])
        seen = ~np.isnan(points[:, 0])
        np.testing.assert_allclose(scores[seen], expected.point_scores[i][seen], atol=PROBABILITY)
        if identities:
            assert pose.identity == identities[i]


@pytest.mark.parametrize("names", KINDS)
def test_the_metadata_has_exactly_the_keys_that_are_known(names, exported_for_bonsai):
    path = exported_for_bonsai(names)
    _, model_type = KINDS[names]
    assert path.name == f"{model_type}.onnx"
    assert sorted(file.name for file in path.parent.iterdir()) == sorted(
        [path.name, "export_metadata.json"]
    )
    found = read_metadata(path.parent)
    assert set(found) == set(KEYS)
    assert found["model_type"] == model_type
    assert found["n_nodes"] == len(found["node_names"])
    assert found["n_edges"] == len(found["edge_inds"])
    assert found["peak_threshold"] == 0.2
    assert found["max_instances"] == (1 if names == ("single_instance",) else 4)
    is_named = "multi_class_topdown" in names
    assert found["n_classes"] == (len(found["class_names"]) if is_named else None)
    others = [other for other, of_type in KINDS.values() if of_type != model_type]
    for other in others:
        with pytest.raises(ValueError, match=f"{other} got a model of type"):
            Operator(other, path)


@pytest.mark.parametrize("names", [names for names in KINDS if names != ("centroid",)])
def test_poses_are_ours(names, exported_for_bonsai, sample_graphs):
    operator = Operator(KINDS[names][0], exported_for_bonsai(names))
    for frame in images_for(names):
        expected, identities = ours(names, sample_graphs, frame)
        assert len(expected)
        found = operator.process(frame.transpose(2, 0, 1)[None])
        check(found, expected, identities)
        for pose in found:
            assert pose.centroid is None or pose.centroid[2] > 0.2


@pytest.mark.parity
@pytest.mark.parametrize("last", ["centered_instance", "topdown_multiclass"])
def test_models_of_sleap_1_4_are_read_too(last, exported_for_bonsai, exported, shared_data):
    """Of a pair with classes, our run leaves out animals whose class another one got."""
    folder = shared_data / "legacy"
    path = exported_for_bonsai(("centroid", last), folder)
    operator = Operator(
        "PredictPoses" if last == "centered_instance" else "PredictPoseIdentities", path
    )
    graphs = [str(graph) for graph in exported([folder / "centroid", folder / last])]
    with VideoFile(shared_data / "videos/centered_pair_small.mp4") as clip:
        frame = clip.read(0)
    with PosePredictor(graphs, engine="ort", device="cpu", max_instances=4) as predictor:
        expected = predictor.predict_frame(frame)
    found = operator.process(frame.transpose(2, 0, 1)[None])
    assert len(expected)
    if last == "centered_instance":
        check(found, expected)
    poses = [np.array(list(pose.parts.values()))[:, :2] for pose in found]
    for points in expected.points:
        nearest = min(poses, key=lambda pose: np.nansum(np.abs(pose - points)))
        np.testing.assert_allclose(nearest, points, atol=PX)


def test_centroids_are_ours(exported_for_bonsai, sample_graphs):
    names = ("centroid",)
    operator = Operator("PredictCentroids", exported_for_bonsai(names))
    for frame in images_for(names):
        expected, _ = ours(names, sample_graphs, frame)
        found = operator.process(frame.transpose(2, 0, 1)[None])
        points = sorted([x, y, score] for (x, y, score), _, _ in found)
        wanted = sorted(
            [*map(float, point[0]), float(score)]
            for point, score in zip(expected.points, expected.scores, strict=True)
        )
        np.testing.assert_allclose(points, wanted, atol=PX)


def test_a_batch_of_images_gives_a_pose_each(exported_for_bonsai, sample_graphs):
    names = ("single_instance",)
    frames = images_for(names)
    operator = Operator("PredictSinglePose", exported_for_bonsai(names))
    found = operator.process(np.ascontiguousarray(frames.transpose(0, 3, 1, 2)))
    assert len(found) == len(frames)
    for frame, pose in zip(frames, found, strict=True):
        check([pose], ours(names, sample_graphs, frame)[0])


def test_places_for_more_animals_than_there_are_stay_empty(exported_for_bonsai):
    names = ("centroid", "centered_instance")
    operator = Operator("PredictPoses", exported_for_bonsai(names))
    nothing = np.full((1, 1, 250, 324), 128, np.uint8)
    assert operator.process(nothing) == []


def test_fewer_places_keep_the_best_animals(exported_for_bonsai, sample_graphs):
    names = ("centroid", "centered_instance")
    path = exported_for_bonsai(names, decode=DecodeOptions(max_instances=2, peak_threshold=0.3))
    assert read_metadata(path.parent)["peak_threshold"] == 0.3
    operator = Operator("PredictPoses", path)
    graphs = [str(graph) for graph in sample_graphs(*names)]
    with PosePredictor(
        graphs, engine="ort", device="cpu", max_instances=2, peak_threshold=0.3
    ) as predictor:
        for frame in images_for(names):
            found = operator.process(frame.transpose(2, 0, 1)[None])
            assert len(found) == 2
            check(found, predictor.predict_frame(frame))


def test_a_graph_for_one_size_of_frames_takes_no_other(exported_for_bonsai, sample_graphs):
    names = ("centroid", "centered_instance")
    path = exported_for_bonsai(names, frame_size=(324, 250, 3))
    assert read_metadata(path.parent)["input_channels"] == 3
    (image,) = onnx.load(path).graph.input
    sizes = [dim.dim_value for dim in image.type.tensor_type.shape.dim]
    assert sizes == [0, 3, 250, 324]  # the batch is free
    operator = Operator("PredictPoses", path)
    frame = np.repeat(images_for(names)[0], 3, axis=2)
    expected, _ = ours(names, sample_graphs, frame)
    check(operator.process(np.ascontiguousarray(frame.transpose(2, 0, 1)[None])), expected)
    with pytest.raises(Exception, match="invalid dimensions"):
        operator.process(np.zeros((1, 3, 100, 100), np.uint8))


def test_float16_is_told_to_bonsai(exported_for_bonsai):
    path = exported_for_bonsai(("single_instance",), precision="fp16")
    assert read_metadata(path.parent)["precision"] == "fp16"


def test_our_description_goes_elsewhere_and_we_do_not_read_the_file(exported_for_bonsai):
    path = exported_for_bonsai(("centroid", "centered_instance"))
    found = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    described = json.loads(found[BONSAI_KEY])
    assert [contract["kind"] for contract in described] == ["centroid", "centered_instance"]
    assert all(contract["certificate"]["n_frames"] for contract in described)
    with pytest.raises(ModelError, match=r"was exported for Bonsai\.Sleap .* which alone"):
        read_graph_file(path)


@pytest.mark.parametrize(
    "names", [("bottomup",), ("multi_class_bottomup",), ("centered_instance",)]
)
def test_models_that_bonsai_has_no_operator_for_are_refused(names, tmp_path):
    with pytest.raises(ModelError) as refusal:
        export_models(trained(names), tmp_path / "out", options=ExportOptions(format="bonsai"))
    assert str(refusal.value) == (
        f"Bonsai.Sleap has no operator for {names[0]}; it has some for: single_instance; "
        "centroid; centroid + centered_instance; centroid + multi_class_topdown."
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--max_instances 3", "max_instances is built into graphs for Bonsai only; others take"),
        ("--peak_threshold 0.1", "at run time: pass it to track, or add --format bonsai"),
        ("--format bonsai --precision int8 --calibrate a.mp4", "fp32 and fp16, not int8"),
        ("--format bonsai --target sm86", "--target is for engines"),
        ("--format bonsai --max_instances 0", "max_instances must be at least 1"),
    ],
)
def test_what_has_no_effect_is_refused(words, told, tmp_path, capfd):
    model = str(trained(["centroid"])[0])
    with pytest.raises(SystemExit) as left:
        main(["export", model, "-o", str(tmp_path / "out"), *words.split()])
    assert left.value.code == 2
    assert told in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


def test_options_of_other_models_are_refused():
    options = ExportOptions(format="bonsai", decode=DecodeOptions(centroid_peak_threshold=0.1))
    with pytest.raises(OptionError, match="centroid_peak_threshold: no effect with single_inst"):
        export_models(trained(["single_instance"]), "out", options=options)
    with pytest.raises(OptionError, match="built into graphs for Bonsai only"):
        ExportOptions(decode=DecodeOptions(max_instances=2))
