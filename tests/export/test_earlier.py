"""A graph is replaced by one of the same model only, which is said; all else is refused at once."""

import json
import logging
import re
import shutil

import pytest

from sleap_rt import export_models
from sleap_rt.cli import main
from sleap_rt.errors import EngineError, ModelError, OptionError
from sleap_rt.export.earlier import (
    descriptions,
    record_of_folders,
    refuse_others,
    replaced_in_words,
)
from sleap_rt.models.sets import described_set, paths_by_kind
from sleap_rt.runtime.engines.tensorrt import bindings

pytestmark = pytest.mark.export


@pytest.fixture
def samples(request):
    return request.config.rootpath / "samples/models"


@pytest.fixture
def model(samples, tmp_path):
    return shutil.copytree(samples / "single_instance", tmp_path / "models/flies")


@pytest.fixture
def exports(model, sample_graphs, tmp_path):
    """What `export_models(model, exports)` gives."""
    (graph,) = sample_graphs("single_instance")
    folder = shutil.copytree(graph.parent, tmp_path / "exports")
    metadata = folder / "export_metadata.json"
    recorded = json.loads(metadata.read_text())
    recorded |= record_of_folders({"single_instance": model})
    metadata.write_text(json.dumps(recorded))
    return folder


def trained_again(model):
    """As trained into the same folder again, with other settings."""
    with (model / "training_config.yaml").open("ab") as file:
        file.write(b"\n# with more epochs\n")


def replaced(folder, *models):
    """What an export would find in the folder."""
    described = described_set(models)
    graphs = {f"{one.kind}.onnx": [one] for one in described}
    return refuse_others(folder, graphs, paths_by_kind(models))


def is_refused_at_once(models, folder, error, words, **options):
    before = sorted(path.name for path in folder.iterdir())
    steps = []
    with pytest.raises(error, match=words) as refusal:
        export_models(models, folder, on_step=steps.append, **options)
    assert not steps  # not even PyTorch was loaded
    assert sorted(path.name for path in folder.iterdir()) == before
    return str(refusal.value)


def test_another_kind_of_export_is_refused(samples, exports):
    words = r"holds single_instance\.onnx of another export; choose another folder, or delete what"
    is_refused_at_once(samples / "centroid", exports, ModelError, words)


def test_another_model_of_the_same_kind_is_refused(model, exports, tmp_path):
    other = shutil.copytree(model, tmp_path / "models/mice")
    trained_again(other)
    words = r"holds single_instance\.onnx of another model; choose another folder, or delete what"
    is_refused_at_once(other, exports, ModelError, words)


def test_another_model_of_a_pair_is_refused_also_where_pairs_go_by_themselves(
    samples, sample_graphs, tmp_path
):
    graphs = sample_graphs("centroid", "centered_instance")
    centroid = shutil.copytree(samples / "centroid", tmp_path / "centroid")
    crops = shutil.copytree(samples / "centered_instance", tmp_path / "crops")
    folder = shutil.copytree(graphs[0].parent, centroid / "exported_topdown")
    trained_again(centroid)
    assert set(replaced(folder, centroid, crops)) == {"centroid.onnx", "centered_instance.onnx"}
    trained_again(crops)
    with pytest.raises(ModelError, match=r"holds centered_instance\.onnx of another model"):
        export_models([centroid, crops])


def test_the_same_model_replaces_its_export_and_says_what_was_there(model, exports, caplog):
    with caplog.at_level(logging.INFO):
        (again,) = export_models(model, exports, precision="fp16")
    assert again.replaces == "replaces single_instance.onnx (fp32)"
    assert again.replaces in repr(again)
    assert again.replaces in caplog.messages
    (again,) = export_models(model, exports, input_scale=0.5, precision="fp16")
    assert again.replaces == "replaces single_instance.onnx (input_scale 1.0)"


def test_a_first_export_replaces_nothing(model, tmp_path):
    (first,) = export_models(model, tmp_path / "new")
    assert first.replaces is None
    assert repr(first).endswith("single_instance.onnx>")


def test_a_model_that_was_trained_again_replaces_the_export_of_its_folder(model, exports):
    trained_again(model)
    assert list(replaced(exports, model)) == ["single_instance.onnx"]
    (exported,) = export_models(model, exports)
    assert exported.replaces == "replaces single_instance.onnx (of other weights or settings)"
    trained_again(model)
    assert replaced(exports, model / "best.ckpt")  # which the export itself has recorded


