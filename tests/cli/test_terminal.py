"""Facts on a terminal and in a pipe: tables, JSON, colours, nearest names, and what comes next."""

import json
import re
import sys
import time
from contextlib import closing, redirect_stdout, suppress
from io import StringIO

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleap_rt.cli.app import _COMMANDS, app
from sleap_rt.cli.reports.steps_progress import StepsProgress
from sleap_rt.cli.terminal import messages, tables
from sleap_rt.export.steps import Step

ESCAPE = re.compile(r"\x1b\[[\d;]*m")
WORDS = st.text("abc ()%.-", min_size=1, max_size=30).map(str.strip).filter(bool)
NO_FACTS = {"completion"}  # it writes a script


def lines_of(text):
    return ESCAPE.sub("", text).splitlines()


@given(
    rows=st.integers(1, 5).flatmap(
        lambda n: st.lists(st.lists(WORDS, min_size=n, max_size=n), min_size=1, max_size=5)
    )
)
@settings(max_examples=50)
def test_plain_tables_hold_every_value_in_columns(rows):
    heads = [f"head{place}" for place in range(len(rows[0]))]
    lines = tables.plain_lines(heads, rows)
    assert len(lines) == len(rows) + 1
    widths = [max(len(line[place]) for line in (heads, *rows)) for place in range(len(heads))]
    for line, cells in zip(lines, (heads, *rows), strict=True):
        assert line == line.rstrip()
        start = 0
        for width, cell in zip(widths, cells, strict=True):
            assert line[start : start + width].strip() == cell
            start += width + 2


