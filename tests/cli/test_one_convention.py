"""Every command takes models and files the same way, and is called what it was called."""

import json
import shlex
import shutil
import sys

import pytest
import sleap_io as sio

from sleap_rt.cli.terminal.program import as_called, program_name


@pytest.fixture(autouse=True)
def at_root(request, monkeypatch):
    monkeypatch.chdir(request.config.rootpath)


def test_models_are_arguments_or_behind_a_flag(call, sample_graphs):
    (graph,) = sample_graphs("single_instance")
    for command in ("info", "verify"):
        plain, behind = call(command, graph), call(command, "-m", graph)
        assert plain.code == behind.code == 0, behind.err
        assert plain.out == behind.out
        none = call(command)
        assert none.code == 2
        assert "Name the model: a folder" in none.err
    assert "2 models were given; one is taken" in call("verify", graph, "-m", graph).err
    assert (
        "3 models were given; one, or a pair, is taken" in call("export", "-m", "a", "b", "c").err
    )


@pytest.mark.export  # what fits together is read from their configurations
@pytest.mark.parametrize("command", ["verify", "bench"])
def test_a_trained_pair_is_told_to_be_exported(call, tmp_path, command):
    halves = [
        shutil.copytree(f"samples/models/{name}", tmp_path / name)
        for name in ("centroid", "centered_instance")
    ]
    for pair in (halves, halves[::-1]):  # as two arguments, or behind -m
        done = call(command, pair[0], "-m", pair[1])
        assert done.code == 2
        first, second = halves
        assert f"{first} and {second} are a trained pair; export the pair first: `" in done.err
        assert f"export {first} {second}`" in done.err
    exported = halves[0] / "exported_topdown"
    exported.mkdir()
    (exported / "centroid.onnx").touch()
    assert f"are a trained pair; name their export, {exported}\n" in call(command, *halves).err
    others = call(command, halves[0], halves[0]).err
    assert "2 models were given; one is taken" in others, "no pair"


def test_verify_begins_with_the_verdict(call, sample_graphs):
    (graph,) = sample_graphs("single_instance")
    assert call("verify", graph, "--engine", "ort").out.startswith("OK  ")


def test_verify_says_what_was_compared_and_how_to_compare_more(call, sample_graphs):
    (graph,) = sample_graphs("single_instance")
    done = call("verify", graph, "--engine", "ort", "--device", "cpu")
    assert "Compared was the one small frame that each file carries" in done.out
    assert f"`sleap-nn info {graph}`" in done.out
    assert "on frames of your own" not in done.err  # others are compared with this engine


@pytest.mark.engine
def test_verify_of_another_engine_leads_to_frames_of_ones_own(call, sample_graphs):
    pytest.importorskip("openvino", reason="needs the extra openvino")
    (graph,) = sample_graphs("single_instance")
    verify = ["verify", graph, "--engine", "openvino", "--device", "cpu"]
    more = f"sleap-nn verify {graph} --engine openvino --device cpu -i VIDEO"
    assert more in call(*verify).err
    own = call(*verify, "-i", "samples/one_crawler.mp4", "--n_frames", "2")
    assert own.code == 0
    assert "on frames of your own" not in own.err
    assert "one small frame" not in own.out


def test_info_begins_with_what_a_model_is(call, sample_graphs):
    pair = sample_graphs("centroid", "centered_instance")[0].parent
    lines = call("info", pair).out.splitlines()
    assert lines[0].startswith("first half of a top-down model")
    assert [line for line in lines if line.startswith("second half")]
    assert lines[-1] == f"use: sleap-nn track -i VIDEO -m {pair}"


@pytest.mark.export
@pytest.mark.parametrize("half", ["centroid", "centered_instance"])
def test_info_of_half_a_pair_names_the_other_half_beside_it(half, call, request, tmp_path):
    for name in ("centroid", "centered_instance", "bottomup"):
        model = request.config.rootpath / "samples/models" / name
        (tmp_path / name).symlink_to(model, target_is_directory=True)
    pair = f"{tmp_path / 'centroid'} {tmp_path / 'centered_instance'}"
    for file in ("", "best.ckpt", "training_config.yaml"):
        alone = call("info", tmp_path / half / file).out.splitlines()
        assert [line for line in alone if line[:4] == "use:"] == [
            f"use: sleap-nn track -i VIDEO -m {pair}"
        ]
    bottomup = call("info", tmp_path / "bottomup").out.splitlines()
    assert bottomup[-1] == f"use: sleap-nn track -i VIDEO -m {tmp_path / 'bottomup'}"
    (tmp_path / "centroid").rename(tmp_path / "elsewhere")
    (tmp_path / "centered_instance").unlink()
    centroid = call("info", tmp_path / "elsewhere").out.splitlines()
    assert centroid[-1] == f"use: sleap-nn track -i VIDEO -m {tmp_path / 'elsewhere'}"


