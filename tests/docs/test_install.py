"""The commands of docs/install.md fit the package as it is: in a clone, and not published."""

import re
from pathlib import Path

import pytest

tomllib = pytest.importorskip("tomllib", reason="Python 3.10 cannot read pyproject.toml")

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/install.md").read_text("utf-8")
DEPENDENCIES = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "dependencies"
]


def test_where_space_is_short_all_that_is_needed_is_named():
    """All of the base; sleap-io in the versions that it takes, as nothing else asks for these."""
    section = PAGE.split("Where space is short")[1].split("\n## ")[0]
    bare, rest = re.findall(r"pip install (.*)", section.replace("\\\n", " "))
    needed = {re.split(r"[<>=]", one)[0].lower(): one for one in DEPENDENCIES}
    assert bare == f"--no-deps . '{needed.pop('sleap-io')}'"
    assert {*needed} <= {*rest.split()}


def test_no_command_takes_the_package_from_an_index():
    for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        for line in page.read_text("utf-8").splitlines():
            asked = re.search(r"pip install .*(?<![\w/-])sleap-rt(?![\w/.-])", line)
            assert asked is None or "--find-links" in line, f"{page}: {line}"
