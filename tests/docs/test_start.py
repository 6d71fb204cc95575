"""The page that leads from nothing to poses: its blocks run, in order and as they stand there."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import sleap_io as sio

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/start.md").read_text(encoding="utf8")
INSTALL, *BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
OUTPUTS = [
    line for text in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL) for line in text.splitlines()
]
NEEDED_BY = {  # words of a command -> the extra that it takes
    "sleap-nn export": "export",
    "sleap-nn track": "cpu",
    "--report": "report",
    "--format trt": "trt-rtx",
    "--cluster": "cluster",
}
PROGRAM = f"""#!{sys.executable}
from sleap_rt.__main__ import main

if __name__ == "__main__":
    main()
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder after all blocks were run there, and what they printed."""
    for package in ("torch", "matplotlib", "distributed", "tensorrt_rtx_bindings"):
        if find_spec(package) is None:
            pytest.skip(f"the page needs {package}")
    folder = tmp_path_factory.mktemp("start")
    (folder / "samples").symlink_to(ROOT / "samples", target_is_directory=True)
    program = folder / "bin/sleap-nn"
    program.parent.mkdir()
    program.write_text(PROGRAM, encoding="utf8")
    program.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    printed = ""
    for block in BLOCKS:
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, (block, ran.stderr)
        printed += ran.stdout
    return folder, printed


@pytest.mark.e2e
@pytest.mark.export
@pytest.mark.parametrize("line", OUTPUTS)
def test_the_page_shows_what_is_printed(done, line):
    """But for the numbers, which depend on machine and versions; those are compared below."""
    _, printed = done
    assert _without_numbers(line) in _without_numbers(printed)


@pytest.mark.e2e
@pytest.mark.export
def test_the_files_that_the_page_promises_are_there(done):
    folder, _ = done
    assert (folder / "report.html").stat().st_size > 100_000
    assert (folder / "crawlers.overlay.mp4").stat().st_size > 100_000
    assert (folder / "exports/rtx/bottomup.sm86.324x250x1.engine").stat().st_size > 1_000_000
    alone, by_two = (_tracks_and_points(folder / name) for name in ("crawlers.slp", "two.slp"))
    assert alone[0] == by_two[0]
    assert len(alone[0]) > 500
    np.testing.assert_array_equal(alone[1], by_two[1])


@pytest.mark.e2e
@pytest.mark.export
def test_the_figures_of_the_page_are_about_those_of_the_run(done):
    _, printed = done
    for said, found in zip(_figures(PAGE), _figures(printed), strict=True):
        assert said == pytest.approx(found, rel=0.1, abs=1)


def test_what_the_page_installs_is_what_its_commands_need():
    extras = set(re.search(r"pip install '\.\[(.+)\]'", INSTALL)[1].split(","))
    commands = "".join(BLOCKS)
    assert extras == {extra for words, extra in NEEDED_BY.items() if words in commands}
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 cannot read pyproject.toml")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
    assert extras <= set(project["optional-dependencies"])


def _without_numbers(text):
    """A quick machine is done before a rate can be told."""
    return re.sub(r"\d+(\.\d+)?", "#", re.sub(r"in [\d.]+ s with", "1 frames/s with", text))


def _figures(text):
    """px that a point is off and that nine in ten are within, animals found, switches."""
    words = r"typically ([\d.]+) px.*within ([\d.]+) px.\s+(\d+) of \d+ animals.*\s+(\d+) switches"
    return [float(number) for number in re.search(words, text).groups()]


def _tracks_and_points(path):
    instances = [one for frame in sio.load_slp(str(path), open_videos=False) for one in frame]
    return [one.track.name for one in instances], np.stack([one.numpy() for one in instances])
