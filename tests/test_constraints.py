"""Development is locked: every package that the development environment needs has its version."""

import re
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
INSTALLED = ("cpu", "export", "report", "test", "dev", "docs")  # the extras of `make`
packaging = pytest.importorskip("packaging.requirements")
tomllib = pytest.importorskip("tomllib", reason="Python 3.10 cannot read pyproject.toml")


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned():
    text = (ROOT / "constraints-dev.txt").read_text(encoding="utf8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pins = dict(line.split("==") for line in lines)
    assert len(pins) == len(lines)
    return {plain(name): pin for name, pin in pins.items()}


def needed(of_ours=INSTALLED):
    """Names of all packages that we need with these extras, on this system."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
    extras = project["optional-dependencies"]
    waiting = [*project["dependencies"], *(line for extra in of_ours for line in extras[extra])]
    found = set()
    while waiting:
        requirement = packaging.Requirement(waiting.pop())
        for extra in ("", *requirement.extras):
            key = (plain(requirement.name), extra)
            marker = requirement.marker
            if key in found or (marker and not marker.evaluate({"extra": ""})):
                continue
            found.add(key)
            waiting += of_extra(requirement.name, extra)
    return {name for name, _ in found}


def of_extra(name, extra):
    """What a package needs, or what one of its extras needs besides."""
    try:
        lines = distribution(name).requires or []
    except PackageNotFoundError:
        pytest.skip(f"{name} is not installed: this is not the development environment")
    for line in lines:
        requirement = packaging.Requirement(line)
        without = not requirement.marker or requirement.marker.evaluate({"extra": ""})
        if without != bool(extra) and (without or requirement.marker.evaluate({"extra": extra})):
            requirement.marker = None
            yield str(requirement)


def test_every_package_is_pinned():
    assert sorted(needed() - set(pinned())) == []


def test_pins_are_what_runs_here():
    pins = pinned()
    installed = {name: version(name).partition("+")[0] for name in needed()}
    other = {name: found for name, found in installed.items() if found != pins[name]}
    if other:
        pytest.skip(f"this environment was not made by `make`: {other}")
    assert len(installed) > 50


def test_lowest_versions_are_not_above_the_pins():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for extra in extras.values() for line in extra)]
    pins = pinned()
    for line in lines:
        requirement = packaging.Requirement(line)
        if plain(requirement.name) in pins:
            assert requirement.specifier.contains(pins[plain(requirement.name)]), line
