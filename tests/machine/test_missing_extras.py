"""Without the packages of an extra, what needs them says so in one line that installs them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Modules named in the first argument are not found, as where they are not installed.
PROGRAM = """
import sys
from sleap_rt.cli import main

class Without:
    def __init__(self, finder, names):
        self.finder, self.names = finder, names
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        missing = name.partition(".")[0] in self.names
        return None if missing else self.finder.find_spec(name, path, target)

names = sys.argv[1].split(",")
sys.meta_path[:] = [Without(finder, names) for finder in sys.meta_path]
for name in [one for one in sys.modules if one.partition(".")[0] in names]:
    del sys.modules[name]
if sys.argv[2] == "tensorrt":  # its package is looked for where there is a GPU
    from sleap_rt.errors import SleapRtError
    from sleap_rt.runtime.engines.tensorrt.bindings import find_tensorrt
    try:
        find_tensorrt(sys.argv[3])
    except SleapRtError as error:
        sys.exit(f"Error: {error}")
main(sys.argv[2:])
"""
TRACK = "track samples/one_crawler.mp4 --frames 0 -o {out}/a.slp -m"
LIVE = "live samples/one_crawler.mp4 -m {graph} --engine ort"
CASES = [  # extra, modules that are missing, command
    ("cpu", "onnxruntime", f"{TRACK} {{graph}} --engine ort"),
    ("cpu", "onnxruntime,openvino,MNN", f"{TRACK} {{graph}} --device cpu"),
    ("cpu", "onnxruntime,openvino,MNN", "verify {graph} --device cpu"),
    ("gpu", "onnxruntime", f"{TRACK} {{graph}} --engine ort"),
    ("mnn", "MNN", f"{TRACK} {{graph}} --engine mnn"),
    ("openvino", "openvino", "bench {graph} --engine openvino"),
    ("export", "torch", f"{TRACK} samples/models/single_instance"),
    ("export", "torch", "export samples/models/single_instance -o {out}/graphs"),
    ("export", "onnx", "export samples/models/single_instance -o {out}/graphs"),
    ("export", "torch", "info samples/models/single_instance --verbose"),
    ("trt", "tensorrt,tensorrt_rtx,tensorrt_rtx_bindings", "tensorrt trt"),
    ("trt-rtx", "tensorrt_rtx,tensorrt_rtx_bindings", "tensorrt trt-rtx"),
    (
        "report",
        "matplotlib",
        "eval samples/one_crawler.slp samples/one_crawler.slp --report {out}/r.html",
    ),
    ("opencv", "cv2", "track samples/crawlers.slp -t --use_flow -o {out}/a.slp"),
    ("opencv", "cv2", f"{LIVE} --view 0"),
    ("live", "zmq", f"{LIVE} --zmq tcp://127.0.0.1:5999"),
    ("cluster", "distributed", f"{TRACK} {{graph}} --cluster local:2"),
]
FOR_DEVELOPERS = {"docs", "test", "dev"}


def test_every_extra_is_tried():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf8")
    (table,) = re.findall(r"\[project\.optional-dependencies\]\n(.*?)\n\[", project, re.DOTALL)
    extras = set(re.findall(r"^([\w-]+) = \[", table, re.MULTILINE))
    assert extras - FOR_DEVELOPERS == {extra for extra, _, _ in CASES}


@pytest.mark.parametrize(
    ("extra", "missing", "command"), CASES, ids=[f"{one[0]}: {one[2].split()[0]}" for one in CASES]
)
def test_one_line_says_what_to_install(extra, missing, command, sample_graphs, tmp_path):
    (graph,) = sample_graphs("single_instance")
    words = [word.format(graph=graph, out=tmp_path) for word in command.split()]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, missing, *words],
        cwd=ROOT,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},  # without exports of other tests
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (1, 2), done.stderr
    (line,) = [one for one in done.stderr.splitlines() if one.startswith("Error: ")]
    assert done.stderr.endswith(f"{line}\n")
    assert re.search(rf"pip install .*\[(\w+,)*{extra}(,\w+)*\]", line), line
    assert "not installed" in line
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.slp"))
