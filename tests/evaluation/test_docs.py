"""The guide tells the truth: its commands and its Python run, its option table is complete."""

import doctest
import re
import shlex
from pathlib import Path

import click
import pytest
import sleap_io as sio

import sleap_rt.evaluation
from sleap_rt.cli import eval as eval_module
from sleap_rt.cli import eval_tracking, main
from sleap_rt.evaluation import run_evaluation

from .builders import (
    Predicted,
    User,
    make_labels,
    square,
    vector_ground_truth,
    vector_predictions,
)

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "evaluation.md").read_text(encoding="utf8")
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    for line in block.splitlines()
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with every file that the guide mentions."""
    monkeypatch.chdir(tmp_path)
    truth = {f: [User(square(f), track="m"), User(square(300), track="n")] for f in range(4)}
    for name in ("labels", "proofread"):
        make_labels(truth).save(f"{name}.slp", verbose=False)
    for offset, name in enumerate(("predictions", "a", "b", "tracked")):
        frames = {
            f: [
                Predicted(square(f + offset), 0.5, track="s"),
                Predicted(square(301), 0.5, track="t"),
            ]
            for f in range(4)
        }
        make_labels(frames).save(f"{name}.slp", verbose=False)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs(folder, command, capsys):
    program, *args = shlex.split(command)
    assert program == "sleap-nn"
    if "--report" in args:
        pytest.importorskip("matplotlib")
    with pytest.raises(SystemExit) as exit_:
        main(args)
    assert exit_.value.code == 0
    assert "undefined" not in capsys.readouterr().out
    for option in ("--report", "-s"):
        if option in args:
            assert (folder / args[args.index(option) + 1]).stat().st_size > 1000


@pytest.fixture
def ran():
    """`ran(place)`: the names that a block of the guide leaves."""

    def ran(place):
        code = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)[place]
        names = {}
        exec(compile(code, "docs/evaluation.md", "exec"), names)
        return names

    return ran


def test_the_python_runs(folder, capsys, ran):
    names = ran(0)
    assert names["stored"]["mOKS"] == names["metrics"]["mOKS"]
    assert len(capsys.readouterr().out.split()) == 2


def test_all_that_the_command_does_is_there_in_python(folder, ran):
    pytest.importorskip("matplotlib")
    metrics = ran(1)["metrics"]
    assert metrics["identity_metrics"]["IDF1"] == 1
    assert metrics["options"]["oks_stddev"] == 0.025
    assert not metrics["options"]["user_labels_only"]
    assert (folder / "report.html").stat().st_size > 1000


def test_corrected_predictions_are_taken_out(folder, ran):
    old = Predicted(square(9))
    made = {0: [old, User(square(), made_from=old), Predicted(square(300))]}
    make_labels(made).save("proofread.slp", verbose=False)
    ran(2)
    (frame,) = sio.load_slp("truth.slp", open_videos=False)
    assert [one.numpy()[0, 0] for one in frame.instances] == [0, 300]


@pytest.mark.parametrize("name", ["Evaluator", "run_evaluation", "load_metrics"])
def test_the_examples_of_the_python_entry_points_are_true(tmp_path, monkeypatch, name):
    """With the files of the specification's test vector, whose answers are worked out by hand."""
    monkeypatch.chdir(tmp_path)
    vector_ground_truth().save("labels.slp", verbose=False)
    vector_predictions().save("predictions.slp", verbose=False)
    run_evaluation("labels.slp", "predictions.slp", oks_stddev=0.05, save_metrics="metrics.npz")
    entry = getattr(sleap_rt.evaluation, name)
    names = vars(sleap_rt.evaluation) | {name: entry}
    (example,) = doctest.DocTestFinder(recurse=False).find(entry, name, globs=names)
    report = []
    results = doctest.DocTestRunner().run(example, out=report.append)
    assert results.attempted >= 2
    assert results.failed == 0, "".join(report)


def test_the_option_table_is_that_of_the_command():
    table = dict(re.findall(r"^\| (`--.*?) \| (.*?) \|", GUIDE, re.MULTILINE))
    documented = {
        re.search(r"--(\w+)", option)[1]: default.strip("`") for option, default in table.items()
    }
    options = {
        re.search(r"--(\w+)", option.opts[-1] if len(option.opts) > 1 else option.opts[0])[
            1
        ]: option
        for option in eval_module.command.params
        if isinstance(option, click.Option) and option.expose_value  # not those of every command
    }
    assert set(documented) == set(options)
    for name, option in options.items():
        if option.is_flag:
            expected = "on" if option.default is True else "off"
        else:
            default = option.to_info_dict()["default"]
            expected = "none" if default in (None, ()) or option.multiple else str(option.default)
        assert documented[name] == expected, name


def test_eval_tracking_has_no_option_that_eval_lacks():
    of = {option.name for option in eval_module.command.params}
    assert {option.name for option in eval_tracking.command.params} < of