@pytest.mark.export
def test_info_tells_several_models_one_after_another(call, sample_graphs):
    ((first,), (second,)) = (sample_graphs(kind) for kind in ("single_instance", "bottomup"))
    told = call("info", first, second)
    assert told.out == f"{call('info', first).out}\n{call('info', second).out}"
    kinds = [model["kind"] for model in json.loads(call("info", first, second, "--json").out)]
    assert kinds == ["single_instance", "bottomup"]


def test_info_says_what_half_a_model_needs(call, request, tmp_path):
    model = request.config.rootpath / "samples/models/centered_instance"
    (tmp_path / "alone").symlink_to(model, target_is_directory=True)
    alone = call("info", tmp_path / "alone").out
    assert "needs a centroid model beside it" in alone
    assert "  trained on gray crops of 96x96 px, at 0.5 of their size" in alone
    assert "-i LABELS.slp" in alone


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("track -i samples/models/bottomup -m x", "samples/models/bottomup is a model; give it"),
        ("track -i samples/crawlers.mp4 -m samples/crawlers.mp4", "is a video, not a model"),
        (
            "info samples/crawlers.slp",
            "a labels file, not a model; `track` takes it as --data_path (",
        ),
        pytest.param(
            "export samples/crawlers.mp4", "is a video, not a model", marks=pytest.mark.export
        ),
        ("track samples/models/bottomup samples/crawlers.mp4", "bottomup is a model; give it"),
        ("track samples/crawlers.slp -m samples/crawlers.slp", "is a labels file, not a model"),
        ("track -i samples/models -m x", "models is a folder of models (bottomup, centered_"),
        ("track -i samples/models/bottomup/training_config.yaml -m x", ".yaml is a model; give"),
        ("eval -g samples/crawlers.mp4 -p samples/crawlers.slp", "ground_truth_path samples/craw"),
        ("eval -g samples/crawlers.slp -p samples/models/bottomup", "find poses with it first"),
        (
            "eval samples/crawlers.slp poses.csv",
            "poses.csv does not exist, and would be a table; name",
        ),
        ("track a.mp4 -m b --input c", "--input is --data_path (-i) here"),
        ("live --video a.mp4 -m b", "--video is --data_path (-i) here"),
        ("info --model a", "--model is --model_paths (-m) here"),
        ("export a --out b", "--out is --output (-o) here"),
        ("eval a.slp b.slp -o c", "-o is --report or --save_metrics (-s) here"),
        ("eval --gt a.slp b.slp", "--gt is --ground_truth_path (-g) here"),
        ("track a.mp4 -m b --tracking true", "--tracking takes no value; leave out true"),
        ("track a.mp4 -m b -t No", "-t takes no value; leave out -t No"),
        ("eval a.slp b.slp --user_labels_only no", "takes no value; type --no-user_labels_only"),
        (
            "track a.mp4 -m b -tracking",
            "-tracking begins with one dash; names of options have two: ",
        ),
        ("track a.mp4 -model-paths b", "names of options have two: --model_paths"),
        ("track a.mp4 -m b -frames=1", "names of options have two: --frames"),
        ("track -help", "names of options have two: --help"),
        ("track a.mp4 -m b -track", "No such option '-track'. Did you mean '--tracking'?"),
        ("track a.mp4 -m b -qx", "No such option '-x'."),
        ("track a.mp4 \N{EN DASH}m b", "m begins with a long dash, which mails and PDFs make of"),
        ("track a.mp4 \N{EM DASH}-model-paths=b", "of short ones; type --model_paths"),
        ("system -\N{EM DASH}json", "of short ones; type --json"),
        ("track a.mp4 -m b \N{MINUS SIGN}t", "of short ones; type -t"),
        ("\N{EM DASH}version", "of short ones; type --version"),
        ("track --video_path a.mp4 -m b", "--video_path is --data_path (-i) here"),
        ("export -i a", "-i is --model_paths (-m) here"),
        ("track a.mp4 -m b --no_tracking", "a command does without --tracking; leave it out"),
        ("inference a.mp4", "Did you mean 'track'?"),
        (
            "convert a.slp",
            "no command 'convert'. `sio convert` of sleap-io, which is installed with",
        ),
        ("track a.mp4 -m b --workers 2", "--workers is --cluster local:2 or --threads here"),
        ("track", "Name a video and models (-m), or poses (`.slp`) and --tracking"),
        ("eval -g a.slp", "The truth is a.slp; name the predictions, too: --predicted_path (-p)"),
        ("eval -p a.slp", "Name the truth, too: --ground_truth_path (-g)"),
        ("version", "Did you mean '--version'?"),
        ("track -i a.mp4 -m b --device 0", "the first is cuda or cuda:0"),
        ("bench a.onnx c.mp4", "2 models were given; one is taken; give c.mp4 as --data_path (-i)"),
        ("live -m b", "Name a camera, a stream or a video ahead of the options"),
        ("live a.mp4 -i b.mp4 -m c", "2 sources were given; one is taken"),
    ],
)
def test_mix_ups_are_recognised(call, words, told):
    done = call(*words.split())
    assert done.code == 2
    (line,) = [line for line in done.err.splitlines() if "Error" in line]
    assert told in line
    assert len(line) < 200


