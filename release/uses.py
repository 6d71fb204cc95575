"""What each extra is for: commands that use what it brings, run where it was just installed."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent / "samples"
SLEAP = ("sleap-rt",)
PYTHON = ("python", "-c")
SYSTEM = (*SLEAP, "system")
VERIFY = (*SLEAP, "verify", "{graphs}", "--device", "cpu", "--engine")
TRACK = (*SLEAP, "track", "-i", SAMPLES / "crawlers.mp4", "-m", "{graphs}", "-t", "-o", "poses.slp")
EVAL = (*SLEAP, "eval", "-g", SAMPLES / "crawlers.slp", "-p", "poses.slp")
RENDER = (*SLEAP, "render", "poses.slp", "-o", "overlay.mp4", "--frames", "0-20")

LOAD_CUDA = """
import sys
from sleap_rt.runtime.engines._nvidia import load_cuda
sys.exit(load_cuda() or 0)
"""
BUILD_ENGINE = """
import shutil, sys
from pathlib import Path
from sleap_rt.runtime.engines.tensorrt.ahead import write_ahead_of_time
from sleap_rt.runtime.engines.tensorrt.targets import parse_target
graph = Path(shutil.copy(next(Path(sys.argv[1]).glob("*.onnx")), "."))
write_ahead_of_time(graph, parse_target("sm86"), (250, 324, 1))
"""

USES: dict[str, list[tuple[object, ...]]] = {
    "": [SYSTEM],
    "cpu": [(*VERIFY, "ort"), TRACK, EVAL, RENDER],
    "cpu,openvino": [(*VERIFY, "openvino")],
    "cpu,mnn": [(*VERIFY, "mnn")],
    "cpu,report": [TRACK, (*EVAL, "--report", "report.html")],
    "cpu,opencv": [(*TRACK, "--use_flow")],
    "cpu,live": [("python", HERE / "heard.py", SAMPLES / "crawlers.mp4", "{graphs}")],
    "cpu,cluster": [(*TRACK, "--frames", "0-20", "--cluster", "local:1")],
    "gpu": [(*VERIFY, "ort"), (*PYTHON, LOAD_CUDA)],
    "trt-rtx": [SYSTEM, (*PYTHON, BUILD_ENGINE, "{graphs}")],
    "trt": [SYSTEM],
    "cpu,export": [(*SLEAP, "export", SAMPLES / "models/single_instance", "-o", "graphs")],
}
FOR_DEVELOPERS = {"dev", "docs", "test"}  # the environment of `make check` has them