def test_a_moved_model_replaces_its_export_as_long_as_it_is_not_trained_again(model, exports):
    moved = model.rename(model.with_name("moved"))
    assert replaced(exports, moved)
    trained_again(moved)
    with pytest.raises(ModelError, match="of another model"):
        replaced(exports, moved)


def test_what_lies_in_a_models_own_folder_is_its_own(model, sample_graphs):
    (graph,) = sample_graphs("single_instance")
    beside = shutil.copytree(graph.parent, model / "exported")
    trained_again(model)
    (beside / "single_instance.onnx").write_bytes(b"damaged")
    (exported,) = export_models(model)
    assert exported.replaces == "replaces single_instance.onnx (which could not be read)"


def test_a_damaged_graph_is_of_the_model_whose_folder_was_recorded(model, exports):
    (exports / "single_instance.onnx").write_bytes(b"damaged")
    assert replaced(exports, model)
    (exports / "export_metadata.json").write_text("[]")
    with pytest.raises(ModelError, match="of another model"):
        replaced(exports, model)


def test_the_metadata_has_no_path(model, tmp_path):
    export_models(model, tmp_path / "new")
    text = (tmp_path / "new/export_metadata.json").read_text()
    assert str(tmp_path) not in text
    assert "models/flies" not in text


def test_bonsai_replaces_by_the_same_rule(model, tmp_path):
    folder = tmp_path / "bonsai"
    export_models(model, folder, format="bonsai")
    (again,) = export_models(model, folder, format="bonsai", precision="fp16")
    assert again.replaces == "replaces single_instance.onnx (fp32)"
    trained_again(model)
    words = r"holds single_instance\.onnx of another model"
    is_refused_at_once(model, folder, ModelError, words, format="bonsai")


def test_a_graph_of_another_version_tells_its_version_and_no_settings(exports, model):
    graph = exports / "single_instance.onnx"
    ((kind, old),) = descriptions(graph).items()
    (now,) = described_set([model])
    origin = {"exported_with": "0.0.1", "weights_sha256": now.provenance.weights_sha256}
    old = {**old, "provenance": {**old["provenance"], **origin}, "decoding": None}
    words = replaced_in_words(graph.name, {kind: old}, [now])
    assert words == "replaces single_instance.onnx (by version 0.0.1)"


@pytest.mark.parametrize("options", [{}, {"format": "bonsai"}])
def test_the_folder_of_a_trained_model_is_refused(samples, tmp_path, options):
    crops = shutil.copytree(samples / "centered_instance", tmp_path / "crops")
    words = r"crops holds a trained model, .* such as .*crops/exported.* in Python as one list"
    is_refused_at_once(samples / "centroid", crops, OptionError, words, **options)
    is_refused_at_once(crops, crops, OptionError, words, **options)


def test_the_folder_of_a_model_that_is_still_training_is_refused(samples, tmp_path):
    (tmp_path / "training_config.yaml").touch()
    is_refused_at_once(samples / "centroid", tmp_path, OptionError, "holds a trained model")


def test_an_engine_that_cannot_be_built_is_told_before_the_export(samples, tmp_path, monkeypatch):
    monkeypatch.setattr(bindings, "import_module", missing)
    trt = {"format": "trt", "target": "sm86"}
    words = "needs TensorRT-RTX, which is not installed"
    is_refused_at_once(samples / "single_instance", tmp_path, EngineError, words, **trt)


def missing(name):
    raise ModuleNotFoundError(name=name)


def test_a_pair_of_two_trainings_is_told_where_it_is_exported(samples, tmp_path, caplog, capsys):
    pair = [tmp_path / "centroid", tmp_path / "centered_instance"]
    for folder in pair:
        shutil.copytree(samples / folder.name, folder)
    config = pair[1] / "training_config.yaml"
    config.write_text(re.sub(r"\bnose\b", "snout", config.read_text("utf8")), "utf8")
    words = (
        "the centroid model was trained on animals of 7 nodes (nose), the crop model on others, of "
        "7 nodes (snout): check"
    )
    export_models(pair, tmp_path / "in_python")
    assert [one for one in caplog.messages if one.startswith(words)]
    with pytest.raises(SystemExit, match="0"):
        main(["export", *map(str, pair), "-o", str(tmp_path / "out")])
    assert f"Warning: {words}" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="0"):
        main(["info", str(tmp_path / "out")])
    assert f"warning: {words}" in capsys.readouterr().out
