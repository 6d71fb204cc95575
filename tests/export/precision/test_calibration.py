"""Frames that calibrate and frames that are compared; the whole way for one model and a pair."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from sleap_rt.errors import DataError, ModelError
from sleap_rt.export.precision.calibration import open_calibration
from sleap_rt.export.precision.int8 import in_int8
from sleap_rt.export.proof import poses
from sleap_rt.options import CalibrationOptions, DecodeOptions, EngineOptions
from sleap_rt.runtime import open_predictor, read_graph_file
from sleap_rt.runtime.inspect.verify import read_sample

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
VIDEO = SAMPLES / "crawlers.mp4"
CPU = EngineOptions(engine="ort", device="cpu")


def options(data: Path, n_frames: int) -> CalibrationOptions:
    return CalibrationOptions(calibrate=data, calibration_frames=n_frames)


def test_frames_alternate_and_span_the_video() -> None:
    with open_calibration(options(VIDEO, 5), needs_labels=False) as frames:
        calibration = [ref.frame_index for ref in frames.calibration]
        held_out = [ref.frame_index for ref in frames.held_out]
    assert (len(calibration), len(held_out)) == (5, 5)
    merged = [index for pair in zip(calibration, held_out, strict=True) for index in pair]
    assert merged == sorted(set(merged))
    assert (merged[0], merged[-1]) == (0, 179)
    assert set(np.diff(merged)) <= {19, 20}


def test_a_short_video_gives_half_of_its_frames_to_each() -> None:
    with open_calibration(options(SAMPLES / "one_crawler.mp4", 64), needs_labels=False) as frames:
        assert (len(frames.calibration), len(frames.held_out)) == (30, 30)


def test_one_frame_is_too_few(shared_data: Path) -> None:
    path = shared_data / "labels/minimal_instance.pkg.slp"
    with (
        pytest.raises(DataError, match="at least two"),
        open_calibration(options(path, 64), needs_labels=True),
    ):
        pass


def test_a_crop_model_alone_is_calibrated_around_labelled_animals(sample_graphs) -> None:
    _, graph = sample_graphs("centroid", "centered_instance")
    contract = read_graph_file(graph).contract
    with open_calibration(options(SAMPLES / "crawlers.slp", 3), needs_labels=True) as frames:
        feeds = list(frames.feeds(contract, None))
        known = frames.labels.known(frames.calibration[0], contract.skeleton.node_names)
    assert len(feeds) == 3
    thorax = contract.skeleton.node_names.index("thorax")
    np.testing.assert_allclose(feeds[0]["centers"], known[:, thorax])
    with (
        pytest.raises(DataError, match="labelled animals"),
        open_calibration(options(VIDEO, 3), needs_labels=True),
    ):
        pass


def test_crops_of_a_pair_are_those_around_the_float32_centroids(sample_graphs) -> None:
    centroid, instance = sample_graphs("centroid", "centered_instance")
    contract = read_graph_file(instance).contract
    with open_calibration(options(VIDEO, 2), needs_labels=False) as frames:
        feeds = list(frames.feeds(contract, centroid))
        frame = frames.source.read(frames.calibration[1])
    with closing(open_predictor([centroid], DecodeOptions(), CPU)) as predictor:
        (found,) = predictor.predict(frame[None], [0])
    assert len(found) >= 2
    np.testing.assert_array_equal(feeds[1]["centers"], found.points[:, 0])
    np.testing.assert_array_equal(feeds[1]["frames"][0], frame)


def test_a_graph_that_loses_too_much_is_refused(sample_graphs, tmp_path, monkeypatch) -> None:
    (graph,) = sample_graphs("bottomup")
    monkeypatch.setattr(poses, "MIN_MEAN_OKS", 0.9999)
    exact = [(graph, read_graph_file(graph).contract)]
    with open_calibration(options(VIDEO, 3), needs_labels=False) as frames:
        with pytest.raises(ModelError, match=r"mean OKS .*allow_loss=True"):
            in_int8(exact, frames, tmp_path)
        allowed = replace(frames, options=replace(frames.options, allow_loss=True))
        ((path, _),) = in_int8(exact, allowed, tmp_path)
    certificate = read_graph_file(path).contract.certificate
    assert certificate is not None
    assert certificate.poses is not None
    assert "mean OKS" in certificate.poses.exceeded[0], "the file says that it was let through"


def test_the_file_says_what_was_measured(int8_graph) -> None:
    contract = read_graph_file(int8_graph).contract
    certificate = contract.certificate
    assert contract.precision == "int8"
    assert certificate is not None
    assert certificate.frames == "6 other frames of crawlers.mp4"
    assert certificate.n_frames == 6
    assert certificate.n_instances >= 15
    assert certificate.poses is not None
    assert certificate.poses.calibration == "6 frames of crawlers.mp4"
    assert certificate.poses.oks_mean is not None
    assert 0.95 <= certificate.poses.oks_mean < 1, "it moves points, but not far"
    assert 0 < certificate.poses.p50_px < certificate.p99_px <= certificate.max_px
    assert len(read_sample(int8_graph).expected) > 2


def test_frames_without_animals_prove_nothing(sample_graphs, tmp_path) -> None:
    for index in range(4):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.zeros((192, 256), np.uint8))
    (graph,) = sample_graphs("bottomup")
    exact = [(graph, read_graph_file(graph).contract)]
    allowing = CalibrationOptions(calibrate=tmp_path, allow_loss=True)
    with (
        open_calibration(allowing, needs_labels=False) as frames,
        pytest.raises(ModelError, match="bottomup model finds no animal on 2 other frames"),
    ):
        in_int8(exact, frames, tmp_path)