def test_the_only_model_of_a_folder_is_named_alone(call, tmp_path):
    (tmp_path / "fly").mkdir()
    (tmp_path / "fly/bottomup.onnx").touch()
    told = call("track", "samples/crawlers.mp4", "-m", tmp_path).err
    assert told.endswith(f"but a folder of models; name {tmp_path / 'fly'}.\n")


def test_a_folder_called_like_a_graph_is_a_folder(call, tmp_path):
    (tmp_path / "model.onnx").mkdir()
    (tmp_path / "model.onnx/bottomup.onnx").touch()
    told = call("track", "samples/crawlers.mp4", "-m", tmp_path).err
    assert told.endswith(f"but a folder of models; name {tmp_path / 'model.onnx'}.\n")
    inside = call("track", "samples/crawlers.mp4", "-m", tmp_path / "model.onnx").err
    assert f"{tmp_path / 'model.onnx/bottomup.onnx'}: not a readable ONNX file" in inside


@pytest.mark.export
@pytest.mark.parametrize(
    "command", ["info", "export", "track -i samples/crawlers.mp4 -m", "verify"]
)
@pytest.mark.parametrize(
    ("files", "named"),
    [
        (("best.ckpt", "training_config.yaml"), "best.ckpt"),
        (("best_model.h5", "training_config.json"), "best_model.h5"),
    ],
)
def test_a_folder_of_a_trained_model_and_graphs_is_neither(call, tmp_path, command, files, named):
    for name in (*files, "centroid.onnx", "topdown.onnx"):
        (tmp_path / name).touch()
    done = call(*command.split(), tmp_path)
    assert done.code == 1
    (told,) = [line for line in done.err.splitlines() if line.startswith("Error")]
    assert "holds a trained model and exported graphs (centroid.onnx, topdown.onnx)" in told
    assert f"name {tmp_path / named} for the one, {tmp_path / 'centroid.onnx'} for the" in told


@pytest.mark.export
def test_the_checkpoint_or_the_graph_of_such_a_folder_can_be_named(call, sample_graphs, tmp_path):
    (graph,) = sample_graphs("single_instance")
    folder = shutil.copytree("samples/models/single_instance", tmp_path / "both")
    shutil.copy(graph, folder)
    assert "training: " in call("info", folder / "best.ckpt").out
    assert "proven at export" in call("info", folder / graph.name).out


def test_bench_takes_several_values_behind_a_flag(call, sample_graphs):
    pytest.importorskip("openvino", reason="OpenVINO is not installed")
    (graph,) = sample_graphs("single_instance")
    asked = ("--engine", "ort", "openvino", "-b", "1", "2", "--device", "cpu", "--n_batches", "1")
    done = call("bench", graph, *asked, "--json")
    assert done.code == 0, done.err
    rows = {(row["engine"], row["batch_size"]) for row in json.loads(done.out)}
    assert rows == {("ort", 1), ("ort", 2), ("openvino", 1), ("openvino", 2)}