@given(
    rows=st.integers(2, 9).flatmap(
        lambda n: st.lists(st.lists(WORDS, min_size=n, max_size=n), min_size=1, max_size=4)
    ),
    width=st.sampled_from((60, 80, 120)),
    turns=st.booleans(),
)
@settings(max_examples=50)
def test_drawn_tables_stay_within_the_terminal_and_lose_nothing(rows, width, turns):
    heads = [f"head{place}" for place in range(len(rows[0]))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        patch.setattr(tables, "goes_to_terminal", lambda: True)
        text = _printed(lambda: tables.show_table(heads, rows, turns=turns))
    assert all(len(line) <= width for line in text.splitlines())
    values = "".join("".join(line) for line in (heads, *rows))
    assert sorted(re.sub(r"[^\w().%-]", "", text)) == sorted(values.replace(" ", ""))


def _printed(show):
    with redirect_stdout(StringIO()) as written:
        show()
    return written.getvalue()


@pytest.mark.parametrize("columns", [60, 120])
def test_system_fits_its_lines_to_the_terminal(on_terminal, call, columns):
    shown = lines_of(on_terminal(["system"], columns=columns, NO_COLOR="1"))
    names = {one["engine"] for one in json.loads(call("system", "--json").out)["engines"]}
    assert {name for name in names if any(name in line for line in shown)} == names
    assert not [line for line in shown if len(line) > columns and " " in line[20:].strip()]
    piped = call("system").out.splitlines()
    assert {line.split()[0] for line in piped if " works " in line or " absent " in line} == names


def test_a_table_that_does_not_fit_is_turned(on_terminal, sample_graphs):
    (graph,) = sample_graphs("single_instance")
    words = ["bench", graph, "--engine", "ort", "--n_batches", "1", "-b", "1", "-b", "2"]
    lines = lines_of(on_terminal(words, columns=60))
    assert max(map(len, (line for line in lines if "│" in line))) <= 60
    (batch,) = [line for line in lines if line.startswith("│ batch")]
    assert batch.replace("│", " ").split() == ["batch", "1", "2"]
    assert any(
        line.startswith("next, to run it so: python -m sleap_rt track -i VIDEO") for line in lines
    )


@pytest.mark.export  # operations are counted in the trained network
def test_info_says_how_quick_a_model_is(call, sample_graphs):
    assert "--verbose counts operations" in call("info", "samples/models/bottomup").out
    whole = call("info", "samples/models/bottomup", "--verbose").out
    assert "  speed: 0.39 GFLOP per frame: light, " in whole
    assert "GFLOP per crop" in call("info", "samples/models/centered_instance", "--verbose").out
    (graph,) = sample_graphs("single_instance")
    command = f"sleap-nn bench {graph} -i VIDEO"
    words = f"  speed: `{command}` measures it; no run of `track` compared engines here yet\n"
    assert words in call("info", graph).out  # true after `bench`, too, which keeps nothing


@pytest.mark.parametrize("name", sorted({*_COMMANDS} - NO_FACTS))
def test_every_command_that_prints_facts_prints_them_as_json(name):
    command = app.get_command(click.Context(app), name)
    assert "--json" in {flag for one in command.params for flag in one.opts}


def test_json_is_all_that_stands_on_standard_output(call, sample_graphs, tmp_path):
    (graph,) = sample_graphs("single_instance")
    labels = "samples/crawlers.slp"
    for words in (
        ("info", graph),
        ("verify", graph, "--engine", "ort"),
        ("bench", graph, "--engine", "ort", "--n_batches", "1"),
        ("eval-tracking", labels, labels),
    ):
        done = call(*words, "--json")
        assert done.code == 0, done.err
        assert json.loads(done.out)
    found = json.loads(call("eval", labels, labels, "--json").out)
    (one,) = found["predictions"]
    assert one["metrics"]["detection_metrics"]["n_fn"] == 540
    assert one["metrics"]["mOKS"]["mOKS"] is None
    assert "no predicted instances" in " ".join(one["notes"])


def test_tables_of_eval_hold_the_values_of_the_plain_text(on_terminal, call):
    words = ["eval-tracking", "samples/crawlers.slp", "samples/crawlers.slp"]
    plain = [re.split(r"\s{2,}", line.strip()) for line in call(*words).out.splitlines()]
    drawn = [line.strip("│ ") for line in lines_of(on_terminal(words)) if line.startswith("│")]
    cells = [tuple(re.split(r"\s*│\s*", line)) for line in drawn]
    values = [tuple(line) for line in plain if len(line) == 2]
    assert len(values) > 15
    assert [line for line in cells if any(line)] == values


@pytest.mark.parametrize(("set_", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_errors_are_red_only_on_a_terminal_that_wants_it(on_terminal, call, set_, coloured):
    words = ["track", "a.mp4", "-m", "b", "--engine", "orrt"]
    assert ("\x1b[31m" in on_terminal(words, **set_)) is coloured
    assert "\x1b" not in call(*words).err


@pytest.mark.parametrize("name", _COMMANDS)
def test_a_wrong_choice_is_told_with_the_nearest_one(name, call):
    command = app.get_command(click.Context(app), name)
    for option in command.params:
        if not isinstance(option.type, click.Choice) or isinstance(option, click.Argument):
            continue
        for choice in option.type.choices:
            done = call(name, max(option.opts, key=len), f"{choice}q")
            assert done.code == 2
            assert f"Did you mean {choice!r}?" in done.err, (option.name, choice)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("track a.mp4 -m b --engine orrt", "Did you mean 'ort'?"),
        ("trakc", "Did you mean 'track'?"),
        ("track --engin ort", "'--engine'"),
        (
            "track samples/crawlers.slp -m samples/models/centered_instance --anchor_part thorx",
            "Did you mean 'thorax'?",
        ),
    ],
)
def test_names_that_are_nearly_right_are_recognised(words, told, call, tmp_path, request):
    done = call(*words.split())
    assert done.code == 2
    assert told in done.err


@pytest.mark.parametrize("is_terminal", [True, False])
def test_work_is_told_on_a_terminal_as_long_as_it_takes(monkeypatch, capsys, is_terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    with messages.waiting("reading"):
        during = capsys.readouterr().err
    after = capsys.readouterr().err
    assert during == ("reading ..." if is_terminal else "")
    assert after == (f"\r{' ' * len('reading ...')}\r" if is_terminal else "")


def test_a_log_of_an_export_gets_a_line_every_two_seconds(monkeypatch, capsys):
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    progress = StepsProgress(quiet=False, verbose=False, opening="exporting ...")
    for number in range(6):
        progress(Step(f"step {number}", number, 6))
        now += 0.9
        progress(Step(f"step {number}", number, 6, 0.9))
    told = capsys.readouterr().err.splitlines()
    assert told == ["exporting ...", "step 3 (4 of 6) ..."]


def test_an_error_stands_on_a_line_of_its_own(monkeypatch, capsys):
    """Not behind the bar, which goes first; it tells of no steps per second."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    with suppress(ValueError), closing(StepsProgress(quiet=False, verbose=False)) as progress:
        progress(Step("open", 0, 2))
        raise ValueError
    messages.error("it cannot be opened")
    shown = capsys.readouterr().err
    assert re.search(r"\r *\rError: it cannot be opened\n$", shown)
    assert "0/2 steps [" in shown
    assert "?" not in shown
