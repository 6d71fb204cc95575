"""The worked example of docs/architecture.md: a new file is an engine, and nothing else changes."""

import re
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from sleap_rt.cli import main
from sleap_rt.errors import OptionError
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime import engines, open_predictor
from sleap_rt.runtime.engines import choose_engine, declarations, engine_names, open_engine
from sleap_rt.runtime.inspect.probe import probe_engines

ROOT = Path(__file__).resolve().parents[3]
NINTH = EngineOptions(engine="ninth")

pytestmark = pytest.mark.engine


@pytest.fixture
def ninth(tmp_path, monkeypatch):
    """The example's file, beside the engines for this test; gives its source."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf8")
    (source,) = re.findall(r'```python\n("""Ninth.*?)```', page, re.DOTALL)
    (tmp_path / "ninth.py").write_text(source, encoding="utf8")
    monkeypatch.setattr(engines, "__path__", [*engines.__path__, str(tmp_path)])
    yield source
    sys.modules.pop("sleap_rt.runtime.engines.ninth", None)
    vars(engines).pop("ninth", None)


def test_its_file_alone_makes_it_known(ninth, capsys):
    assert "ninth" in engine_names()
    assert declarations()["ninth"].product == "Ninth"
    assert any(found.engine == "ninth" and found.works for found in probe_engines())
    with pytest.raises(SystemExit):
        main(["track", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "ninth (Ninth)" in shown
    assert "ninth: CPU threads" in shown


def test_it_finds_the_animals_that_others_find(ninth, sample_graphs):
    _, image = cv2.VideoCapture(str(ROOT / "samples/crawlers.mp4")).read()
    frames = np.ascontiguousarray(image[None, ..., :1])
    found = []
    for options in (NINTH, EngineOptions(device="cpu")):
        predictor = open_predictor(sample_graphs("bottomup"), DecodeOptions(), options)
        found += predictor.predict(frames, [0])
        predictor.close()
    assert len(found[0].points) > 1
    np.testing.assert_allclose(found[0].points, found[1].points, rtol=0, atol=0.01)  # px


def test_what_it_declares_is_what_is_refused_and_chosen(ninth):
    assert choose_engine(NINTH).options == EngineOptions(engine="ninth", device="cpu")
    assert choose_engine(EngineOptions(device="cpu")).options.engine != "ninth"
    with pytest.raises(OptionError, match=r"workspace is an option of TensorRT, not of .*'ninth'"):
        choose_engine(EngineOptions(engine="ninth", workspace=64))
    with pytest.raises(OptionError, match="it serves auto and cpu"):
        open_engine(Path("never_opened.onnx"), EngineOptions(engine="ninth", device="cuda"))


def test_no_other_module_names_an_engine():
    """Apart from the folder of engines, and from `export --format trt`, which builds for one."""
    names = "|".join(map(re.escape, engine_names()))
    package = ROOT / "sleap_rt"
    named = [
        file.relative_to(package).as_posix()
        for file in sorted(package.rglob("*.py"))
        if "engines" not in file.parts and re.search(f'"({names})"', file.read_text("utf8"))
    ]
    assert named == ["api/exporting.py", "cli/export.py", "options/exporting.py"]
