"""Crop models of sleap-nn 0.0: the frame is scaled first, and crops are cut out of that."""

import re
from pathlib import Path

import numpy as np
import pytest
import sleap_io as sio

from sleap_rt.export import export_models
from sleap_rt.models.native.load_native import load_native_model
from sleap_rt.models.native.weights_for_set import load_native_models
from sleap_rt.models.pairs import in_order
from sleap_rt.models.reference import predict_pair
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime import open_predictor, read_graph_file
from sleap_rt.runtime.frames.video import VideoFile

PX = 0.01  # frame px
SCORE = 1e-4  # confidence
NAMES = ("mice_centroid", "mice_centered_instance")
SAMPLE = Path(__file__).resolve().parents[2] / "samples/models/centered_instance"


def with_version(folder: Path, version: str | None, scale: float) -> Path:
    """The sample crop model as if another release had trained it."""
    text = (SAMPLE / "training_config.yaml").read_text(encoding="utf8")
    text = re.sub(r"^sleap_nn_version:.*\n", "", text, flags=re.MULTILINE)
    if version is not None:
        text += f"sleap_nn_version: {version}\n"
    text = re.sub(r"^(\s+scale): [0-9.]+$", rf"\g<1>: {scale}", text, flags=re.MULTILINE)
    (folder / "training_config.yaml").write_text(text, encoding="utf8")
    (folder / "best.ckpt").write_bytes((SAMPLE / "best.ckpt").read_bytes())
    return folder


@pytest.mark.parametrize(
    ("version", "scale", "unit"),
    [
        ("0.0.5", 0.5, "scaled"),
        ("0.0.1", 0.5, "scaled"),
        ("0.0.5", 1.0, "sized"),
        ("0.1.0", 0.5, "sized"),
        ("0.3.5", 0.5, "sized"),
        (None, 0.5, "sized"),
    ],
)
def test_the_version_that_trained_a_model_decides(tmp_path, version, scale, unit):
    model = load_native_model(with_version(tmp_path, version, scale))
    assert model.preprocessing.input_scale == scale
    assert model.preprocessing.crop_unit == unit
    assert any("sleap-nn 0.0" in note for note in model.notes) == (unit == "scaled")


@pytest.mark.parity
def test_poses_are_those_of_the_release_that_trained_the_models(shared_data, tmp_path):
    folder = shared_data / "native_old_crop"
    paths = [folder / name for name in NAMES]
    graphs = export_models(paths, tmp_path / "graphs")
    assert "cut in this order" in " ".join(read_graph_file(graphs[1]).contract.notes)
    expected = sio.load_slp(str(folder / "predictions_sleap_nn_0.0.5.slp"), open_videos=False)
    models = in_order(load_native_models(paths))
    predictor = open_predictor(graphs, DecodeOptions(), EngineOptions(device="cpu"))
    with VideoFile(shared_data / "videos/clip.mp4") as video:
        frames = {frame.frame_idx: video.read(frame.frame_idx) for frame in expected}
    for recorded in expected:
        image = frames[recorded.frame_idx]
        (found,) = predictor.predict(image[None], [recorded.frame_idx])
        for instances in (found, predict_pair(models, image, DecodeOptions())):
            assert len(instances) == len(recorded.instances) == 2
            scores = [instance.score for instance in recorded.instances]
            order = np.argsort(instances.scores)[np.argsort(np.argsort(scores))]
            values = np.array([one.numpy(scores=True) for one in recorded.instances])
            np.testing.assert_allclose(instances.points[order], values[..., :2], rtol=0, atol=PX)
            np.testing.assert_allclose(
                instances.point_scores[order], values[..., 2], rtol=0, atol=SCORE
            )
            np.testing.assert_allclose(instances.scores[order], scores, rtol=0, atol=SCORE)
    predictor.close()
