"""What `info` tells of a model's training, from the files that training leaves beside it."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from sleap_rt.cli import main
from sleap_rt.contract import Family
from sleap_rt.workflows.inspect.info import describe
from sleap_rt.workflows.inspect.training.facts import describe_training
from sleap_rt.workflows.inspect.training.in_words import training_in_words

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "samples/models/single_instance"
# As sleap-nn 0.3.5 and 0.0.5 wrote them; the first row of 0.0.5 is from ahead of the training.
LOG_0_3 = """epoch,train/loss,val/loss,learning_rate,train/time,val/time,train/confmaps_loss
0,,0.0329650,,,2.2,
1,0.0393656,0.0192305,0.001,21.5,0.8,0.0206
2,0.0295888,0.0230749,0.0005,12.9,0.9,0.0168
"""
LOG_0_0 = """epoch,train_loss,val_loss,learning_rate,train_time,val_time,nose,head
0,,0.0021755,0.003,,,,
0,0.0113649,0.0107528,0.003,,,0.0088,0.0115
1,0.0090018,0.0089684,0.003,,,0.0080,0.0110
"""
LOG_LEGACY = """epoch,loss,lr,val_loss
0,0.5,0.0001,0.4
1,0.3,0.0001,0.2
2,0.2,5e-05,0.3
"""


class Evil:
    def __reduce__(self):
        return (sys.exit, ("unpickled",))


@pytest.fixture
def folder(tmp_path):
    """A trained model's folder, with its configuration and weights alone."""
    return Path(shutil.copytree(MODEL, tmp_path / "model"))


@pytest.fixture
def legacy(tmp_path, shared_data):
    return Path(shutil.copytree(shared_data / "legacy/single_instance", tmp_path / "legacy"))


def put_labels(file: Path, n_frames: int) -> None:
    import sleap_io as sio

    labels = sio.load_slp(str(ROOT / "samples/one_crawler.slp"), open_videos=False)
    chosen = sio.Labels(labels.labeled_frames[:n_frames])
    chosen.save(str(file), embed=False, verbose=False)


def printed(capsys, *words: str) -> str:
    with pytest.raises(SystemExit) as left:
        main(list(words))
    assert left.value.code == 0
    return capsys.readouterr().out


def told(folder: Path, family: Family = "native") -> list[str]:
    return training_in_words(describe_training(folder, family))


def test_settings_come_from_the_configuration(folder):
    assert describe_training(folder, "native") == {
        "run_name": "single_instance",
        "optimizer": "Adam",
        "max_epochs": 1,
        "batch_size": 4,
        "learning_rate": 0.004,
        "validation_fraction": 0.1,
        "labels": {"train": ["crawlers.slp"]},
    }
    assert told(folder) == [
        "  labels: crawlers.slp (training), 10% of them (validation)",
        "  training: at most 1 epoch, batches of 4, learning rate 0.004, Adam",
    ]


def test_a_folder_of_sleap_nn_tells_labels_losses_and_metrics(folder, capsys):
    (folder / "training_log.csv").write_text(LOG_0_3)
    put_labels(folder / "labels_gt.train.0.slp", 4)
    put_labels(folder / "labels_gt.train.1.slp", 3)
    put_labels(folder / "labels_gt.val.0.slp", 2)
    metrics = {
        "mOKS": {"mOKS": 0.5},
        "voc_metrics": {"oks_voc.mAP": 0.75, "oks_voc.mAR": 0.8},
        "distance_metrics": {"avg": 3.0, "p50": 1.25, "p95": 6.5, "p99": None},
        "pck_metrics": {"mPCK": None},
        "visibility_metrics": {"precision": 1.0},
    }
    (folder / "metrics.val.0.json").write_text(json.dumps(metrics))
    np.savez(folder / "metrics.val.0.npz", metrics=np.array(Evil(), object))  # never looked at
    facts = describe_training(folder, "native")
    assert facts["labelled_frames"] == {"train": 7, "val": 2}
    assert facts["log"] == {
        "epochs": 3,
        "best_epoch": 1,
        "best_loss": 0.0192305,
        "best_of": "val",
        "last_train_loss": 0.0295888,
        "last_val_loss": 0.0230749,
        "last_learning_rate": 0.0005,
    }
    assert facts["metrics"]["val"] == {
        "file": "metrics.val.0.json",
        "mOKS": 0.5,
        "mAP": 0.75,
        "mAR": 0.8,
        "avg_distance": 3.0,
        "visibility_precision": 1.0,
        "p50": 1.25,
        "p95": 6.5,
    }
    assert "notes" not in facts
    text = printed(capsys, "info", str(folder))
    for line in (
        "  labels: 7 frames of crawlers.slp (training), 2 frames (validation)",
        "  training: 3 epochs of at most 1, batches of 4, learning rate 0.004 to 0.0005, Adam",
        "  best loss in validation: 0.0192, in the 2nd of 3 epochs",
        "  measured in validation: half of the points within 1.2 px, 95 % within 6.5 px, mOKS 0.50,"
        " mAP 0.75",
    ):
        assert line in text
    (model,) = json.loads(printed(capsys, "info", str(folder), "--json"))
    assert model["training"] == facts


