"""The comparison of a graph for Bonsai with our own run, on poses put down by hand."""

from dataclasses import replace

import numpy as np
import pytest

from sleap_rt.errors import ModelError
from sleap_rt.export.bonsai.proof import _checked, add_poses
from sleap_rt.export.proof.compare import Differences
from sleap_rt.instances import FrameInstances


def poses(n=2):
    points = np.arange(n * 6, dtype=np.float32).reshape(n, 3, 2) * 10
    scores = np.full((n, 3), 0.5, np.float32)
    probs = np.full((n, 2), 0.5, np.float32)
    return FrameInstances.untracked(
        frame_index=0,
        points=points,
        point_scores=scores,
        scores=scores[:, 0],
        raw={"class_probs": probs},
    )


def agreement(found, *, may_be_more=False):
    result = Differences()
    add_poses(result, poses(), found, may_be_more=may_be_more)
    return _checked(result, 1)


def moved(name, by):
    found = poses()
    if name == "class_probs":
        return replace(found, raw={name: found.raw[name] + np.float32(by)})
    return replace(found, **{name: getattr(found, name) + np.float32(by)})


def test_the_same_poses_agree_in_any_order():
    assert agreement(poses().take(np.array([1, 0]))).n_poses == 2


@pytest.mark.parametrize("name", ["point_scores", "scores", "class_probs"])
def test_every_score_is_compared(name):
    assert agreement(moved(name, 5e-5))
    with pytest.raises(ModelError, match="differs from its stages"):
        agreement(moved(name, 1e-3))


def test_points_that_move_too_far_fail():
    assert agreement(moved("points", 0.005)).max_px == pytest.approx(0.0071, abs=1e-3)
    with pytest.raises(ModelError, match=r"differs from its stages by up to 0\.0141 px"):
        agreement(moved("points", 0.01))


def test_a_missing_pose_fails_and_so_does_one_more():
    with pytest.raises(ModelError, match="finds 1 poses in frame 0, and its stages find 2"):
        agreement(poses(1), may_be_more=True)
    with pytest.raises(ModelError, match="finds 3 poses in frame 0, and its stages find 2"):
        agreement(poses(3))
    assert agreement(poses(3), may_be_more=True).n_poses == 2


def test_a_missing_node_fails():
    found = poses()
    found.points[0, 0] = np.nan
    with pytest.raises(ModelError, match="misses 1 points"):
        agreement(found)
