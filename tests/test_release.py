"""What a release consists of beside the program: one version, notices, citation, container file."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from sleap_rt.version import __version__

ROOT = Path(__file__).resolve().parents[1]
uses = pytest.importorskip("release.uses", reason="not run from the repository")
third_party = pytest.importorskip("release.third_party", reason="packaging is not installed")
INSTRUCTIONS = {
    "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "FROM", "RUN", "USER", "VOLUME", "WORKDIR"
}  # fmt: skip


def read(name):
    return (ROOT / name).read_text(encoding="utf8")


def test_the_version_has_one_place():
    assert 'version = { attr = "sleap_rt.version.__version__" }' in read("pyproject.toml")
    files = ["pyproject.toml", "CITATION.cff", "Dockerfile", "Makefile"]
    assert [name for name in files if __version__ in read(name)] == []
    assert f"\n## {__version__} " in read("CHANGELOG.md")


def extras_declared():
    section = read("pyproject.toml").partition("[project.optional-dependencies]")[2]
    return set(re.findall(r"^([\w-]+) = \[", section.partition("\n[")[0], re.M))


def test_the_licences_of_every_extra_are_listed():
    extras = extras_declared()
    assert {"cpu", "gpu", "dev"} <= extras
    assert extras - {"dev", "docs", "test"} == set(third_party.EXTRAS)


@pytest.mark.export  # the development environment, which the list is made in
def test_every_package_is_listed_with_a_licence():
    rows = dict(re.findall(r"^\| ([a-z0-9-]+) \| ([^|]+) \|", read("THIRD_PARTY.md"), re.M))
    missing = sorted(third_party.packages().keys() - rows.keys())
    assert not missing, f"run `python release/third_party.py`: {missing}"
    assert "numpy" in rows
    assert all(text.strip() not in ("", "unknown", "see its files") for text in rows.values())


def test_the_wheel_brings_notices_and_types():
    project = read("pyproject.toml")
    notices = re.search(r"^license-files = \[(.*)\]", project, re.M)[1]
    for name in re.findall(r'"([^"]+)"', notices):
        assert (ROOT / name).stat().st_size > 100, name
    assert {'"LICENSE"', '"THIRD_PARTY.md"', '"CITATION.cff"'} == set(notices.split(", "))
    assert re.search(r'^sleap_rt = \["py\.typed"', project, re.M)
    assert (ROOT / "sleap_rt/py.typed").is_file()


def test_every_extra_is_installed_and_used_before_a_release():
    tried = {extra for extras in uses.USES for extra in extras.split(",")} - {""}
    assert tried | uses.FOR_DEVELOPERS == extras_declared()


def test_the_citation_has_what_the_format_asks_for():
    cited = yaml.safe_load(read("CITATION.cff"))
    assert cited["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= cited.keys()
    for work in (cited, *cited["references"]):
        assert work["title"]
        assert all("name" in one or "family-names" in one for one in work["authors"])


def container_steps():
    """(instruction, its arguments) of each step of the container file, in order."""
    lines = [line for line in read("Dockerfile").splitlines() if not line.startswith("#")]
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [line.split(None, 1) for line in text.splitlines() if line.strip()]


def test_the_container_file_holds_together():
    steps = container_steps()
    assert {name for name, _ in steps} <= INSTRUCTIONS
    stages, variables = set(), set()
    for name, words in steps:
        if name in ("ARG", "ENV"):
            variables.add(words.partition("=")[0])
        if name in ("ARG", "ENV", "FROM"):
            assert set(re.findall(r"\$\{(\w+)\}", words)) <= variables, words
        if name == "FROM":
            stages.add(re.fullmatch(r"\S+ AS (\w+)", words)[1])
        for stage in re.findall(r"from=(\w+)", words):
            assert stage in stages, words
        if name in ("CMD", "ENTRYPOINT", "VOLUME"):
            assert all(isinstance(word, str) for word in json.loads(words))
        if name == "RUN":
            command = re.sub(r"^(--mount=\S+ )+", "", words)
            subprocess.run(["sh", "-n", "-c", command], check=True)
    assert stages == {"wheel", "base", "cpu", "cuda"}


def test_the_container_file_starts_a_program_of_ours():
    programs = re.findall(r'^([\w-]+) = "sleap_rt\.', read("pyproject.toml"), re.M)
    steps = container_steps()
    entries = [json.loads(words) for name, words in steps if name == "ENTRYPOINT"]
    assert entries
    assert all(entry[0] in programs for entry in entries)


def test_the_container_file_finds_its_files_and_extras():
    kept = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
    extras = extras_declared()
    for name, words in container_steps():
        if name == "COPY":
            for source in words.split()[:-1]:
                assert source in kept, words
                assert (ROOT / source).exists()
        for found in re.findall(r"whl\)\[([\w,-]+)\]", words):
            assert set(found.split(",")) <= extras, words
