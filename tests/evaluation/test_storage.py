"""Metrics on disk."""

import json
import pickle

import numpy as np
import pytest

from sleap_rt.errors import DataError
from sleap_rt.evaluation import Evaluator, load_metrics
from sleap_rt.evaluation.storage import save_metrics, saved_files

from .builders import make_labels, vector_ground_truth, vector_predictions

SCALARS = {
    "mOKS": ("mOKS", "mOKS"),
    "mAP": ("voc_metrics", "oks_voc.mAP"),
    "mAR": ("voc_metrics", "oks_voc.mAR"),
    "avg_distance": ("distance_metrics", "avg"),
    "mPCK": ("pck_metrics", "mPCK"),
    "visibility_precision": ("visibility_metrics", "precision"),
    "visibility_recall": ("visibility_metrics", "recall"),
}


@pytest.fixture
def metrics():
    return Evaluator(vector_ground_truth(), vector_predictions()).evaluate()


def test_what_is_written_can_be_read(tmp_path, metrics):
    archive, text = save_metrics(tmp_path / "new" / "folder" / "m.npz", metrics)
    assert (archive.name, text.name) == ("m.npz", "m.json")
    np.testing.assert_equal(load_metrics(archive, allow_pickle=True), metrics)


def test_existing_readers_find_what_they_expect(tmp_path, metrics):
    archive, _ = save_metrics(tmp_path / "m.npz", metrics)
    with np.load(archive, allow_pickle=True) as stored:
        entry = stored["metrics"]
        assert (entry.dtype, entry.shape) == (np.dtype(object), ())
        np.testing.assert_equal(entry.item(), metrics)


def test_seven_numbers_need_no_pickle(tmp_path, metrics):
    archive, _ = save_metrics(tmp_path / "m.npz", metrics)
    with np.load(archive, allow_pickle=False) as stored:
        for name, (group, key) in SCALARS.items():
            assert stored[name].shape == ()
            assert stored[name] == metrics[group][key]


def test_types_and_shapes_are_those_of_the_field(metrics):
    n_pairs, n_nodes = 6, 4
    voc, distances = metrics["voc_metrics"], metrics["distance_metrics"]
    for by in ("oks", "pck"):
        shapes = {
            "match_score_thresholds": (10,),
            "recall_thresholds": (101,),
            "match_scores": (n_pairs,),
            "precisions": (10, 101),
            "recalls": (10,),
            "AP": (10,),
            "AR": (10,),
        }
        assert {k: voc[f"{by}_voc.{k}"].shape for k in shapes} == shapes
        assert {voc[f"{by}_voc.{k}"].dtype for k in shapes} == {np.dtype(np.float64)}
        assert type(voc[f"{by}_voc.mAP"]) is type(voc[f"{by}_voc.mAR"]) is np.float64
    assert type(metrics["mOKS"]["mOKS"]) is float
    assert [type(value) for value in distances["frame_idxs"]] == [int] * n_pairs
    assert [type(value) for value in distances["video_paths"]] == [str] * n_pairs
    assert distances["dists"].shape == (n_pairs, n_nodes)
    assert type(distances["avg"]) is float
    assert {type(distances[key]) for key in ("p50", "p75", "p90", "p95", "p99")} == {np.float64}
    pck, visibility = metrics["pck_metrics"], metrics["visibility_metrics"]
    assert pck["pcks"].shape == (n_pairs, n_nodes, 10)
    assert {type(pck[key]) for key in ("mPCK", "PCK@5", "PCK@10")} == {float}
    assert {type(visibility[key]) for key in ("tp", "fp", "tn", "fn")} == {np.int64}
    assert {type(visibility[key]) for key in ("precision", "recall")} == {np.float64}


def test_json_has_lists_nulls_and_not_the_large_array(tmp_path):
    metrics = Evaluator(vector_ground_truth(), make_labels({0: []})).evaluate()
    _, text = save_metrics(tmp_path / "m.foo", metrics)
    assert text == tmp_path / "m.foo.json"
    stored = json.loads(text.read_text())
    assert stored["mOKS"]["mOKS"] is None
    assert stored["voc_metrics"]["oks_voc.mAP"] == 0
    assert "pcks" not in stored["pck_metrics"]
    assert stored["pck_metrics"]["thresholds"] == list(range(1, 11))
    assert "pcks" in metrics["pck_metrics"]  # the caller's metrics are left as they are


