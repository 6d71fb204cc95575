"""What the guides for contributors name, exists: files, commands, targets, markers."""

import re
from pathlib import Path

import pytest

from sleap_rt.cli.app import main

tomllib = pytest.importorskip("tomllib", reason="Python 3.10 cannot read pyproject.toml")
ROOT = Path(__file__).resolve().parents[1]
GUIDES = ("CONTRIBUTING.md", "docs/style.md")
FOLDERS = "sleap_rt|tests|docs|samples|benchmarks|\\.github|\\.ci"
FILE = re.compile(rf"(?:(?:{FOLDERS})/|[A-Za-z.-]+\.(?:toml|yaml|txt|md)$)[\w./-]*")
MARKED = re.compile(r"`([^`\n]+)`")


def read(guide: str) -> str:
    return (ROOT / guide).read_text(encoding="utf8")


def named_files() -> list[tuple[str, str]]:
    found = [(guide, word) for guide in GUIDES for word in MARKED.findall(read(guide))]
    return [(guide, word) for guide, word in found if FILE.fullmatch(word)]


@pytest.mark.parametrize(("guide", "file"), named_files())
def test_files_exist(guide, file):
    assert (ROOT / file).exists(), f"{guide} names {file}"


@pytest.mark.parametrize("guide", GUIDES)
def test_targets_of_make_exist(guide):
    targets = set(re.findall(r"^([\w-]+):", read("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^    )make ([\w-]+)", read(guide), re.MULTILINE))
    assert named
    assert named <= targets


@pytest.mark.parametrize("guide", GUIDES)
def test_commands_exist(guide):
    named = re.findall(r"(?:`|^    )sleap-(?:nn|rt) ([\w-]+)", read(guide), re.MULTILINE)
    for command in named:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert not ended.value.code, f"{guide} names `sleap-nn {command}`"


def test_every_marker_of_pytest_is_explained():
    settings = tomllib.loads(read("pyproject.toml"))["tool"]["pytest"]["ini_options"]
    markers = {marker.partition(":")[0] for marker in settings["markers"]}
    assert {m for m in markers if f"| `{m}` |" in read("CONTRIBUTING.md")} == markers


def test_the_tests_that_were_found_are_not_none():
    assert len(named_files()) > 20
