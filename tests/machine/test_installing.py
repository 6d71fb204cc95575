"""Commands in messages install into this environment, from where the package came."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sleap_rt.errors import ModelError
from sleap_rt.machine import installing

ROOT = Path(__file__).resolve().parents[2]
of_clone = pytest.mark.skipif(
    not Path(installing.__file__).is_relative_to(ROOT / "sleap_rt"), reason="a wheel is tested"
)
TEXT = "Install it with `pip install 'sleap-rt[cpu,mnn]'`, or leave it."


@pytest.fixture
def installed(monkeypatch):
    """Pretend that the package was installed from somewhere, with the environment active."""

    def install(origin, clone=None):
        monkeypatch.setattr(installing, "_clone", lambda: clone)
        monkeypatch.setattr(installing, "_origin", lambda: origin)
        monkeypatch.setattr(installing, "_install", lambda: "pip install")

    return install


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ({}, "'sleap-rt[cpu,mnn]'"),
        (
            {"url": "https://host/r.git", "vcs_info": {"vcs": "git", "commit_id": "1"}},
            "'sleap-rt[cpu,mnn] @ git+https://host/r.git'",
        ),
        (
            {"url": "https://host/a.whl", "archive_info": {}},
            "'sleap-rt[cpu,mnn] @ https://host/a.whl'",
        ),
        ({"url": "file:///gone/a.whl", "archive_info": {}}, "'sleap-rt[cpu,mnn]'"),
    ],
)
def test_the_command_names_where_the_package_came_from(installed, origin, expected):
    installed(origin)
    assert installing.fitted(TEXT) == f"Install it with `pip install {expected}`, or leave it."


def test_a_wheel_and_a_clone_are_named_by_their_paths(installed, tmp_path, monkeypatch):
    wheel = tmp_path / "my wheels" / "sleap_rt-0.1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    installed({"url": wheel.as_uri(), "archive_info": {}})
    assert f"pip install '{wheel}[cpu,mnn]'" in installing.fitted(TEXT)
    installed({"url": tmp_path.as_uri(), "dir_info": {"editable": True}}, clone=tmp_path)
    assert f"pip install -e '{tmp_path}[cpu,mnn]'" in installing.fitted(TEXT)
    monkeypatch.chdir(tmp_path)
    installed({}, clone=tmp_path)
    assert "pip install '.[cpu,mnn]'" in installing.fitted(TEXT)


@of_clone
def test_this_clone_is_recognised():
    assert installing._clone() == ROOT


def test_another_environments_pip_is_not_taken(monkeypatch):
    monkeypatch.setattr(installing, "which", lambda name: "/elsewhere/bin/pip")
    installing._install.cache_clear()
    try:
        assert installing._install() == f"{sys.executable} -m pip install"
        beside = str(Path(sys.executable).parent / "pip")
        monkeypatch.setattr(installing, "which", lambda name: beside)
        installing._install.cache_clear()
        assert installing._install() == "pip install"
    finally:
        installing._install.cache_clear()


def test_every_error_of_ours_is_told_so(installed):
    installed({}, clone=Path("/clone"))
    assert str(ModelError(TEXT)) == installing.fitted(TEXT) != TEXT


@of_clone
def test_pip_understands_the_command_for_this_clone(tmp_path):
    """Resolved without a network: pip reads the extras of the path that the message names."""
    requirement = installing._requirement("cpu").removeprefix("-e ").strip("'")
    code = "import sys, json\nfrom pip._internal.req.constructors import install_req_from_line\n"
    code += f"found = install_req_from_line({requirement!r})\n"
    code += "print(json.dumps([sorted(found.extras), found.link.url]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    if "No module named 'pip'" in done.stderr:
        pytest.skip("this environment has no pip")
    assert json.loads(done.stdout) == [["cpu"], ROOT.as_uri()]


def test_no_message_goes_around_it():
    """Hints to install extras are in errors, or in what errors are made of."""
    plain = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "sleap_rt").rglob("*.py")
        for line in path.read_text("utf8").splitlines()
        if "pip install" in line and "echo(" in line
    }
    assert not plain
