"""Old drives have names of files that are no UTF-8: what can be done with them is done."""

import io
import os
import subprocess
import sys
from shutil import copy, which

import pytest

from sleap_rt.cli.terminal.streams import take_every_name
from sleap_rt.words import as_typed, readable

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or sys.getfilesystemencoding() != "utf-8", reason="names are text there"
)

NAME = "b\udcfc"  # as Python has b"b\xfc"


@pytest.fixture
def video(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    copy(request.config.rootpath / "samples/one_crawler.mp4", f"{NAME}.mp4")
    return f"{NAME}.mp4"


@pytest.mark.skipif(which("bash") is None, reason="no bash")
@pytest.mark.parametrize("raw", [b"b\xfc.slp", b"-it's \\n\xe9a.slp"])
def test_bash_reads_what_is_told_to_type(raw):
    typed = subprocess.check_output(["bash", "-c", f"printf %s {as_typed(os.fsdecode(raw))}"])
    assert typed.removeprefix(b"./") == raw


def test_names_are_readable_where_text_is_saved():
    assert readable(os.fsdecode(b"b\xfc, \xc3\xbc")) == "b\\xfc, ü"
    assert readable("\ud800") == "\\ud800"


@pytest.mark.parametrize(
    ("encoding", "text", "printed"),
    [("utf8", NAME, b"b\xfc"), ("ascii", "px²", b"px\\xb2"), ("ascii", "b\udcfc", b"b\xfc")],
)
def test_standard_output_takes_all(encoding, text, printed, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding))
    take_every_name()
    print(text, end="", flush=True)
    assert raw.getvalue() == printed


def test_results_are_found_and_evaluated(call, video, request, sample_graphs, tmp_path):
    labels = request.config.rootpath / "samples/one_crawler.slp"
    (model,) = sample_graphs("single_instance")
    run = call("track", "-i", video, "-m", model, "--frames", "0-9")
    assert (run.code, "render $'b\\xfc.predictions.slp'" in run.err) == (0, True)
    copy(labels, f"{NAME}.slp")
    assert call("eval", labels, f"{NAME}.slp", "--report", "r.html", "-s", "m.npz").code == 0
    assert "b\\xfc" in (tmp_path / "r.html").read_text(encoding="utf8")


def test_a_configuration_file_is_not_saved_that_cannot_be_read(call, video, tmp_path):
    run = call("track", "-i", video, "-m", "none", "--save_config", "run.yaml")
    assert (run.code, (tmp_path / "run.yaml").exists()) == (2, False)
    assert "the name of b\\xfc.mp4 is no UTF-8, so it cannot be saved; rename it" in run.err


@pytest.mark.parametrize("suffix", ["h5", "nwb"])
def test_a_format_that_cannot_hold_the_name_is_told_ahead(suffix, call, video, sample_graphs):
    (model,) = sample_graphs("single_instance")
    words = ("--frames", "0-9", "-t", "-o", f"t.{suffix}")
    run = call("track", "-i", video, "-m", model, *words)
    assert run.code == 1
    assert "b\\xfc.mp4 is no UTF-8. Nothing was run. Rename it, or choose another" in run.err
