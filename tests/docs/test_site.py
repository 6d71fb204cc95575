"""What the site is built with: commands of the program, links of the repository."""

import importlib
import re
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

pytest.importorskip("mkdocs", reason="needs the extra docs")

from sleap_rt.cli.app import app

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def building():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "docs/building"))
        modules = {name: importlib.import_module(name) for name in ("hooks", "commands")}
        yield SimpleNamespace(**modules)


def test_every_option_of_every_command_is_listed_once_under_its_command(building):
    context = click.Context(app)
    sections = dict(
        re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", building.commands.reference(), re.M | re.S)
    )
    assert set(sections) == set(app.list_commands(context)) - {"predict"}
    for name, section in sections.items():
        for option in app.get_command(context, name).params:
            if isinstance(option, click.Option) and not option.hidden:
                rows = [row for row in section.splitlines() if row.startswith("| <code>")]
                named = [
                    row
                    for row in rows
                    if re.search(rf"{option.opts[-1]}\b(?!-)", row.split(" | ")[0])
                ]
                assert len(named) == 1, f"{name} {option.opts[-1]}"


@pytest.mark.parametrize(
    ("page", "written", "led"),
    [
        ("index.md", "[a](docs/track.md#frames)", "[a](track.md#frames)"),  # of README.md
        ("index.md", "![a](docs/images/crawlers.png)", "![a](images/crawlers.png)"),
        ("track.md", "[a](../benchmarks/results.md)", "[a](benchmarks/results.md)"),
        ("reference/python.md", "[a](../api.md)", "[a](../api.md)"),
        ("samples/README.md", "[a](../README.md)", "[a](../index.md)"),
        ("track.md", "[a](https://sleap.ai) [b](#here)", "[a](https://sleap.ai) [b](#here)"),
        ("track.md", "[a](../nowhere.md)", "[a](../nowhere.md)"),  # left for the build to find
    ],
)
def test_links_of_the_repository_lead_to_pages(building, page, written, led):
    place = SimpleNamespace(file=SimpleNamespace(src_uri=page))
    assert building.hooks.on_page_markdown(written, place, None, None) == led


def test_guides_that_lie_elsewhere_are_there(building):
    assert all((ROOT / path).is_file() for path in building.hooks.ELSEWHERE)
