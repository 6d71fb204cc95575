"""Exported graphs, run without torch, against predictions recorded from upstream's `predict`."""

import json

import numpy as np
import pytest
import sleap_io as sio
from tolerances import INSTANCE_SCORE, PX, SCORE

from sleap_rt.options import DecodeOptions, EngineOptions, RunOptions
from sleap_rt.runtime import open_predictor, predict_frames
from sleap_rt.runtime.engines import declarations
from sleap_rt.runtime.frames.video import VideoFile

CASES = {
    "native_single_instance": {},
    "native_single_instance_none": {"integral_refinement": "none"},
    "native_bottomup": {},
    "native_bottomup_low": {"peak_threshold": 0.05},
    "native_topdown": {},
    "native_topdown_low": {"peak_threshold": 0.05},
    "native_topdown_max1": {"max_instances": 1},
    "flies_bottomup": {},
    "mice_topdown": {},
    "unet_stem_topdown": {"peak_threshold": 0.05},
}


@pytest.mark.parity
@pytest.mark.parametrize("engine", ["ort", "mnn"])
@pytest.mark.parametrize("case", CASES)
def test_exported_graphs_predict_what_the_checkpoint_predicts(case, engine, shared_data, exported):
    if (obstacle := declarations()[engine].why_not("cpu")) is not None:
        pytest.skip(obstacle)
    index = json.loads((shared_data / "golden/index.json").read_text())[f"{case}.predict"]
    expected = sio.load_slp(str(shared_data / f"golden/{case}.predict.slp"), open_videos=False)
    indices = [frame.frame_idx for frame in expected]
    graphs = exported([shared_data / model for model in index["models"]])
    on_cpu = EngineOptions(engine=engine, device="cpu")
    predictor = open_predictor(graphs, DecodeOptions(**CASES[case]), on_cpu)
    with VideoFile(shared_data / index["source"]) as video:
        results = list(predict_frames(predictor, video, indices, RunOptions()))
    predictor.close()
    assert len(results) == len(indices) > 0
    for frame, found in zip(expected, results, strict=True):
        assert len(found) == len(frame.instances), frame.frame_idx
        for i, instance in enumerate(frame.instances):
            values = instance.numpy(scores=True)
            np.testing.assert_allclose(found.points[i], values[:, :2], rtol=0, atol=PX)
            np.testing.assert_allclose(found.point_scores[i], values[:, 2], rtol=0, atol=SCORE)
            np.testing.assert_allclose(found.scores[i], instance.score, rtol=0, atol=INSTANCE_SCORE)