@pytest.mark.parametrize(
    "words",
    [
        "verify {graph} --engine openvino -i",
        "bench {graph} --engine ort -i",
        "live -m {graph} -i",
        "export samples/models/single_instance -o {to} --precision int8 --calibrate",
    ],
)
def test_a_folder_of_videos_is_called_so_where_one_is_taken(call, sample_graphs, tmp_path, words):
    (graph,) = sample_graphs("single_instance")
    done = call(*words.format(graph=graph, to=tmp_path / "int8").split(), "samples")
    assert (done.code, done.out) == (2, "")
    assert "samples is a folder of videos (crawlers.mp4, one_crawler.mp4)" in done.err
    assert not list(tmp_path.iterdir())


def test_parts_and_sources_are_arguments_or_behind_a_flag(call):
    for words in ("merge none.part -o x.slp", "merge -i none.part -o x.slp"):
        assert "none.part does not exist" in call(*words.split()).err
    told = [call(*words.split()).err for words in ("live no.mp4 -m x", "live -i no.mp4 -m x")]
    assert told[0] == told[1] != ""


def test_commands_to_be_copied_hold_for_paths_with_spaces(call, sample_graphs, tmp_path):
    """What is printed behind `use:` and `next, ...:` is read by a shell, and names the path."""
    (graph,) = sample_graphs("single_instance")
    model, output = tmp_path / "my model.onnx", tmp_path / "my poses.slp"
    shutil.copy(graph, model)
    use = call("info", model).out.splitlines()[-1].partition(": ")[2]
    assert shlex.split(use) == ["sleap-nn", "track", "-i", "VIDEO", "-m", str(model)]
    done = call("track", "samples/one_crawler.mp4", "-m", model, "-o", output, "--frames", "0-1")
    steps = [line for line in done.err.splitlines() if line.startswith("next")]
    told = [shlex.split(step.partition(": ")[2]) for step in steps]
    assert told == [
        ["sleap-nn", "render", str(output)],
        ["sleap-nn", "eval", "-g", "LABELS.slp", "-p", str(output)],
    ]


def test_the_motion_model_by_its_old_name(call):
    assert "(--motion_model kalman)" in call("live", "none.mp4", "-m", "x", "--use_kalman").err
    assert "Did you mean" not in call("merge", "a.part", "-o", "x.slp", "--use_kalman").err


def test_labels_and_predictions_that_were_swapped_are_recognised(call, tmp_path):
    predicted = sio.load_slp("samples/crawlers.slp", open_videos=False)
    for frame in predicted:
        frame.instances = [
            sio.PredictedInstance.from_numpy(one.numpy(), skeleton=one.skeleton, score=1.0)
            for one in frame.instances
        ]
    predicted.save(str(tmp_path / "predicted.slp"), verbose=False)
    swapped = call("eval", "-g", tmp_path / "predicted.slp", "-p", "samples/crawlers.slp")
    assert swapped.code == 2
    assert "give the labels as --ground_truth_path (-g)" in swapped.err
    right = call("eval", "-p", tmp_path / "predicted.slp", "-g", "samples/crawlers.slp")
    assert right.code == 0, right.err


def test_help_and_the_old_name_of_predict_are_known(call):
    assert "Poses and tracks:\n  track, predict  " in call("help").out
    assert call("help", "track").out == call("track", "--help").out
    assert call("track", "help").out == call("track", "--help").out
    assert "Usage: sleap-nn infer" in call("infer", "--help").out
    assert call("help", "nonsense").code == 2


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("/bin/sleap-rt", "sleap-rt"),
        ("sleap-nn", "sleap-nn"),
        ("x", "sleap-nn"),
        ("/lib/pytest/__main__.py", "sleap-nn"),
        ("/lib/sleap_rt/__main__.py", "python -m sleap_rt"),
    ],
)
def test_the_program_calls_itself_as_it_was_called(called, name, call, monkeypatch):
    monkeypatch.setattr(sys, "argv", [called])
    assert program_name() == name
    assert call("export").err.startswith(f"Usage: {name} export")
    assert f"\n{name} export models/bottomup" in call("export", "--help").out
    assert f"\n{name} track -i video.mp4" in call("--help").out
    told = "first: `{0} export`, as models of sleap-nn are\n  {0} track -i a\nnext: {0} eval"
    assert as_called(told.format("sleap-nn")) == told.format(name)
    name = name if name.startswith("sleap") else "sleap-nn"  # a shell completes scripts
    variable = f"_{name.replace('-', '_').upper()}_COMPLETE"
    for shell in ("bash", "zsh", "fish"):
        script = call("completion", shell).out
        assert variable in script
        assert name in script
    missing = call("completion")
    assert missing.code == 2
    assert all(shell in missing.err.partition("Error: ")[2] for shell in ("bash", "zsh", "fish"))