def test_a_name_stands_for_both_files_with_either_ending(tmp_path):
    assert saved_files(tmp_path / "m") == (tmp_path / "m.npz", tmp_path / "m.json")
    assert saved_files(tmp_path / "m.v1") == (tmp_path / "m.v1.npz", tmp_path / "m.v1.json")
    for name in ("m.json", "m.npz", "m.NPZ"):
        assert saved_files(tmp_path / name) == (tmp_path / "m.npz", tmp_path / "m.json")


def test_nothing_is_unpickled_unless_asked_for(tmp_path, metrics):
    archive, _ = save_metrics(tmp_path / "m.npz", metrics)
    with pytest.raises(DataError, match="allow_pickle=True"):
        load_metrics(archive)


class Hostile:
    def __reduce__(self):
        return print, ("this must not run",)


def test_a_file_cannot_run_code_even_then(tmp_path, capsys):
    path = tmp_path / "m.npz"
    np.savez(path, metrics=np.array({"mOKS": Hostile()}, dtype=object))
    with pytest.raises(DataError, match=r"refers to builtins\.print"):
        load_metrics(path, allow_pickle=True)
    assert capsys.readouterr().out == ""
    # The file is what it seems: an unguarded reader would have run it.
    with np.load(path, allow_pickle=True) as stored:
        stored["metrics"]
    assert "this must not run" in capsys.readouterr().out


def test_the_oldest_layout_is_read(tmp_path, metrics):
    path = tmp_path / "old.npz"
    groups = ("voc_metrics", "distance_metrics", "pck_metrics", "visibility_metrics")
    np.savez(
        path,
        mOKS=metrics["mOKS"]["mOKS"],
        mAP=metrics["voc_metrics"]["oks_voc.mAP"],
        **{group: np.array(metrics[group], dtype=object) for group in groups},
    )
    loaded = load_metrics(path, allow_pickle=True)
    for group in (*groups, "mOKS"):
        np.testing.assert_equal(loaded[group], metrics[group])


def test_a_model_folder_is_searched_under_both_names(tmp_path, metrics):
    save_metrics(tmp_path / "metrics.val.0.npz", metrics)
    save_metrics(tmp_path / "train_1_pred_metrics.npz", {"mOKS": {"mOKS": 0.5}})
    assert "voc_metrics" in load_metrics(tmp_path, allow_pickle=True)  # test falls back to val
    loaded = load_metrics(tmp_path, "train", 1, allow_pickle=True)
    assert loaded == {"mOKS": {"mOKS": 0.5}}
    with pytest.raises(DataError, match=r"has none of metrics\.train\.0\.npz"):
        load_metrics(tmp_path, "train", allow_pickle=True)


def test_the_json_is_read_in_the_way_that_both_messages_say(tmp_path, metrics):
    archive, text = save_metrics(tmp_path / "m", metrics)
    with pytest.raises(DataError, match=r"beside it, which has lists for arrays, with `json.load`"):
        load_metrics(archive)
    with pytest.raises(DataError, match=r"is read with `json.load`; give the .npz file beside it"):
        load_metrics(text, allow_pickle=True)
    assert json.loads(text.read_text())["mOKS"] == metrics["mOKS"]


def test_files_that_are_no_metrics_are_refused_in_words(tmp_path):
    with pytest.raises(DataError, match="There is no metrics file or folder"):
        load_metrics(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("not an archive")
    with pytest.raises(DataError, match="is not a metrics file"):
        load_metrics(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    with pytest.raises(DataError, match="it has the entries weights"):
        load_metrics(tmp_path / "other.npz")


def test_an_unwritable_folder_is_an_error_in_words(tmp_path, metrics):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="cannot be written"):
        save_metrics(tmp_path / "file" / "m.npz", metrics)


def test_the_pickle_names_nothing_but_numpy(tmp_path, metrics):
    archive, _ = save_metrics(tmp_path / "m.npz", metrics)
    with np.load(archive, allow_pickle=True) as stored:
        assert b"sleap_rt" not in pickle.dumps(stored["metrics"].item()).replace(
            b"sleap_rt_version", b""
        )
