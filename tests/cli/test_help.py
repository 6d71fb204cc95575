"""The help of every command: in groups, within the line, with colours only where wanted."""

import re
from collections import Counter

import click
import pytest
from rich_click.rich_panel import construct_panels

from sleap_rt.cli.app import _COMMANDS, app
from sleap_rt.cli.terminal import help as help_module

COLOUR = re.compile(r"\x1b\[[\d;]*(?<=[\[;])(3[0-8]|4[0-8]|9[0-7])[;m]")
ESCAPE = re.compile(r"\x1b\[[\d;]*m")
LONGEST_KEPT = 18  # longer words may be broken on a narrow terminal
LOOKS = [(look, width) for look in ("terminal", "pipe") for width in (60, 80, 120)]


def context(name):
    group = app.context_class(app, info_name="sleap-nn", **app.context_settings)
    command = app.get_command(group, name)
    settings = {"parent": group, **command.context_settings}
    return command.context_class(command, info_name=name, **settings)


def shown(command):
    return [
        one
        for one in command.get_params(context(command.name))
        if isinstance(one, click.Option) and not one.hidden
    ]


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_option_is_in_one_group(name):
    ctx = context(name)
    panels = construct_panels(ctx.command, ctx, ctx.make_formatter())
    found = [one.name for panel in panels for one in panel.get_objects(ctx.command, ctx)]
    counts = Counter(found)
    assert counts == {one.name: 1 for one in shown(ctx.command)}
    of_all = ("help", "config", "save_config")
    titles = {getattr(one, "panel", None) for one in shown(ctx.command) if one.name not in of_all}
    assert titles == {None} or None not in titles, "some are in sections and some are not"


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_option_is_explained(name):
    for option in shown(context(name).command):
        assert option.help, option.name
        assert "{" not in option.help


@pytest.mark.parametrize(("look", "width"), LOOKS)
def test_help_stays_within_the_line_and_names_are_whole(look, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(help_module, "goes_to_terminal", lambda: look == "terminal")
    for name in _COMMANDS:
        text = ESCAPE.sub("", context(name).get_help())
        assert "…" not in text
        assert max(map(len, text.splitlines())) <= min(width, help_module.MOST_COLUMNS)
        words = set(re.split(r"[\s/│]+", text))
        for option in shown(context(name).command):
            assert words >= {*option.opts, *option.secondary_opts}, (name, option.name)
            told = {word for word in option.help.split() if len(word) <= LONGEST_KEPT}
            parts = {part for word in told for part in word.split("/") if part}
            assert words >= parts, (name, option.name)


@pytest.mark.parametrize("name", _COMMANDS)
def test_examples_are_one_line_each(name):
    """Of a usual terminal; a wrapped one cannot be copied."""
    examples = [line.strip() for line in (context(name).command.help or "").splitlines()]
    assert not [one for one in examples if one.startswith("sleap-nn ") and len(one) > 80]


@pytest.mark.parametrize("name", [None, "track"])
@pytest.mark.parametrize("variable", ["NO_COLOR", "TERM"])
def test_colours_only_where_they_are_wanted(name, variable, on_terminal):
    words = ["--help"] if name is None else [name, "--help"]
    coloured = on_terminal(words)
    assert COLOUR.search(coloured)
    plain = on_terminal(words, **{variable: {"NO_COLOR": "1", "TERM": "dumb"}[variable]})
    assert not COLOUR.search(plain)
    assert ESCAPE.sub("", plain).split() == ESCAPE.sub("", coloured).split()


def test_a_pipe_gets_plain_text_also_where_tests_run(call, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for words in (["--help"], ["track", "--help"], ["export", "--help"]):
        text = call(*words).out
        assert "\x1b" not in text
        assert text.isascii()
        assert all(line == line.rstrip() for line in text.splitlines())
        assert text.endswith("\n")
