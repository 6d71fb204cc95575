"""What the site is built with: commands of the program, links of the repository."""

import importlib
import re
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

pytest.importorskip("mkdocs", reason="needs the extra docs")

from sleap_rt.cli.app import app
from sleap_rt.options.upstream import OLD_DIALECT

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")})


@pytest.fixture(scope="module")
def building():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "docs/building"))
        modules = {
            name: importlib.import_module(name)
            for name in ("hooks", "commands", "graph_tables", "messages")
        }
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


def test_what_guides_import_is_in_the_reference():
    listed = re.findall(r"^::: (\S+)$", (ROOT / "docs/reference/python.md").read_text("utf8"), re.M)
    inside = {*listed, *(_home(name) for name in listed)}
    guides = [page for page in (ROOT / "docs").rglob("*.md") if page.stem != "architecture"]
    code = "\n".join(page.read_text("utf8") for page in guides)
    lines = re.findall(r"^from (sleap_rt[\w.]*) import (.+)$", code, re.M)
    imported = {f"{module}.{name.strip()}" for module, names in lines for name in names.split(",")}
    mentioned = {
        name for name in re.findall(r"`(sleap_rt(?:\.\w+)+)`", code) if callable(_named(name))
    }
    for name in imported | mentioned:
        home = _home(name)
        assert {name, home, home.rpartition(".")[0]} & inside, name


def _named(name):
    """What a dotted name stands for."""
    module, _, last = name.rpartition(".")
    try:
        return importlib.import_module(name)
    except ImportError:
        return getattr(importlib.import_module(module), last)


def _home(name):
    """The dotted name of a function or a class where it is defined; of a module, its own."""
    found = _named(name)
    return f"{found.__module__}.{found.__qualname__}" if callable(found) else name


def test_guides_that_lie_elsewhere_are_there(building):
    assert all((ROOT / path).is_file() for path in building.hooks.ELSEWHERE)


@pytest.mark.export
@pytest.mark.parametrize(
    ("models", "kind"),
    [
        (["single_instance"], "single_instance"),
        (["bottomup"], "bottomup"),
        (["multi_class_bottomup"], "multi_class_bottomup"),
        (["centroid", "centered_instance"], "centroid"),
        (["centroid", "centered_instance"], "centered_instance"),
        (["centroid", "multi_class_topdown"], "multi_class_topdown"),
    ],
)
def test_tables_of_graphs_are_those_of_the_files(building, sample_graphs, models, kind):
    """Names, order, types, and how many axes."""
    onnxruntime = pytest.importorskip("onnxruntime")
    (path,) = (graph for graph in sample_graphs(*models) if graph.stem == kind)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    types = {"tensor(uint8)": "uint8", "tensor(int64)": "int64", "tensor(float)": "float32"}
    there = [
        (direction, one.name, types[one.type], len(one.shape))
        for direction, tensors in (("in", session.get_inputs()), ("out", session.get_outputs()))
        for one in tensors
    ]
    rows = re.findall(
        r"^\| (in|out) \| `(\w+)` \| \((.*?)\) (\w+) \|",
        building.graph_tables.table(kind),
        re.MULTILINE,
    )
    said = [
        (direction, name, dtype, len(shape.split(",")) if shape else 0)
        for direction, name, shape, dtype in rows
    ]
    assert said == there


def test_every_message_has_an_entry_under_a_topic_with_advice(building):
    """A new file with messages belongs to a topic, and each topic is a section of the page."""
    page = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf8")
    sections = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    for name, found in building.messages.by_topic().items():
        advice, marker, _ = sections[name].partition(f"<!-- messages: {name} -->")
        assert len(advice.split()) > 3, name
        assert marker, name
        assert found, name
    assert set(sections) == set(building.messages.TOPICS)


def test_advice_is_for_messages_that_there_are(building):
    page = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf8")
    quotes = [
        " ".join(quote.split()) for quote in re.findall(r"^- \*([^*]+)\*:", page, re.MULTILINE)
    ]
    messages = [one for found in building.messages.by_topic().values() for one in found]
    assert len(quotes) > 10
    assert not [quote for quote in quotes if not any(quote in message for message in messages)]


def test_every_class_of_errors_is_explained():
    import sleap_rt.errors

    page = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf8")
    classes = [name for name in vars(sleap_rt.errors) if name.endswith("Error")]
    assert len(classes) > 8
    assert not [name for name in classes if f"`{name}`" not in page]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ('raise DataError(f"{path} is damaged: {why}.")', "… is damaged: …."),
        ('raise self.error("one " f"and {two}")', None),  # no error by its name
        ('raise click.UsageError("give " + names + " once")', "give … once"),
        ("raise OptionError(text)", None),
        ('raise TypeError("no run")', None),  # of a programmer
        (
            'def f(a):\n  return f"{a} holds results of it. Pass --resume."',
            "… holds results of it. Pass --resume.",
        ),
        ('def f(a):\n  return f"{a} frames"', None),
    ],
)
def test_messages_are_found_in_source(building, code, message):
    import ast

    assert list(building.messages._messages(ast.parse(code))) == ([message] if message else [])


def test_the_message_a_user_sees_is_in_the_list(building):
    from sleap_rt.errors import DataError
    from sleap_rt.options.running import SelectionOptions
    from sleap_rt.runtime.frames.open_input import open_input

    with pytest.raises(DataError) as told:
        open_input(ROOT / "no such video.mp4", SelectionOptions())
    patterns = [
        re.escape(message).replace(building.messages.BLANK, ".*")
        for message in building.messages.by_topic()["Videos and images"]
    ]
    assert any(re.fullmatch(pattern, str(told.value)) for pattern in patterns), str(told.value)


def test_names_of_options_stay_in_one_line(building):
    html = "<p><code>--peak_threshold</code></p><pre><code><span>x</span></code></pre>"
    marked = building.hooks.on_page_content(html, None, None, None)
    assert marked == html.replace("<code>--", '<code class="short">--')
    assert ".short { white-space: nowrap" in (ROOT / "docs/site.css").read_text()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_rows_of_tables_are_lines(path):
    """A table that was wrapped as a paragraph is none."""
    text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
    for line in text.splitlines():
        assert "|---" not in line or re.fullmatch(r" *\|(?:\s*:?-+:?\s*\|)+", line), line


def test_who_reads_a_page_in_the_repository_sees_that_a_part_is_filled_in(building):
    told = "*All commands and options are filled in by `make docs`.* <!-- commands -->"
    assert told in (ROOT / "docs/reference/commands.md").read_text("utf-8").splitlines()
    page = SimpleNamespace(file=SimpleNamespace(src_uri="a.md"))
    site = building.hooks.on_page_markdown(told, page, None, None)
    assert "make docs" not in site
    assert "|---" in site


def test_options_of_sleap_1_4_are_listed_as_the_program_tells_them():
    text = (ROOT / "docs/coming_from/sleap.md").read_text("utf-8")
    table = ["| `sleap-track` | here |", "|---|---|"]
    table += [f"| `--{name}` | {here} |" for name, here in OLD_DIALECT.items()]
    assert "\n".join(["", *table, ""]) in text
