"""Frames of videos that differ in size, for legacy models without a size of their own."""

from pathlib import Path

import numpy as np
import pytest
from fakes import AllAtOnce, graph_contract

from sleap_rt.errors import DataError
from sleap_rt.instances import FrameInstances
from sleap_rt.models.reference import legacy as reference
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.runtime.pipeline.size_matching import at_common_size, fit_to, match_size

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("channels", [1, 3])
def test_frames_are_sized_as_by_the_plain_reference(channels: int) -> None:
    for _ in range(40):
        height, width, to_height, to_width = RNG.integers(20, 90, 4).tolist()
        frames = RNG.integers(0, 256, (2, height, width, channels), dtype=np.uint8)
        frames[0] = 100  # an area of one level, which an unlucky sum of weights would darken
        fit = fit_to(height, width, to_height, to_width)
        sized = match_size(frames, fit, to_height, to_width)
        for frame, actual in zip(frames, sized, strict=True):
            expected = reference.match_size(frame, to_height, to_width)
            np.testing.assert_array_equal(actual, expected.image)
            assert fit.ratio == expected.eff_scale


def test_a_frame_that_would_vanish_is_refused() -> None:
    with pytest.raises(DataError, match="predict this video on its own"):
        fit_to(2, 600, 300, 80)


class _Source:
    """Two videos of white frames, 40 x 60 and 80 x 90 px."""

    sizes = ((40, 60), (80, 90))

    def read(self, ref: FrameRef) -> np.ndarray:
        return np.full((*self.sizes[ref.video_index], 1), 255, np.uint8)


class _CornerPredictor(AllAtOnce):
    """Finds the last white pixel, and repeats what it was told about the animals."""

    skeleton, class_names, needs_instances, device = None, (), False, "cpu"

    def __init__(self, fit_largest: bool) -> None:
        self.models = GraphSet((graph_contract(fit_largest=fit_largest),), (Path("corner.onnx"),))
        self.seen: list[tuple[int, ...]] = []

    def predict(self, frames, frame_indices, known=None):
        self.seen.append(frames.shape)
        results = []
        for i, index in enumerate(frame_indices):
            ys, xs = np.nonzero(frames[i, ..., 0])
            points = np.array([[[xs.max() + 1, ys.max() + 1]]], np.float32)
            if known is not None:
                points = known[i]
            results.append(
                FrameInstances.untracked(
                    frame_index=index,
                    points=points,
                    point_scores=points[..., 0],
                    scores=points[:, 0, 0],
                )
            )
        return results


REFS = [FrameRef(0, 0), FrameRef(0, 1), FrameRef(1, 0)]


def test_small_frames_are_enlarged_and_points_come_back_in_frame_px() -> None:
    inner = _CornerPredictor(fit_largest=True)
    predictor = at_common_size(inner, _Source(), REFS)
    (small,) = predictor.predict(_Source().read(REFS[0])[None], [0])
    (large,) = predictor.predict(_Source().read(REFS[2])[None], [0])
    assert inner.seen == [(1, 80, 90, 1), (1, 80, 90, 1)]
    assert small.points.tolist() == [[[60, 40]]]  # times 1.5 there, over 1.5 back
    assert large.points.tolist() == [[[90, 80]]]
    known = np.array([[[10, 20]]], np.float32)
    (small,) = predictor.predict(_Source().read(REFS[0])[None], [0], [known])
    assert small.points.tolist() == known.tolist()
    assert small.point_scores.tolist() == [[15]]  # the model saw the animal where it was enlarged


@pytest.mark.parametrize(
    ("fit_largest", "refs"), [(False, REFS), (True, REFS[:2]), (True, [REFS[2]])]
)
def test_nothing_happens_where_it_is_not_wanted(fit_largest: bool, refs: list[FrameRef]) -> None:
    predictor = _CornerPredictor(fit_largest)
    assert at_common_size(predictor, _Source(), refs) is predictor
