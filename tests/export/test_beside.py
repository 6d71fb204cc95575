"""The export in a trained model's folder is used if it is of that model, and the run says so."""

import shutil

import pytest

from sleap_rt import run_inference
from sleap_rt.errors import OptionError
from sleap_rt.export import export_models
from sleap_rt.export.beside import export_beside
from sleap_rt.options import NO_OVERRIDES, EngineOptions, ExportOptions, ModelOverrides
from sleap_rt.runtime.inspect.bench import BenchOptions
from sleap_rt.workflows.inspect.bench import plan_bench
from sleap_rt.workflows.inspect.verify import plan_verification


@pytest.fixture(scope="module")
def with_export(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("beside") / "model"
    shutil.copytree(request.config.rootpath / "samples/models/single_instance", folder)
    export_models([folder], folder / "exported")
    return folder


@pytest.fixture
def model(with_export, tmp_path):
    return shutil.copytree(with_export, tmp_path / "model")


def test_an_export_of_the_model_is_used(model):
    found = export_beside([model], NO_OVERRIDES)
    assert found.graphs == [model / "exported/single_instance.onnx"]
    assert found.note == f"{model / 'exported'} is used, which was exported from these models"
    file_in_it = export_beside([model / "best.ckpt"], NO_OVERRIDES)
    assert file_in_it.graphs == found.graphs


def test_without_an_export_there_is_nothing_to_say(model):
    shutil.rmtree(model / "exported")
    assert export_beside([model], NO_OVERRIDES) is None


@pytest.mark.parametrize("name", ["best.ckpt", "training_config.yaml"])
def test_an_export_of_other_files_is_not_used(model, name):
    with (model / name).open("ab") as file:  # trained on; a comment in the configuration
        file.write(b"\n# later\n")
    found = export_beside([model], NO_OVERRIDES)
    assert found.graphs is None
    assert "other weights or settings" in found.note


def test_an_export_with_other_settings_is_not_used(model):
    shutil.rmtree(model / "exported")
    export_models([model], model / "exported", ModelOverrides(input_scale=0.5))
    assert "other settings" in export_beside([model], NO_OVERRIDES).note


def test_an_export_in_another_precision_is_not_used(model):
    shutil.rmtree(model / "exported")
    export_models([model], model / "exported", options=ExportOptions(precision="fp16"))
    assert "in fp16" in export_beside([model], NO_OVERRIDES).note


def test_settings_that_are_asked_for_need_another_export(model):
    found = export_beside([model], ModelOverrides(max_height=300))
    assert found.graphs is None
    assert "max_height" in found.note


def test_a_damaged_export_is_not_used(model):
    graph = model / "exported/single_instance.onnx"
    graph.write_bytes(graph.read_bytes()[:-100])
    assert export_beside([model], NO_OVERRIDES).graphs is None


def test_a_pair_lies_in_the_folder_of_either(sample_graphs, request, tmp_path):
    graphs = sample_graphs("centroid", "centered_instance")
    pair = [
        shutil.copytree(request.config.rootpath / "samples/models" / name, tmp_path / name)
        for name in ("centroid", "centered_instance")
    ]
    shutil.copytree(graphs[0].parent, pair[1] / "exported_topdown")
    found = export_beside(pair, NO_OVERRIDES)
    assert {path.name for path in found.graphs} == {"centroid.onnx", "centered_instance.onnx"}
    assert export_beside(pair[:1], NO_OVERRIDES) is None


def test_track_says_which_export_it_used(model, request, tmp_path, capfd):
    from sleap_rt.cli import main

    clip = request.config.rootpath / "samples/one_crawler.mp4"
    words = ["track", clip, "-m", model, "--frames", "0", "-o", tmp_path / "out.slp"]
    with pytest.raises(SystemExit) as ended:
        main(list(map(str, words)))
    assert not ended.value.code
    assert f"Note: {model / 'exported'} is used" in capfd.readouterr().err


def test_results_name_the_trained_model_and_the_graph_it_became(model, request):
    clip = request.config.rootpath / "samples/one_crawler.mp4"
    graph = str(model / "exported/single_instance.onnx")
    of_trained = run_inference(clip, model_paths=model, frames=[0]).provenance
    assert of_trained["model_paths"] == [str(model)]
    assert of_trained["graph_paths"] == [graph]
    of_graph = run_inference(clip, model_paths=graph, frames=[0]).provenance
    assert of_graph["model_paths"] == [graph]
    assert "graph_paths" not in of_graph


def test_verify_and_bench_name_the_export_of_a_trained_model(model):
    plans = (
        lambda: plan_verification(model, EngineOptions()),
        lambda: plan_bench(model, None, [EngineOptions()], [BenchOptions()]),
    )
    for plan in plans:
        with pytest.raises(OptionError, match=r"is a trained model; name its export, .*exported$"):
            plan()
    shutil.rmtree(model / "exported")
    for plan in plans:
        with pytest.raises(
            OptionError, match=f"is a trained model; export it first: `.* export {model}`"
        ):
            plan()
