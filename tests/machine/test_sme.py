"""Which processors have SME, by what their systems say."""

import platform
import subprocess
import sys

import pytest

from sleap_rt.machine import sme
from sleap_rt.machine.sme import may_have_sme


@pytest.fixture(autouse=True)
def asked_anew():
    sme._sysctl.cache_clear()
    yield
    sme._sysctl.cache_clear()


@pytest.mark.parametrize(
    ("machine", "cpuinfo", "expected"),
    [
        ("x86_64", "flags : sme", False),  # another sme: secure memory encryption
        ("aarch64", "processor : 0\nFeatures\t: fp asimd sve sme sme2\n", True),
        ("aarch64", "processor : 0\nFeatures\t: fp asimd sve smelt\n", False),
        ("aarch64", "", True),  # not told
    ],
)
def test_linux(machine, cpuinfo, expected, monkeypatch, tmp_path):
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(sys, "platform", "linux")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(cpuinfo)
    assert may_have_sme(tmp_path) is expected


@pytest.mark.parametrize(("answer", "expected"), [("1\n", True), ("0\n", False), ("", False)])
def test_macos(answer, expected, monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(sys, "platform", "darwin")
    told = subprocess.CompletedProcess([], 0, answer, "")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: told)
    assert may_have_sme() is expected


def test_macos_that_cannot_be_asked(monkeypatch):
    def run(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(subprocess, "run", run)
    assert may_have_sme()
