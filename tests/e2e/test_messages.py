"""Bad input: one clear message and the right exit code, never a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VIDEO = ROOT / "samples/crawlers.mp4"


def run(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sleap_rt", *map(str, args)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("track", "-i", VIDEO), 2, "give one or both"),
        (("track", "-i", VIDEO, "-m", "nowhere"), 1, "nowhere does not exist"),
        (("track", "-i", VIDEO, "-m", "tests"), 1, "is no model"),
        (("track", "-i", VIDEO, "-m", "x", "--frames", "5-3"), 2, "runs backwards"),
        (("track", "-i", VIDEO, "-m", "x", "-b", "0"), 2, "batch_size must be at least 1"),
        (("track", "-i", VIDEO, "-m", "x", "--integral_refinement", "fast"), 2, "'integral'"),
        (("track", "-i", VIDEO, "-m", "x", "--engine", "warp"), 2, "no engine named 'warp'"),
        (("track", "--bogus"), 2, "bogus"),
        (
            ("track", "-i", VIDEO, "-m", "samples/models/centroid", "-o", "out.txt"),
            2,
            "end in .slp",
        ),
        (("trak",), 2, "Did you mean 'track'?"),
        (("export", "nowhere"), 1, "nowhere does not exist"),
        (("export",), 2, "Missing argument"),
    ],
)
def test_wrong_calls_are_answered_in_words(args, code, words):
    done = run(*args)
    assert words in done.stderr
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.e2e
def test_a_file_that_we_did_not_export_is_refused(tmp_path):
    (tmp_path / "other.onnx").write_bytes(b"\x08\x0a\x12\x05other")
    done = run("track", "-i", VIDEO, "-m", tmp_path / "other.onnx")
    assert "was not exported by sleap-rt" in done.stderr
    assert done.returncode == 1


@pytest.mark.e2e
def test_the_runtime_loads_neither_torch_nor_onnx():
    code = (
        "import sys, sleap_rt.runtime, sleap_rt.runtime.job, sleap_rt.runtime.engines.ort\n"
        "print(sorted({'torch', 'onnx', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr
