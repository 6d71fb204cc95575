"""Bad input: one clear message and the right exit code, never a traceback."""

import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from sleap_rt.cli import main

ROOT = Path(__file__).resolve().parents[2]
VIDEO = ROOT / "samples/crawlers.mp4"
MODEL = ROOT / "samples/models/single_instance"
SLEAP_NN_KEY = "model.head_layers.0.SingleInstanceConfmapsHead.0.weight"

pytestmark = pytest.mark.e2e

Answer = tuple[int, str]  # exit code and standard error
Ask = Callable[..., Answer]


@pytest.fixture
def ask(capsys, monkeypatch) -> Ask:
    """Runs a command in this process."""

    def run(*args: object) -> Answer:
        monkeypatch.chdir(ROOT)
        with pytest.raises(SystemExit) as ended:
            main([str(arg) for arg in args])
        answer = capsys.readouterr()
        assert answer.out == ""
        assert "Traceback" not in answer.err
        return int(ended.value.code), answer.err

    return run


TRACK = ("track", "-i", VIDEO)


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (TRACK, 2, "give one or both"),
        ((*TRACK, "-m", "nowhere"), 1, "nowhere does not exist; expected"),
        ((*TRACK, "-m", "nowhere.onnx"), 1, "nowhere.onnx does not exist; expected"),
        (
            (*TRACK, "-m", "samples/models"),
            1,
            "models is no model, but a folder of models; name one of samples/models/bottomup, sam",
        ),
        ((*TRACK, "-m", "README.md"), 1, "README.md is no model"),
        ((*TRACK, "-m", "x", "--frames", "5-3"), 2, "runs backwards; write 3-5"),
        ((*TRACK, "-m", "x", "--frames", "five"), 2, "'five' is neither a frame nor a range"),
        ((*TRACK, "-m", "x", "--frames", "9000-9005"), 1, "the video has frames 0 to"),
        ((*TRACK, "-m", "x", "-b", "0"), 2, "batch_size must be at least 1, got 0"),
        ((*TRACK, "-m", "x", "-b", "many"), 2, "'many' is neither auto nor a whole number"),
        ((*TRACK, "-m", "x", "-n", "0"), 2, "max_instances must be at least 1, got 0"),
        ((*TRACK, "-m", "x", "--peak_threshold", "high"), 2, "'high' is not a valid float"),
        ((*TRACK, "-m", "x", "--peak_threshold", "nan"), 2, "peak_threshold must be a number"),
        ((*TRACK, "-m", "x", "--integral_refinement", "fast"), 2, "'integral' or 'none'"),
        ((*TRACK, "-m", "x", "--engine", "warp"), 2, "No engine named 'warp'; choose auto or"),
        ((*TRACK, "-m", "x", "-o", "out.txt"), 2, "out.txt"),
        ((*TRACK, "-m", "x", "-o", "README.md/out.slp"), 1, "Name a file elsewhere (-o)"),
        (("track", "-i", "nowhere.mp4", "-m", "x"), 1, "nowhere.mp4 does not exist; expected"),
        (("track", "-i", "README.md", "-m", "x"), 1, "README.md: not a video that can be read"),
        (("track", "--bogus"), 2, "No such option '--bogus'"),
        (("trak",), 2, "Did you mean 'track'?"),
        (("export",), 2, "Name the model: the folder"),
        (("export", "a", "b", "c"), 2, "3 models were given"),
    ],
)
def test_wrong_calls_are_answered_in_words(ask, args, code, words):
    found_code, message = ask(*args)
    assert words in message
    assert found_code == code


@pytest.mark.export
@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("nowhere",), "nowhere does not exist; expected"),
        (("tests",), "tests is no model"),
        ((MODEL, "-o", "README.md/graphs"), "Cannot write into README.md/graphs"),
    ],
)
def test_exports_that_cannot_be_made_are_answered_in_words(ask, args, words):
    code, message = ask("export", *args)
    assert words in message
    assert code == 1


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("trak",), 2, "Did you mean 'track'?"),
        ((*TRACK, "-m", "nowhere"), 1, "Error: nowhere does not exist; expected"),
    ],
)
def test_the_program_itself_ends_with_the_same_codes(args, code, words):
    done = subprocess.run(
        [sys.executable, "-m", "sleap_rt", *map(str, args)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def _noise(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(5000))


def _cut_short(path: Path) -> None:
    path.write_bytes(VIDEO.read_bytes()[:2000])  # the index stands at the end


def _no_frames(path: Path) -> None:
    codec = "mp4v" if path.suffix == ".mp4" else "MJPG"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 30, (64, 48))
    assert writer.isOpened()
    writer.release()


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("empty.mp4", Path.touch, "not a video that can be read"),
        ("noise.mp4", _noise, "not a video that can be read"),
        ("cut.mp4", _cut_short, "not a video that can be read"),
        ("stopped.mp4", _no_frames, "the file holds no video"),
        ("stopped.avi", _no_frames, "the video has no frames"),
    ],
)
def test_videos_that_cannot_be_read(ask, tmp_path, name, make, words):
    make(tmp_path / name)
    code, message = ask("track", "-i", tmp_path / name, "-m", "x")
    assert f"{tmp_path / name}: " in message
    assert words in message
    assert code == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\x08\x0a\x12\x05other", "was not exported by sleap-rt"),
        (b"\x08\x0a\x3a\xff\x7f a graph that should go on", "the file is truncated"),
        (b"This is no graph at all.", "not a readable ONNX file"),
        (
            b"\x08\x0a\x72\x10\x0a\x08sleap_rt\x12\x04{}x!",
            "The file's description of itself is damaged",
        ),
    ],
)
def test_onnx_files_that_are_not_ours_or_damaged(ask, tmp_path, content, words):
    (tmp_path / "other.onnx").write_bytes(content)
    code, message = ask(*TRACK, "-m", tmp_path / "other.onnx", "-o", tmp_path / "out.slp")
    assert f"{tmp_path / 'other.onnx'}" in message
    assert words in message
    assert code == 1


