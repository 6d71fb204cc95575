"""`info` and `system`."""

import json
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sleap_rt.models.legacy.describe_legacy import describe_legacy
from sleap_rt.models.legacy.load_legacy import load_legacy_model
from sleap_rt.options import EngineOptions
from sleap_rt.runtime import engines
from sleap_rt.runtime.engines import declarations, open_engine
from sleap_rt.runtime.inspect import probe

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.mark.export
def test_a_trained_model_is_described(call, request):
    folder = request.config.rootpath / "samples/models/bottomup"
    text = call("info", folder, "--verbose")
    assert text.code == 0, text.err
    assert "kind:       bottomup" in text.out
    assert "nose, head, thorax" in text.out
    (quick,) = json.loads(call("info", folder, "--json").out)
    (model,) = json.loads(call("info", folder, "--json", "--verbose").out)
    assert "parameters" not in quick  # those take the weights
    assert {name: model[name] for name in quick if name != "provenance"} == {
        name: value for name, value in quick.items() if name != "provenance"
    }
    assert quick["provenance"].items() < model["provenance"].items()
    assert model["stored_as"] == "sleap-nn"
    assert model["skeleton"]["edges"][0] == ["thorax", "head"]
    assert model["preprocessing"]["input_scale"] == 0.5
    assert model["decoding"]["confmaps_stride"] == 2
    # 250 x 324 px at scale 0.5, up to multiples of 16.
    assert model["compute"]["network_input"] == "128 x 176 px"
    assert model["compute"]["gigaflop_per_image"] > 0.01
    assert model["parameters"] > 10_000


def test_an_exported_pair_is_described(call, sample_graphs):
    graphs = sample_graphs("centroid", "centered_instance")
    models = json.loads(call("info", graphs[0].parent, "--json").out)
    assert {model["kind"] for model in models} == {"centroid", "centered_instance"}
    for model in models:
        assert model["certificate"]["max_px"] < 0.01
        assert model["size_bytes"] > 1000
    (one,) = json.loads(call("info", graphs[0], "--json").out)
    assert one in models
    assert "certificate:" in call("info", graphs[0], "--verbose").out


@pytest.mark.export
def test_a_graph_in_int8_is_described_by_what_its_poses_lose(call, int8_graph):
    told = call("info", int8_graph).out
    proof = (
        r"  proven at export: int8, calibrated on 6 frames of crawlers\.mp4; "
        r"against float32 on 6 other frames of crawlers\.mp4:\n"
        r"    18 instances, 0 lost, 0 new; .*\n"
        r"    points move by 0\.0\d\d px \(median\), .* \(largest\)\n"
        r"    OKS 0\.9\d+ \(mean\), .* \(least\)\n"
    )
    assert re.search(proof, told), told


@pytest.mark.export
def test_info_says_how_an_export_was_proven_in_the_words_of_the_export(call, tmp_path):
    model = "samples/models/single_instance"
    for precision in ("fp32", "fp16"):
        folder = tmp_path / precision
        told = call("export", model, "-o", folder, "--precision", precision).out
        proof = told.removeprefix(f"{folder}/single_instance.onnx: ")
        assert f"  proven at export: {proof}" in call("info", folder).out


def test_a_legacy_model_is_described(call, shared_data):
    (model,) = json.loads(call("info", shared_data / "legacy/topdown_multiclass", "--json").out)
    assert model["kind"] == "multi_class_topdown"
    assert model["classes"] == ["female", "male"]


@pytest.mark.parametrize("name", ["bottomup", "centroid", "centered_instance", "single_instance"])
def test_a_legacy_configuration_says_what_its_network_does(shared_data, name):
    """Where it does not (recorded in notes), the network is right; these have no such notes."""
    described = describe_legacy(shared_data / "legacy" / name)
    model = load_legacy_model(shared_data / "legacy" / name)
    assert described.notes == model.notes
    provenance = replace(model.provenance, weights_sha256="")  # weights are not read
    assert described == replace(model.contract(), provenance=provenance)


