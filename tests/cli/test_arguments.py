"""Several values after one flag, positional inputs, and nothing twice that counts once."""

import shutil

import click
import pytest

from sleap_rt.cli.app import _COMMANDS, app
from sleap_rt.cli.options.arguments import OnceCommand, spread

FLAGS = ("-i", "--data_path", "-m", "--model_paths")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("-i a -m m", "-i a -m m"),
        ("-i a b -m m n -t", "-i a -i b -m m -m n -t"),
        ("a b -m m", "a b -m m"),
        ("--data-path a b", "--data-path a --data-path b"),
        ("--data_path=a b", "--data_path=a --data_path b"),
        ("-i a -o out b", "-i a -o out b"),
        ("-i a -- -m b", "-i a -- -m b"),
        ("-i - b", "-i - -i b"),
        ("-i", "-i"),
    ],
)
def test_values_behind_one_flag_are_spread(given, expected):
    assert spread(given.split(), FLAGS) == expected.split()


@pytest.mark.parametrize("name", _COMMANDS)
def test_no_command_takes_the_last_of_two_values(name):
    command = app.get_command(click.Context(app), name)
    assert isinstance(command, OnceCommand)


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("track v.mp4 -m m --frames 1 --frames 2", "--frames"),
        ("track v.mp4 -m m --resume --resume", "--resume"),
        ("track v.mp4 -m m -d cpu --device cpu", "--device"),
        ("track v.mp4 -m m -o a.slp -o b.slp", "--output_path"),
        ("track v.mp4 -m m --output_format slp --output_format csv", "--output_format"),
        ("eval -g a.slp -g b.slp -p c.slp", "--ground_truth_path"),
        ("export a -o b -o c", "--output"),
    ],
)
def test_an_option_given_twice_is_refused(call, command, option):
    done = call(*command.split())
    assert done.code == 2
    assert f"{option}" in done.err
    assert "was given 2 times" in done.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--resume --no-resume", "--resume and --no-resume exclude each other"),
        ("--cuda-graphs --no_cuda_graphs", "--cuda_graphs and --no_cuda_graphs exclude each"),
        ("--no-resume --resume=auto", "--resume auto and --no-resume exclude each other"),
        ("--skip_existing --overwrite", "--skip_existing and --overwrite exclude each other"),
    ],
)
def test_options_that_say_the_opposite_exclude_each_other(call, options, told):
    done = call("track", "samples/one_crawler.mp4", "-m", "none", *options.split())
    assert done.code == 2
    assert told in done.err


@pytest.mark.parametrize(
    "words",
    [
        ("--report=~/got/r.html",),
        ("--report", "~/got/r.html"),
        ("--config=~/asked.yaml",),
    ],
)
def test_home_is_found_where_no_shell_replaced_it(call, monkeypatch, tmp_path, words):
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    (home / "got").mkdir(parents=True)
    elsewhere.mkdir()
    shutil.copy("samples/crawlers.slp", home / "a.slp")
    (home / "asked.yaml").write_text("report: got/r.html\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(elsewhere)
    done = call("eval", "~/a.slp", "-p~/a.slp", *words)
    assert done.code == 0, done.err
    assert (home / "got/r.html").is_file()
    assert not list(elsewhere.iterdir())


def test_a_tilde_within_a_word_stays(call):
    assert "There is no labels file a~/b.slp" in call("eval", "a~/b.slp", "c.slp").err
    assert "~b/c.slp" in call("eval", "~b/c.slp", "c.slp").err


@pytest.mark.export
def test_models_of_an_export_may_stand_behind_a_flag(call):
    for words in (("none_a", "none_b"), ("-m", "none_a", "none_b"), ("none_a", "-m", "none_b")):
        done = call("export", *words)
        assert done.code == 1
        assert "none_a does not exist" in done.err
    assert "Name the model: the folder of a trained one, or two of a pair" in call("export").err


def test_files_to_compare_may_stand_without_flags(call, request, tmp_path):
    truth = request.config.rootpath / "samples/crawlers.slp"
    one, other = (shutil.copy(truth, tmp_path / f"{name}.slp") for name in ("one", "other"))
    flags = call("eval", "-g", truth, "-p", one, other)
    assert flags.code == 0, flags.err
    for words in ((truth, one, other), (one, other, "-g", truth)):
        assert call("eval", *words).out == flags.out
    assert "name the predictions, too: --predicted_path (-p)" in call("eval", truth).err


def test_a_flag_may_stand_twice(call):
    assert "was given" not in call("track", "none.mp4", "-m", "none", "-t", "-t").err


@pytest.mark.parametrize(
    "words", ["{clip} -m {graph}", "-m {graph} -i {clip}", "-m {graph} -t {clip}"]
)
def test_the_input_stands_where_people_put_it(call, words, request, sample_graphs, tmp_path):
    (graph,) = sample_graphs("bottomup")
    clip = request.config.rootpath / "samples/crawlers.mp4"
    given = words.format(clip=clip, graph=graph).split()
    done = call("track", *given, "--frames", "0", "-o", tmp_path / "table.csv")
    assert done.code == 0, done.err
    assert (tmp_path / "table.csv").read_text().startswith("track,frame_idx")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("track", "-i", "", "-m", "none"), "-i is empty"),
        (("track", "--data_path=", "-m", "none"), "--data_path is empty"),
        (("track", "-i", "", "--frames", "", "-m", "none"), "-i is empty"),
        (("render", "a.slp", "--frames", ""), "--frames is empty"),
        (("track", "", "-m", "none"), "a value is empty"),
        (("track", "-i=", "-m", "none"), "-i is empty; name what is meant"),
        (("track", "-i=my clip.mp4", "-m", "none"), "type -i 'my clip.mp4', without an equals"),
        (("export", "-m=none"), "-m=none: type -m none, without an equals sign"),
        (("track", "a.mp4", "-m", "none", "-t=yes"), "-t takes no value; leave out =yes"),
        (("track", f"{'x' * 5000}.mp4", "-m", "none"), "a path of 5004 characters is longer than"),
        (("track", "-i", "a.mp4", "-m", "b" * 400), "a path of 400 characters is longer than"),
        (("eval", "-g", "c" * 400, "-p", "a.slp"), "a path of 400 characters is longer than"),
    ],
)
def test_paths_that_are_none_are_refused_ahead_of_all(call, words, told):
    done = call(*words)
    assert done.code == 2
    assert told in done.err
    assert len(done.err) < 500


@pytest.mark.parametrize("command", ["track", "export"])
def test_one_model_given_twice_is_wrong_use(call, command, request, tmp_path):
    model = request.config.rootpath / "samples/models/bottomup"
    data = ("-i", request.config.rootpath / "samples/crawlers.mp4") if command == "track" else ()
    done = call(command, *data, "-m", model, "-m", model, "-o", tmp_path / "out.slp")
    assert done.code == 2
    assert f"{model} was given twice; give it once" in done.err
