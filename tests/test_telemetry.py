"""Nothing is written outside our own cache, and telemetry of engines is off."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sleap_rt.runtime.engines import declarations
from sleap_rt.runtime.engines.openvino import loaded_openvino

ROOT = Path(__file__).resolve().parents[1]
VARIABLE = "ORT_DISABLE_TELEMETRY"


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {n: v for n, v in os.environ.items() if n not in (VARIABLE, "XDG_CACHE_HOME")}
    places = dict.fromkeys(("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA"), str(home))
    return {**kept, **places, **more}


@pytest.mark.engine
@pytest.mark.parametrize("engine", ["ort", "openvino", "mnn"])
def test_a_run_writes_nothing_into_a_fresh_home_but_our_cache(engine, sample_graphs, tmp_path):
    declared = declarations()[engine]
    if declared.why_not("cpu") is not None:
        pytest.skip(declared.why_not("cpu"))
    home = tmp_path / "home"
    home.mkdir()
    (graph,) = sample_graphs("single_instance")
    words = ["track", "-i", "samples/one_crawler.mp4", "-m", graph, "--engine", engine]
    words += ["--frames", "0", "-o", tmp_path / "out.slp"]
    subprocess.run(
        [sys.executable, "-m", "sleap_rt", *map(str, words)],
        env=environment(home, CI=""),  # in CI, OpenVINO's telemetry is off by itself
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    assert (tmp_path / "out.slp").exists()
    written = [path.relative_to(home) for path in home.rglob("*") if path.is_file()]
    assert written, "that the engine passed the sample"
    assert all("sleap-rt" in path.parts for path in written), written


def onnxruntime_telemetry(**given: str) -> str:
    """What a process that imports the package ends up with."""
    code = f"import os, sleap_rt.runtime.engines; print(os.environ[{VARIABLE!r}])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(ROOT, **given),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_a_program_that_has_openvinos_telemetry_keeps_it():
    module = pytest.importorskip("openvino_telemetry")
    assert loaded_openvino().Core().available_devices
    assert sys.modules["openvino_telemetry"] is module


def test_telemetry_is_off_unless_the_user_says_otherwise():
    assert onnxruntime_telemetry() == "1"
    assert onnxruntime_telemetry(**{VARIABLE: "0"}) == "0"