def test_a_folder_of_the_first_sleap_nn_tells_them_too(folder):
    (folder / "training_log.csv").write_text(LOG_0_0)
    put_labels(folder / "labels_train_gt_0.slp", 2)
    numbers = {"mOKS": 0.5, "mAP": 0.25, "avg_distance": 3.5, "mPCK": np.nan}
    groups = {"distance_metrics": np.array(Evil(), object)}
    np.savez(folder / "val_0_pred_metrics.npz", **numbers, **groups)
    np.savez(folder / "train_0_pred_metrics.npz", mOKS=0.9)
    facts = describe_training(folder, "native")
    assert (facts["log"]["best_epoch"], facts["log"]["best_loss"]) == (1, 0.0089684)
    assert facts["labelled_frames"] == {"train": 2}
    file = {"file": "val_0_pred_metrics.npz"}
    assert facts["metrics"]["val"] == file | {"mOKS": 0.5, "mAP": 0.25, "avg_distance": 3.5}
    assert told(folder)[-1] == (
        "  measured in validation: points 3.5 px off on average, mOKS 0.50, mAP 0.25"
    )


def test_a_folder_of_sleap_1_tells_them_too(legacy):
    (legacy / "training_log.csv").write_text(LOG_LEGACY)
    put_labels(legacy / "labels_gt.train.slp", 5)
    np.savez(legacy / "metrics.val.npz", metrics=np.array({"oks.mOKS": 0.5}, object))
    facts = describe_training(legacy, "legacy")
    assert facts["log"]["best_loss"] == 0.2
    assert facts["labelled_frames"] == {"train": 5}
    assert told(legacy, "legacy") == [
        "  labels: 5 frames of small_robot_minimal.slp (training), 10% of them (validation)",
        "  training: 3 epochs of at most 100, batches of 4, learning rate 0.001 to 5e-05, Adam",
        "  best loss in validation: 0.2, in the 2nd of 3 epochs",
        "  metrics.val.npz holds its metrics as pickled objects, which are not read here; "
        "`sleap_rt.evaluation.load_metrics(path, allow_pickle=True)` does.",
    ]


def test_nothing_is_unpickled(folder):
    np.savez(folder / "metrics.val.0.npz", metrics=np.array(Evil(), object))
    np.savez(folder / "metrics.train.0.npz", mOKS=np.array(Evil(), object))
    notes = describe_training(folder, "native")["notes"]
    assert len(notes) == 2
    assert all("pickled objects" in note for note in notes)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("training_log.csv", b"", "it holds no epoch with a loss"),
        ("training_log.csv", b"epoch,train/loss\n0,nan\n1,x\n", "it holds no epoch with a loss"),
        ("training_log.csv", b"\xff\xfe\xfd", "it holds no epoch with a loss"),
        ("training_log.csv", b"epoch," + b"a" * 200_000, "field larger than field limit"),
        ("labels_gt.train.0.slp", b"no labels", "it is no labels file, or damaged"),
        ("metrics.val.0.json", b"{", "is not a metrics file"),
        ("metrics.val.0.json", b"[1]", "holds no metrics that are plain numbers"),
        ("metrics.val.0.json", b'{"mOKS": 1}', "holds no metrics that are plain numbers"),
        ("metrics.val.0.npz", b"PK", "is not a metrics file"),
    ],
)
def test_a_damaged_file_is_told_and_stops_nothing(folder, name, content, words):
    (folder / name).write_bytes(content)
    (note,) = describe_training(folder, "native")["notes"]
    assert note.startswith(name)
    assert words in note
    (model,) = describe(folder)
    assert model["kind"] == "single_instance"


def test_odd_settings_are_left_out(folder):
    config = folder / "training_config.yaml"
    text = config.read_text()
    text = text.replace("max_epochs: 1", "max_epochs: many").replace("lr: 0.004", "lr: [1]")
    config.write_text(text.replace("optimizer_name: Adam", "optimizer_name: {a: 1}"))
    facts = describe_training(folder, "native")
    assert not {"max_epochs", "learning_rate", "optimizer"} & facts.keys()
    assert told(folder)[-1] == "  training: batches of 4"


@pytest.mark.parametrize(
    ("family", "name", "line"),
    [
        ("native", "mice_centroid", "labels: mice_train.slp (training), mice_val.slp (validation)"),
        ("legacy", "topdown_multiclass", "labels: 1 frame (training), 1 frame (validation)"),
    ],
)
def test_real_folders(shared_data, family, name, line):
    assert told(shared_data / family / name, family)[0] == f"  {line}"
