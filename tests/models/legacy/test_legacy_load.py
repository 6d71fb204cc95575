"""Finding, reading and refusing legacy model folders and training configurations."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from keras_files import (
    Layer,
    architecture,
    keras_h5,
    single_instance_layers,
    skeleton_json,
    training_config,
    weights_of,
    write_model,
    zip_folder,
)

from sleap_rt.errors import ModelError
from sleap_rt.legacy_files import is_legacy_model
from sleap_rt.models.legacy.config import read_config
from sleap_rt.models.legacy.describe_legacy import describe_legacy
from sleap_rt.models.legacy.load_legacy import load_legacy_model
from sleap_rt.models.legacy.skeleton import skeleton_from_json


def _read(config: dict[str, Any]) -> Any:
    return read_config(json.dumps(config).encode(), "training_config.json")


# Where a model may lie


@pytest.mark.parametrize("given", ["folder", "h5", "json", "zip", "zip of the folder", "other h5"])
def test_every_way_to_name_a_model(given: str, tmp_path: Path) -> None:
    folder = write_model(tmp_path / "run")
    path = {
        "folder": lambda: folder,
        "h5": lambda: folder / "best_model.h5",
        "json": lambda: folder / "training_config.json",
        "zip": lambda: zip_folder(folder, tmp_path / "run.zip"),
        "zip of the folder": lambda: zip_folder(folder, tmp_path / "run.zip", inside="run/"),
        "other h5": lambda: (folder / "best_model.h5").rename(folder / "latest_model.h5"),
    }[given]()
    assert is_legacy_model(path)
    model = load_legacy_model(path)
    assert model.kind == "single_instance"
    assert model.skeleton.node_names == ("A", "B")
    assert model.decoding.confmaps_stride == 2
    assert model.preprocessing.max_stride == 2
    assert not model.decoding.offsets
    assert model.provenance.trained_with == "SLEAP 1.3.4"
    assert model.provenance.backbone == "unet"
    assert model.notes == ()
    assert model.network(torch.zeros(2, 1, 6, 4))["confmaps"].shape == (2, 2, 3, 2)


def test_a_folder_that_also_holds_a_native_model_is_native(tmp_path: Path) -> None:
    folder = write_model(tmp_path)
    (folder / "training_config.yaml").write_text("{}")
    assert not is_legacy_model(folder)
    assert is_legacy_model(folder / "best_model.h5")


@pytest.mark.parametrize("name", ["video.mp4", "model.onnx", "labels.slp", "config.yaml"])
def test_other_files_and_folders_are_not_taken_for_models(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"")
    assert not is_legacy_model(tmp_path / name)
    assert not is_legacy_model(tmp_path)
    assert not is_legacy_model(tmp_path / "absent")


def test_a_folder_with_results_is_not_taken_for_a_model(tmp_path: Path) -> None:
    """Analysis files and videos are `.h5` files, too."""
    (tmp_path / "video.analysis.h5").write_bytes(b"")
    assert not is_legacy_model(tmp_path)
    (tmp_path / "latest_model.h5").write_bytes(b"")
    assert is_legacy_model(tmp_path)


def _remove(folder: Path, name: str, *others: str) -> Path:
    (folder / name).unlink()
    for other in others:
        (folder / other).write_bytes(b"")
    return folder


def _only(folder: Path, name: str) -> Path:
    _remove(folder, "best_model.h5", name)
    return _remove(folder, "training_config.json")


REFUSED_PLACES: dict[str, tuple[Any, str]] = {
    "no configuration": (
        lambda f: _remove(f, "training_config.json"),
        r"training_config\.json is missing\. Give",
    ),
    "initial configuration only": (
        lambda f: _remove(f, "training_config.json", "initial_config.json"),
        r"initial_config\.json is there, but lacks",
    ),
    "no weights": (lambda f: _remove(f, "best_model.h5"), r"best_model\.h5 is missing\.$"),
    "other weights": (
        lambda f: _remove(f, "best_model.h5", "latest_model.h5", "model.epoch0001.h5"),
        r"There is latest_model\.h5, model\.epoch0001\.h5: give its path",
    ),
    "keras 3 in the folder": (
        lambda f: _remove(f, "best_model.h5", "best_model.keras"),
        "is a Keras 3 file",
    ),
    "keras 3": (
        lambda f: _remove(f, "best_model.h5", "best_model.keras") / "best_model.keras",
        "Keras 3 file; SLEAP 1.4 and earlier never wrote one. Give the training folder",
    ),
    "SavedModel": (lambda f: _only(f, "saved_model.pb"), "SavedModel.*Give the training folder"),
    "exported graph": (lambda f: _only(f, "frozen_graph.pb"), "sleap-export.*Give the training"),
    "damaged zip": (lambda f: _remove(f, "best_model.h5", "a.zip") / "a.zip", "cannot be read"),
}


@pytest.mark.parametrize("name", REFUSED_PLACES)
def test_what_is_no_complete_model_is_recognised_and_refused(name: str, tmp_path: Path) -> None:
    prepare, message = REFUSED_PLACES[name]
    path = prepare(write_model(tmp_path / "run"))
    assert is_legacy_model(path)
    with pytest.raises(ModelError, match=message) as caught:
        load_legacy_model(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such file or folder"):
        load_legacy_model(tmp_path / "absent")


def test_an_archive_of_several_models_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path / "both" / "a")
    write_model(tmp_path / "both" / "b")
    archive = Path(shutil.make_archive(str(tmp_path / "both"), "zip", tmp_path / "both"))
    assert is_legacy_model(archive)
    with pytest.raises(ModelError, match=r"several models \(a, b\)"):
        load_legacy_model(archive)


def test_a_truncated_weights_file_is_one_clear_line(tmp_path: Path) -> None:
    weights = write_model(tmp_path) / "best_model.h5"
    weights.write_bytes(weights.read_bytes()[:2000])
    with pytest.raises(ModelError, match=r"damaged \(2000 bytes\).*Copy the file again"):
        load_legacy_model(tmp_path)


# Configuration


def test_defaults_are_those_of_the_original() -> None:
    config = _read(training_config())
    assert config.input_scale == 1.0
    assert config.match_size is True
    assert (config.target_height, config.target_width, config.pad_to_stride) == (None, None, None)
    assert config.crop_size is None
    assert config.anchor_part is None


def test_values_that_only_training_uses_never_break_a_load() -> None:
    config = training_config()
    config["optimization"] = {"augmentation_config": {"rotate": "lots", "scale_min": [None]}}
    config["outputs"] = 7
    config["data"]["preprocessing"]["ensure_rgb"] = "perhaps"
    config["data"]["labels"]["validation_fraction"] = "none"
    assert _read(config).kind == "single_instance"


def test_comments_are_allowed_and_strings_kept() -> None:
    text = json.dumps(training_config())
    text = text.replace('"A"', '"A//1"').replace("{", "{ // a comment\n /* another\n one */", 1)
    config = read_config(text.encode(), "training_config.json")
    assert config.skeleton.node_names == ("A//1", "B")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n "a": /* one\n two */ oops}', r"not valid JSON at line 3, column \d+"),
        ("[]", "found list"),
        ("{}", "older than SLEAP 1.0"),
        ('{"data": {}, "model": {"backbone": {}}}', "older than SLEAP 1.0"),
        ("\xff", "UTF-8"),
    ],
)
def test_files_that_are_no_configuration_are_refused(text: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        read_config(text.encode("latin-1"), "training_config.json")


def _change(path: str, value: Any) -> dict[str, Any]:
    config = training_config()
    *parents, last = path.split(".")
    target = config
    for key in parents:
        target = target[key]
    target[last] = value
    return config


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("model.heads.centroid", {}, r"model\.heads sets centroid, single_instance"),
        ("model.heads.single_instance", None, r"model\.heads sets none"),
        ("model.backbone.leap", {}, r"model\.backbone sets unet, leap"),
        ("model.heads", {"mask": {}}, r"model\.heads\.mask: no such kind"),
        ("data.labels.skeletons", [], "skeletons is empty.*initial_config"),
        ("data.labels.skeletons", [{"nodes": 3}], "cannot be read"),
        ("data.preprocessing.input_scaling", 0, "scale must be positive"),
        ("data.preprocessing.input_scaling", "big", "input_scaling: expected a number"),
        ("model.heads", {"centered_instance": {}}, "crop_size is missing"),
        ("model.heads", {"multi_class_bottomup": {}}, "classes is empty"),
        (
            "model.heads",
            {"multi_instance": {"pafs": {"edges": [["A", "C"]]}}},
            "edges does not fit the skeleton",
        ),
        ("model.heads", {"multi_instance": {"pafs": {"edges": []}}}, r"0 edge\(s\)"),
    ],
)
def test_what_inference_needs_is_checked(
    path: str, value: Any, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=message):
        describe_legacy(write_model(tmp_path, _change(path, value)))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("model.heads.single_instance.part_names", ["B", "A"], "go by their position"),
        ("data.preprocessing.imagenet_mode", "torch", "imagenet_mode is set"),
        ("model.backbone.unet.max_stride", 16, "stride 16 for max, the network has 2"),
        ("model.heads.single_instance.output_stride", 4, "stride 4 for confmaps"),
    ],
)
def test_contradictions_that_the_network_settles_are_noted(
    path: str, value: Any, message: str, tmp_path: Path
) -> None:
    model = load_legacy_model(write_model(tmp_path, _change(path, value)))
    (note,) = model.notes
    assert message in note


def test_network_and_configuration_of_different_runs_are_refused(tmp_path: Path) -> None:
    config = training_config()
    config["data"]["labels"]["skeletons"] = [skeleton_json(["A", "B", "C"], [("A", "B")])]
    with pytest.raises(ModelError, match=r"has 2 channels.*ask for 3.*same training run"):
        load_legacy_model(write_model(tmp_path, config))


def test_a_network_of_one_size_needs_crops_of_that_size(tmp_path: Path) -> None:
    kernel, bias = np.ones((4 * 4 * 1, 2), np.float32), np.zeros(2, np.float32)
    head = single_instance_layers()[1]
    head.name = "CenteredInstanceConfmapsHead"
    classes = [
        Layer("Flatten", "flat", inputs=["pool"]),
        Layer(
            "Dense",
            "ClassVectorsHead",
            {"units": 2, "activation": "softmax"},
            inputs=["flat"],
            weights={"kernel": kernel, "bias": bias},
        ),
    ]
    layers = [single_instance_layers()[0], head, *classes]
    config = training_config(
        "multi_class_topdown", {"confmaps": {}, "class_vectors": {"classes": ["f", "m"]}}
    )
    config["data"]["instance_cropping"]["crop_size"] = 8
    found = architecture(layers, [head.name, "ClassVectorsHead"], size=(8, 8))
    write_model(tmp_path, config)
    (tmp_path / "best_model.h5").write_bytes(keras_h5(found, weights_of(layers)))
    assert load_legacy_model(tmp_path).network.fixed_size == (8, 8)
    config["data"]["instance_cropping"]["crop_size"] = 16
    (tmp_path / "training_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"only on images of 8 x 8 px.*crop_size is 16"):
        load_legacy_model(tmp_path)


def test_bottomup_reads_edges_by_name_and_classes_in_order() -> None:
    edges = _read(_change("model.heads", {"multi_instance": {"pafs": {"edges": [["B", "A"]]}}}))
    assert (edges.kind, edges.heads.edges) == ("bottomup", ((1, 0),))
    default = _read(_change("model.heads", {"multi_instance": {"pafs": {"edges": None}}}))
    assert default.heads.edges == ((0, 1),)
    classes = {"class_maps": {"classes": ["female", "male"]}}
    assert _read(_change("model.heads", {"multi_class_bottomup": classes})).heads.class_names == (
        "female",
        "male",
    )


def test_anchor_of_crops_comes_from_the_cropping_section() -> None:
    config = _change("model.heads", {"centered_instance": {"anchor_part": "A"}})
    config["data"]["instance_cropping"] = {"crop_size": 64, "center_on_part": "B"}
    assert (_read(config).anchor_part, _read(config).crop_size) == ("B", 64)
    config["data"]["instance_cropping"]["center_on_part"] = "tail"
    assert _read(config).anchor_part is None
    assert "tail" in _read(config).notes[0]


# Skeletons


def test_nodes_keep_the_order_of_the_node_list_not_of_appearance() -> None:
    skeleton = skeleton_from_json(
        skeleton_json(["head", "thorax", "tail"], [("thorax", "head"), ("thorax", "tail")])
    )
    assert skeleton.node_names == ("head", "thorax", "tail")
    assert skeleton.edge_inds == ((1, 0), (1, 2))


def test_edges_are_sorted_by_insertion_and_symmetries_are_pairs() -> None:
    found = skeleton_json(["A", "B", "C"], [("A", "B"), ("B", "C")])
    found["links"][0]["edge_insert_idx"], found["links"][1]["edge_insert_idx"] = 1, 0
    symmetry = {"py/reduce": [{"py/type": "sleap.skeleton.EdgeType"}, {"py/tuple": [2]}, None]}
    # A, B, body edge, C so far: the new edge type is object 5.
    for a, b, kind in ((1, 4, symmetry), (4, 1, {"py/id": 5})):
        found["links"].append(
            {"key": 0, "source": {"py/id": a}, "target": {"py/id": b}, "type": kind}
        )
    skeleton = skeleton_from_json({"nx_graph": found, "description": "a template"})
    assert skeleton.edge_inds == ((1, 2), (0, 1))
    assert skeleton.symmetries == ((0, 2),)


def test_nodes_written_with_named_fields() -> None:
    node = {"py/object": "sleap.skeleton.Node", "py/state": {"name": "A", "weight": 1.0}}
    assert skeleton_from_json({"links": [], "nodes": [{"id": node}]}).node_names == ("A",)


@pytest.mark.parametrize("number", [0, 3, "1"])
def test_a_reference_to_nothing_is_refused(number: Any) -> None:
    found = skeleton_json(["A", "B"], [])
    found["nodes"].append({"id": {"py/id": number}})
    with pytest.raises(ModelError, match="cannot be read"):
        skeleton_from_json(found)
