"""Identity models, labelled animals, overrides and flat maps against what upstream recorded."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import sleap_io as sio

from sleap_rt.export import export_models
from sleap_rt.options import DecodeOptions, EngineOptions, ModelOverrides, RunOptions
from sleap_rt.runtime import open_predictor, predict_frames
from sleap_rt.runtime.io.video import VideoFile

pytestmark = pytest.mark.parity

PX = 0.01  # frame px, the project's limit for float32 on a CPU
SCORE = 1e-4  # confidence
ON_CPU = EngineOptions(device="cpu")


class Case(NamedTuple):
    decode: DecodeOptions = DecodeOptions()
    overrides: ModelOverrides = ModelOverrides()


CASES = {
    "native_multiclass_bottomup": Case(DecodeOptions(peak_threshold=0.05)),
    "native_multiclass_topdown": Case(DecodeOptions(peak_threshold=0.05)),
    "native_bottomup_scale": Case(
        DecodeOptions(peak_threshold=0.02), ModelOverrides(input_scale=0.5)
    ),
    "native_bottomup_maxsize": Case(
        DecodeOptions(peak_threshold=0.02), ModelOverrides(max_height=300, max_width=256)
    ),
    "native_bottomup_labeled": Case(),
    "native_topdown_labeled": Case(),
    "native_centered_gt": Case(),
    "native_centroid_gt": Case(),
}


@pytest.fixture(scope="module")
def exported(shared_data: Path, tmp_path_factory: pytest.TempPathFactory):
    """Graphs of models, exported once for all cases that use them."""
    done = {}

    def export(models: Sequence[str], overrides: ModelOverrides = ModelOverrides()) -> list[Path]:
        key = (tuple(models), overrides)
        if key not in done:
            folder = tmp_path_factory.mktemp("graphs")
            done[key] = export_models([shared_data / name for name in models], folder, overrides)
        return done[key]

    return export


def recorded(shared_data: Path, case: str) -> tuple[dict, sio.Labels]:
    index = json.loads((shared_data / "golden/index.json").read_text())[f"{case}.predict"]
    labels = sio.load_slp(str(shared_data / f"golden/{case}.predict.slp"), open_videos=False)
    return index, labels


def predict(predictor, source: Path, indices: list[int]):
    if source.suffix == ".mp4":
        with VideoFile(source) as video:
            return list(predict_frames(predictor, video, indices, RunOptions()))
    labels = sio.load_slp(str(source))
    images = np.stack([labels.video[index] for index in indices])
    known = [
        np.array([animal.numpy() for animal in labels.find(labels.video, index)[0]], np.float32)
        for index in indices
    ]
    return predictor.predict(images, indices, known if predictor.needs_instances else None)


@pytest.mark.parametrize("case", CASES)
def test_graphs_predict_what_the_checkpoint_predicted(case, shared_data, exported):
    index, expected = recorded(shared_data, case)
    graphs = exported(index["models"], CASES[case].overrides)
    predictor = open_predictor(graphs[::-1], CASES[case].decode, ON_CPU)
    indices = [frame.frame_idx for frame in expected]
    results = predict(predictor, shared_data / index["source"], indices)
    predictor.close()
    assert predictor.skeleton.node_names == tuple(expected.skeleton.node_names)
    assert len(results) == len(indices) > 0
    assert sum(map(len, results)) > 0
    for frame, found in zip(expected, results, strict=True):
        assert len(found) == len(frame.instances), frame.frame_idx
        for i, instance in enumerate(frame.instances):
            values = instance.numpy(scores=True)
            np.testing.assert_allclose(found.points[i], values[:, :2], rtol=0, atol=PX)
            np.testing.assert_allclose(found.point_scores[i], values[:, 2], rtol=0, atol=SCORE)
            np.testing.assert_allclose(found.scores[i], instance.score, rtol=0, atol=10 * SCORE)
            track = found.track_ids[i]
            name = None if track < 0 else predictor.class_names[track]
            assert name == (instance.track and instance.track.name)
            np.testing.assert_allclose(
                found.tracking_scores[i], instance.tracking_score, rtol=0, atol=SCORE
            )