@pytest.mark.export
@pytest.mark.parametrize(
    ("command", "typed"),
    [
        (["info"], "sleap-nn track -i VIDEO -m"),
        (["track", "samples/crawlers.mp4", "-m"], "sleap-nn track -i VIDEO -m"),
        (["export"], "sleap-nn export"),
    ],
)
def test_who_names_a_folder_of_models_is_told_which_two_fit(call, command, typed):
    models = SAMPLES / "models"
    told = call(*command, models).err
    assert f"name one of {models / 'bottomup'}" in told
    assert told.rstrip().endswith(
        f"Two that fit together: `{typed} {models / 'centroid'} {models / 'centered_instance'}`, "
        f"`{typed} {models / 'centroid'} {models / 'multi_class_topdown'}`"
    )


@pytest.mark.export
@pytest.mark.parametrize(
    ("kind", "found", "changed"),
    [
        ("centroid", "anchor_part: thorax", "anchor_part: head"),
        ("centered_instance", "- name: tail", "- name: wing"),
    ],
    ids=["another anchor part", "another skeleton"],
)
def test_two_models_that_do_not_fit_are_not_named_as_a_pair(call, tmp_path, kind, found, changed):
    for name in ("centroid", "centered_instance"):
        shutil.copytree(SAMPLES / "models" / name, tmp_path / name)
    assert "Two that fit together" in call("info", tmp_path).err
    config = tmp_path / kind / "training_config.yaml"
    text = config.read_text()
    assert found in text
    config.write_text(text.replace(found, changed))
    told = call("info", tmp_path).err
    assert "or two that belong together" in told
    assert "Two that fit" not in told


def test_two_exports_that_fit_are_named_where_each_has_its_folder(call, tmp_path, sample_graphs):
    for graph in sample_graphs("centroid", "centered_instance"):
        (tmp_path / graph.stem).mkdir()
        shutil.copy(graph, tmp_path / graph.stem)
    pair = f"{tmp_path / 'centroid'} {tmp_path / 'centered_instance'}"
    told = call("info", tmp_path).err
    assert f"Two that fit together: `sleap-nn track -i VIDEO -m {pair}`" in told
    damaged = tmp_path / "centroid/centroid.onnx"
    damaged.write_bytes(damaged.read_bytes()[:1000])
    told = call("info", tmp_path).err
    assert "or two that belong together" in told
    assert "Two that fit" not in told


def test_what_is_no_model_is_refused(call, tmp_path):
    assert call("info", tmp_path).code == 1
    assert "is no model" in call("info", tmp_path).err
    missing = call("info", tmp_path / "none")
    assert missing.code == 1
    assert "does not exist" in missing.err


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("1.part", "x", "a part of a run, not a model; `sleap-nn merge` puts the parts together"),
        ("vids/a.mp4", "x", "vids is a folder of videos, not a model; `track` takes it"),
        ("run.yaml", None, "is a saved config, not a model; use it by `sleap-nn track --config"),
    ],
)
def test_who_gives_something_else_of_ours_is_told_what_takes_it(
    call, tmp_path, name, content, told
):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    if content is None:
        dry = ("--dry_run", "--save_config", file)
        call("track", "-i", SAMPLES / "crawlers.mp4", "-m", SAMPLES / "models/bottomup", *dry)
    else:
        file.write_text(content)
    done = call("info", tmp_path / Path(name).parts[0])
    assert done.code == 2
    assert told in done.err


def test_a_config_of_somebody_else_is_only_no_model(call, tmp_path):
    (tmp_path / "folder.yaml").mkdir()
    assert "is no model (it holds nothing)" in call("info", tmp_path / "folder.yaml").err
    (tmp_path / "mine.yaml").write_text("frames: 0-9")
    done = call("info", tmp_path / "mine.yaml")
    assert done.code == 1
    assert "is no model; expected" in done.err


def test_who_is_a_folder_too_high_is_told_what_lies_below(call, tmp_path):
    model = tmp_path / "day 1/models/bottomup"
    model.mkdir(parents=True)
    (model / "training_config.yaml").write_text("")
    (tmp_path / "day 1/notes.txt").write_text("")
    told = call("info", tmp_path / "day 1").err
    assert f"but there is one in it; name {tmp_path / 'day 1/models/bottomup'}." in told
    (tmp_path / "day 1/models/centroid").mkdir()
    (tmp_path / "day 1/models/centroid/training_config.yaml").write_text("")
    told = call("info", tmp_path / "day 1").err
    assert "there are models in it: models/bottomup, models/centroid; name one, or two" in told
    assert "is no model (it holds day 1)" in call("info", tmp_path).err  # two levels are enough