def _lose(checkpoint: Path) -> None:
    checkpoint.rename(checkpoint.with_name("last.ckpt"))


def _truncate(checkpoint: Path) -> None:
    content = checkpoint.read_bytes()
    checkpoint.write_bytes(content[: len(content) // 2])


def _point_to_lfs(checkpoint: Path) -> None:
    checkpoint.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")


def _turn_to_text(checkpoint: Path) -> None:
    checkpoint.write_text("no archive")


def _change_weights(change: Callable[[dict], None]) -> Callable[[Path], None]:
    def rewrite(checkpoint: Path) -> None:
        import torch

        from sleap_rt.models.native.checkpoint import load_checkpoint

        weights = load_checkpoint(checkpoint).weights
        state = {f"model.{key}": value for key, value in weights.items()}
        change(state)
        torch.save({"state_dict": state}, checkpoint)

    return rewrite


def _nan(state: dict) -> None:
    state[SLEAP_NN_KEY][0] = float("nan")


def _drop(state: dict) -> None:
    del state[SLEAP_NN_KEY]


def _add(state: dict) -> None:
    state["model.backbone.extra.weight"] = state[SLEAP_NN_KEY]


def _reshape(state: dict) -> None:
    state[SLEAP_NN_KEY] = state[SLEAP_NN_KEY][:1]


def _rename_all(state: dict) -> None:
    for key in list(state):
        state[f"other.{key}"] = state.pop(key)


@pytest.mark.export
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_lose, "best.ckpt does not exist"),
        (_truncate, "damaged checkpoint"),
        (_point_to_lfs, "is a Git LFS pointer, not the file itself. Run `git lfs pull`"),
        (_turn_to_text, "not a torch checkpoint"),
        (_change_weights(_nan), f"`{SLEAP_NN_KEY}` holds NaN or infinite weights"),
        (_change_weights(_drop), "SingleInstanceConfmapsHead.0.weight"),
        (_change_weights(_add), "backbone.extra.weight"),
        (
            _change_weights(_reshape),
            "has 1 channels in the checkpoint, but the configuration lists 7",
        ),
        (_change_weights(_rename_all), "not a sleap-nn checkpoint"),
    ],
)
def test_model_folders_with_a_damaged_checkpoint(ask, tmp_path, damage, words):
    model = tmp_path / "model"
    shutil.copytree(MODEL, model)
    damage(model / "best.ckpt")
    code, message = ask("export", model, "-o", tmp_path / "graphs")
    assert words in message
    assert code == 1
    assert list((tmp_path / "graphs").glob("*")) == []


class _Bomb:
    """Makes a folder when it is unpickled by a trusting reader."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.export
def test_nothing_that_is_pickled_in_a_checkpoint_is_run(ask, tmp_path):
    model, mark = tmp_path / "model", tmp_path / "executed"
    shutil.copytree(MODEL, model)
    pickled = pickle.dumps({"state_dict": _Bomb(mark)}, protocol=2)
    with zipfile.ZipFile(model / "best.ckpt", "w") as archive:
        archive.writestr("best/data.pkl", pickled)
    code, message = ask("export", model, "-o", tmp_path / "graphs")
    assert "no `state_dict` with network weights" in message
    assert code == 1
    assert not mark.exists()
    pickle.loads(pickled)  # a trusting reader would have run it
    assert mark.exists()


def test_frames_that_do_not_exist_are_counted_and_the_rest_predicted(sample_graphs, tmp_path):
    graphs = sample_graphs("single_instance")
    clip = ROOT / "samples/one_crawler.mp4"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "sleap_rt", "track", "-i", str(clip), "-m", str(graphs[0])),
            *("--frames", "0-1,5000-5002", "-o", str(tmp_path / "out.slp")),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "3 frames asked for do not exist" in done.stderr
    assert done.stdout.startswith("2 frames, 2 instances")
    assert (tmp_path / "out.slp").is_file()
