"""Predictions without any visible node are left out and counted, whatever the models."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import sleap_io as sio
from fakes import BrightBlocks
from whole_runs import completed

from sleap_rt.cli import main
from sleap_rt.options import DecodeOptions, EngineOptions, SelectionOptions
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.predict import predict

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FRAMES = tuple(range(6))
CPU = EngineOptions(engine="ort", device="cpu")


def summary_of(data, graphs, **decode):
    options = PredictionOptions(
        engine=CPU,
        selection=SelectionOptions(frames=FRAMES),
        decode=DecodeOptions(**decode),
    )
    return predict(data, graphs, options)


@pytest.mark.parametrize("crop_model", ["centered_instance", "multi_class_topdown"])
def test_crops_without_a_node_are_those_of_the_centroids_without_a_pose(crop_model, sample_graphs):
    (centroid,), (crops,) = sample_graphs("centroid"), sample_graphs(crop_model)
    clip = SAMPLES / "crawlers.mp4"
    n_centroids = summary_of(clip, [centroid]).n_instances
    assert n_centroids >= 12, "two animals in every frame"
    for threshold in (0.2, 0.99999):
        low = {"peak_threshold": threshold, "centroid_peak_threshold": 0.2}
        found = summary_of(clip, [centroid, crops], **low)
        assert found.n_instances + found.n_nodeless == n_centroids
    assert found.n_nodeless > 0


def test_a_frame_without_the_one_animal_counts(sample_graphs):
    found = summary_of(
        SAMPLES / "one_crawler.mp4", sample_graphs("single_instance"), peak_threshold=0.99999
    )
    assert found.n_instances + found.n_nodeless == len(FRAMES)
    assert found.n_nodeless > 0


def test_they_are_told_and_recorded(sample_graphs, tmp_path, capsys):
    output, summary = tmp_path / "out.slp", tmp_path / "run.json"
    graphs = sample_graphs("centroid", "centered_instance")
    words = ["track", "-i", SAMPLES / "crawlers.mp4", "-m", *graphs, "--engine", "ort"]
    words += ["--frames", "0-5", "--peak_threshold", 0.99999, "--centroid_peak_threshold", 0.2]
    words += ["-o", output, "--summary", summary]
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    assert left.value.code == 0
    provenance = sio.load_slp(str(output), open_videos=False).provenance
    n_nodeless = provenance["predictions_without_nodes"]
    assert n_nodeless > 0
    assert f"({n_nodeless} more without a visible node left out)" in capsys.readouterr().out
    assert json.loads(summary.read_text())["inputs"][0]["n_nodeless"] == n_nodeless


def test_those_of_a_run_that_is_continued_count_once(tmp_path):
    class Blind(BrightBlocks):
        def predict(self, frames, frame_indices, known=None):
            found = super().predict(frames, frame_indices, known)
            return [dataclasses.replace(one, n_nodeless=one.frame_index) for one in found]

    stack = np.zeros((12, 8, 10, 1), np.uint8)
    options = PredictionOptions(output_path=tmp_path / "out.slp")
    with pytest.raises(KeyboardInterrupt):
        completed(stack, options, Blind(2, KeyboardInterrupt()))
    resumed = completed(stack, dataclasses.replace(options, resume=True), Blind())
    assert resumed.n_resumed == 8
    assert resumed.n_nodeless == sum(range(12))
