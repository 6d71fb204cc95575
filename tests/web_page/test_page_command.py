"""`sleap-nn page` as a user calls it."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from sleap_rt.cli import main
from sleap_rt.runtime.graph_seal import data_file
from sleap_rt.web_page import content
from sleap_rt.web_page.server import PageServer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def static(tmp_path, monkeypatch):
    """Stands for the page's own files, which only `make web` builds."""
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "index.html").write_text("page", encoding="utf8")
    monkeypatch.setattr(content, "STATIC", folder)
    return folder


@pytest.fixture
def call(capfd):
    def call(*args):
        with pytest.raises(SystemExit) as left:
            main(["page", *map(str, args)])
        out, err = capfd.readouterr()
        return left.value.code or 0, out, err

    return call


def test_a_page_is_a_folder_with_the_exported_files(call, static, sample_graphs, tmp_path):
    graphs = sample_graphs("centroid", "multi_class_topdown")
    code, out, err = call(graphs[0].parent, "-o", tmp_path / "page")
    assert code == 0, err
    assert "a page of" in out
    assert "next: put the folder on a web server" in err
    model = json.loads((tmp_path / "page/model.json").read_text(encoding="utf8"))
    assert model["kinds"] == ["centroid", "multi_class_topdown"]
    assert len(model["node_names"]) == 7
    assert model["class_names"]
    assert model["options"]["peak_threshold"] == 0.2
    for graph, described in zip(graphs, model["graphs"], strict=True):
        assert (tmp_path / "page" / described["file"]).read_bytes() == graph.read_bytes()
        pieces = [tmp_path / "page" / piece["file"] for piece in described["pieces"]]
        assert all(piece.stat().st_size for piece in pieces)
        sample = json.loads((tmp_path / "page" / described["sample"]).read_text(encoding="utf8"))
        assert set(sample) == {"feed", "expected"}
    # It may be made again, but nothing else is overwritten.
    assert call(graphs[0].parent, "-o", tmp_path / "page")[0] == 0
    (tmp_path / "other").mkdir()
    for name in ("notes.txt", "index.html", "model.json"):  # those of another page, too
        (tmp_path / "other" / name).write_text('"mine"', encoding="utf8")
        code, _, err = call(graphs[0].parent, "-o", tmp_path / "other")
        assert code == 2
        assert "holds other things than a page" in err


def test_wrong_usage_is_told_before_anything_is_opened(call, static):
    for words, told in (
        (("nowhere",), "Say where the page goes: --output FOLDER, or --serve, or both"),
        (("nowhere", "-o", "x", "--port", 80), "port takes effect only with serve"),
        (("nowhere", "--serve", "--port", 70000), "port must lie in 0 to 65535, got 70000"),
        (("--serve",), "Name the model"),
        (("a", "b", "c", "--serve"), "3 models were given"),
    ):
        code, _, err = call(*words)
        assert code == 2
        assert told in err


def test_models_that_a_page_cannot_run_are_refused_in_words(
    call, static, sample_graphs, int8_graph, tmp_path
):
    crop_model = sample_graphs("centroid", "centered_instance")[1]
    code, _, err = call(crop_model, "--serve")
    assert code == 2
    assert "centered_instance model alone works on labelled animals" in err
    code, _, err = call(int8_graph, "--serve")
    assert code == 2
    assert "in int8, which is for TensorRT and OpenVINO" in err
    code, _, err = call(tmp_path / "nothing", "--serve")
    assert code == 1
    assert "does not exist" in err


def test_an_installation_without_the_pages_files_says_how_to_build_them(call, static):
    (static / "index.html").unlink()
    code, _, err = call("nowhere", "--serve")
    assert code == 1
    assert "make web" in err


def test_weights_in_a_file_of_their_own_are_refused(call, static, sample_graphs, tmp_path):
    (graph,) = sample_graphs("single_instance")
    copy = tmp_path / "large.onnx"
    copy.write_bytes(graph.read_bytes())
    data_file(copy).write_bytes(bytes(8))
    code, _, err = call(copy, "-o", tmp_path / "page")
    assert code == 1
    assert "too large for a browser" in err


@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_it_serves_until_interrupted(built, sample_graphs):
    (graph,) = sample_graphs("bottomup")
    words = [sys.executable, "-u", "-m", "sleap_rt", "page", str(graph), "--serve", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) as served:
        address = served.stdout.readline().split()[0]
        with urllib.request.urlopen(f"{address}model.json", timeout=20) as answer:
            assert json.loads(answer.read())["kinds"] == ["bottomup"]
        served.send_signal(signal.SIGTERM)
        assert served.wait(20) == 128 + signal.SIGTERM


def test_samples_travel_byte_by_byte(sample_graphs):
    import base64

    from sleap_rt.runtime.inspect.verify import read_sample
    from sleap_rt.runtime.model_set import GraphSet
    from sleap_rt.web_page.description import described

    (graph,) = sample_graphs("bottomup")
    files = described(GraphSet.read([graph]), "x")
    told = json.loads(files["models/bottomup.sample.json"])["expected"]["line_scores"]
    found = np.frombuffer(base64.b64decode(told["data"]), told["type"]).reshape(told["dims"])
    np.testing.assert_array_equal(found, read_sample(graph).expected["line_scores"])


def test_the_guides_examples_run(call, static, sample_graphs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports/flies").symlink_to(sample_graphs("bottomup")[0].parent)
    monkeypatch.setattr(PageServer, "serve_forever", lambda self: None)
    guide = (ROOT / "docs/page.md").read_text(encoding="utf8")
    examples = re.findall(r"^sleap-nn page ([^#\n]+)", guide, re.MULTILINE)
    assert len(examples) == 2
    for example in examples:
        code, _, err = call(*example.split())
        assert code == 0, err
    assert (tmp_path / "flies_page/index.html").is_file()
    assert json.loads(re.findall(r"```json\n(.*?)```", guide, re.DOTALL)[0])["frames"]


def test_json_is_all_that_stands_on_standard_output(call, static, sample_graphs, tmp_path):
    folder = sample_graphs("single_instance")[0].parent
    code, out, err = call(folder, "-o", tmp_path / "static/../page", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert told["folder"] == str(tmp_path / "page")
    written = [file for file in (tmp_path / "page").rglob("*") if file.is_file()]
    assert told["bytes"] == sum(file.stat().st_size for file in written)