def test_the_probe_runs_and_is_compared_with_loops(tmp_path):
    graph = tmp_path / "probe.onnx"
    graph.write_bytes(probe.probe_graph())
    engine = open_engine(graph, EngineOptions(engine="ort", device="cpu"))
    frames = np.random.default_rng(1).integers(0, 256, (3, 5, 7, 3)).astype(np.uint8)
    found = engine.run({"frames": frames})["relu"]
    np.testing.assert_allclose(found, probe.expected(frames), rtol=1e-4, atol=0.1)
    assert found.max() > 100  # of gray levels


def test_engines_are_tried_and_their_absence_explained(call, monkeypatch):
    done = call("system")
    assert done.code == 0
    line = next(line for line in done.out.splitlines() if line.split()[:2] == ["ort", "cpu"])
    assert "works" in line
    assert "runs on cpu" in line
    table = done.out.split("where it runs, or what to do")[1].split("not for this")[0].splitlines()
    states = [line.split()[2] for line in table if len(line.split()) > 3]
    assert states == sorted(states, reverse=True)  # what works stands first
    assert "ms" not in line.split()  # of so small a graph, times tell nothing
    assert "was asked for" not in done.out  # nobody asked
    facts = json.loads(call("system", "--json").out)
    on_cpu = {one["engine"]: one["works"] for one in facts["engines"] if one["device"] == "cpu"}
    installed = {
        "ort",
        *(name for name in ("mnn", "openvino") if declarations()[name].why_not("cpu") is None),
    }
    assert {name for name, works in on_cpu.items() if works} == installed
    assert facts["video_decoder"].startswith("PyAV")
    assert 1 <= facts["cores_used"] <= facts["cpu_cores"]
    assert facts["cores_limited_by"]
    for found in facts["engines"]:
        assert found["works"] or len(found["detail"]) > 30

    def broken(*_):
        raise RuntimeError("driver crashed")

    monkeypatch.setattr(probe, "open_engine", broken)
    found = probe.probe_engine(Path("probe.onnx"), "ort", "cpu")
    assert found.detail == "failed: RuntimeError: driver crashed"


def test_devices_of_other_systems_are_named_in_one_line(call, monkeypatch):
    monkeypatch.setattr(
        probe,
        "probe_engines",
        lambda: [probe.Probe("ort", kind, kind == "cpu", "told") for kind in ("directml", "cpu")],
    )
    others = {"win32": "ort mps", "darwin": "ort directml", "linux": "ort directml, ort mps"}
    for system, named in others.items():
        with monkeypatch.context() as on:
            on.setattr("sleap_rt.cli.system.sys.platform", system)
            lines = call("system").out.splitlines()
        assert f"not for this system: {named}" in lines
        rows = [line.split()[1] for line in lines if line.startswith("ort ")]
        assert rows == (["cpu", "directml"] if system == "win32" else ["cpu"])


def test_an_engine_that_computes_nonsense_does_not_count_as_working(monkeypatch):
    class Wrong:
        device = "cpu"

        def run(self, feed):
            return {"relu": np.zeros((2, 2, 16, 24), np.float32)}

        def close(self):
            pass

    monkeypatch.setattr(probe, "open_engine", lambda *_: Wrong())
    found = probe.probe_engine(Path("probe.onnx"), "ort", "cpu")
    assert not found.works
    assert "wrong values: off by 100 %" in found.detail


def test_an_engine_that_brings_the_program_down_is_told(tmp_path, monkeypatch):
    (tmp_path / "falling.py").write_text(
        "import os\n"
        "from sleap_rt.runtime.engines.interface import Declaration, Device\n"
        "devices = (Device(kind='cpu', title='a CPU'), Device(kind='gpu', title='a GPU'))\n"
        "ENGINE = Declaration(product='Falling', install='', packages=(), devices=devices,\n"
        "    options=(), why_not=lambda kind: None)\n"
        "def open_engine(model, options):\n"
        "    os.abort()\n"
    )
    monkeypatch.setattr(engines, "__path__", [*engines.__path__, str(tmp_path)])
    try:
        found = probe.probe_engines()
    finally:
        sys.modules.pop("sleap_rt.runtime.engines.falling", None)
        vars(engines).pop("falling", None)
    falling = [one for one in found if one.engine == "falling"]
    assert [one.device for one in falling] == ["cpu", "gpu"]
    assert all("brings the program down (exit code -6)" in one.detail for one in falling)
    assert any(one.engine == "ort" and one.works for one in found)
