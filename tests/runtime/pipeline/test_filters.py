"""Filters against plain loops."""

import math

import numpy as np
import pytest
import sleap_io as sio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sleap_rt.errors import OptionError
from sleap_rt.instances import FrameInstances
from sleap_rt.options import FilterOptions
from sleap_rt.runtime.pipeline.filters import filter_frame, filter_labels, kept_instances


def frame_of(points, point_scores=None, scores=None):
    points = np.array(points, np.float32)
    if point_scores is None:
        point_scores = np.where(np.isnan(points[..., 0]), 0, 1)
    return FrameInstances.untracked(
        frame_index=0,
        points=points,
        point_scores=np.array(point_scores, np.float32),
        scores=np.ones(len(points), np.float32) if scores is None else np.array(scores, np.float32),
    )


def box(instance):
    seen = [(x, y) for x, y in instance if not math.isnan(x)]
    if not seen:
        return (0, 0, 0, 0)
    xs, ys = zip(*seen, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def area(one):
    return (one[2] - one[0]) * (one[3] - one[1])


def iou_by_hand(kept, other):
    a, b = box(kept), box(other)
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    union = area(a) + area(b) - shared
    return shared / union if union > 0 else 0.0


def oks_by_hand(kept, other):
    size = area(box(kept))
    terms = [
        math.exp(-((ax - bx) ** 2 + (ay - by) ** 2) / (2 * size * 0.01)) if size > 0 else 0
        for (ax, ay), (bx, by) in zip(kept, other, strict=True)
        if not math.isnan(ax) and not math.isnan(bx)
    ]
    return sum(terms) / len(terms) if terms and size > 0 else 0.0


def kept_by_loops(frame, options):
    passed = []
    for i in range(len(frame)):
        seen = [j for j in range(frame.points.shape[1]) if not math.isnan(frame.points[i, j, 0])]
        mean = sum(float(frame.point_scores[i, j]) for j in seen) / len(seen) if seen else 0.0
        if (
            len(seen) >= options.filter_min_visible_nodes
            and len(seen) / frame.points.shape[1] >= options.filter_min_visible_node_fraction
            and (
                not options.filter_min_instance_score
                or frame.scores[i] >= options.filter_min_instance_score
            )
            and (
                not options.filter_min_mean_node_score or mean >= options.filter_min_mean_node_score
            )
        ):
            passed.append(i)
    if not options.filter_overlapping:
        return passed
    alike = iou_by_hand if options.filter_overlapping_method == "iou" else oks_by_hand
    kept = []
    for i in sorted(passed, key=lambda i: -frame.scores[i]):
        points = frame.points.astype(float)
        if all(alike(points[k], points[i]) <= options.filter_overlapping_threshold for k in kept):
            kept.append(i)
    return sorted(kept)


@st.composite
def frames(draw):
    n, n_nodes = draw(st.integers(0, 6)), draw(st.integers(1, 4))
    points = draw(arrays(np.float32, (n, n_nodes, 2), elements=st.integers(0, 12)))
    points[draw(arrays(bool, (n, n_nodes)))] = np.nan
    in_64ths = st.integers(0, 64).map(lambda k: k / 64)
    point_scores = draw(arrays(np.float32, (n, n_nodes), elements=in_64ths))
    scores = draw(arrays(np.float32, n, elements=in_64ths))
    return frame_of(points.reshape(n, n_nodes, 2), point_scores, scores)


@st.composite
def filter_options(draw):
    overlapping = draw(st.booleans())
    more = {}
    if overlapping:
        more = {
            "filter_overlapping_method": draw(st.sampled_from(["iou", "oks"])),
            "filter_overlapping_threshold": draw(st.sampled_from([0.0, 0.1, 0.43, 0.8])),
        }
    return FilterOptions(
        filter_overlapping=overlapping,
        filter_min_visible_nodes=draw(st.integers(0, 3)),
        filter_min_visible_node_fraction=draw(st.sampled_from([0.0, 0.5, 0.75, 1.0])),
        filter_min_mean_node_score=draw(st.sampled_from([0.0, 0.31, 0.62])),
        filter_min_instance_score=draw(st.sampled_from([0.0, 0.31, 0.62])),
        **more,
    )


@given(frame=frames(), options=filter_options())
@settings(max_examples=150, deadline=None)
def test_filters_keep_what_plain_loops_keep(frame, options):
    assert kept_instances(frame, options).tolist() == kept_by_loops(frame, options)


def test_the_better_of_two_that_overlap_stays_and_the_order_too():
    square = np.array([(0, 0), (10, 10)], float)
    points = [square + 100, square, square + 1, square + 50]
    frame = frame_of(points, scores=[0.1, 0.5, 0.9, 0.3])
    options = FilterOptions(filter_overlapping=True, filter_overlapping_threshold=0.5)
    # IoU of the second and third: 81 / 119 = 0.68.
    assert filter_frame(frame, options).scores.tolist() == pytest.approx([0.1, 0.9, 0.3])


def test_poses_are_compared_by_the_size_of_the_better_one():
    small, large = np.array([(0, 0), (10, 10)], float), np.array([(2, 2), (20, 20)], float)
    points = np.array([small, large])
    by_loops = oks_by_hand(points[0], points[1]), oks_by_hand(points[1], points[0])
    assert by_loops[0] != pytest.approx(by_loops[1], abs=0.05)
    for scores, similarity in (([0.9, 0.5], by_loops[0]), ([0.5, 0.9], by_loops[1])):
        for threshold, n_left in ((similarity - 0.005, 1), (similarity + 0.005, 2)):
            options = FilterOptions(
                filter_overlapping=True,
                filter_overlapping_method="oks",
                filter_overlapping_threshold=threshold,
            )
            assert len(filter_frame(frame_of(points, scores=scores), options)) == n_left


def test_a_missing_node_does_not_pull_the_mean_down():
    """The specification's own case: scores [1.29, missing], limit 0.7."""
    frame = frame_of([[(1, 1), (np.nan, np.nan)]], point_scores=[[1.29, 0.0]])
    assert len(filter_frame(frame, FilterOptions(filter_min_mean_node_score=0.7))) == 1
    assert len(filter_frame(frame, FilterOptions(filter_min_mean_node_score=1.3))) == 0


def test_instances_of_users_are_never_filtered():
    skeleton = sio.Skeleton(["a", "b"])
    pose = np.array([(0.0, 0.0), (10.0, 10.0)])
    user = sio.Instance.from_numpy(pose, skeleton=skeleton)
    weak = sio.PredictedInstance.from_numpy(pose, skeleton=skeleton, score=0.1)
    strong = sio.PredictedInstance.from_numpy(pose + 50, skeleton=skeleton, score=0.9)
    video = sio.Video("none.mp4", open_backend=False)
    frame = sio.LabeledFrame(video=video, frame_idx=0, instances=[weak, user, strong])
    labels = sio.Labels([frame])
    filter_labels(labels, FilterOptions(filter_min_instance_score=0.5))
    assert labels[0].instances == [user, strong]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"filter_overlapping": True, "filter_overlapping_method": "box"}, "'iou' or 'oks'"),
        ({"filter_overlapping": True, "filter_overlapping_threshold": 1.5}, r"lie in \[0, 1\]"),
        ({"filter_min_visible_node_fraction": -0.1}, r"lie in \[0, 1\]"),
        ({"filter_min_visible_nodes": -1}, "must not be negative"),
        ({"filter_min_instance_score": math.nan}, "must be a number"),
        ({"filter_overlapping_threshold": 0.5}, "only with filter_overlapping"),
    ],
)
def test_wrong_limits_are_refused(values, words):
    with pytest.raises(OptionError, match=words):
        FilterOptions(**values)


def test_centroids_near_a_better_one_are_dropped():
    """On a line at 0, 3, 6, 10 px: 6 is the best and drops 3 and 10; 0 is far enough from 6."""
    frame = frame_of([[[x, 0]] for x in (0, 3, 6, 10)], scores=[0.5, 0.6, 0.9, 0.8])
    kept = kept_instances(frame, FilterOptions(filter_min_centroid_distance=4.0))
    assert kept.tolist() == [0, 2]
    kept = kept_instances(frame, FilterOptions(filter_min_centroid_distance=2.9))
    assert kept.tolist() == [0, 1, 2, 3]


def test_distant_poses_are_still_a_little_alike():
    """OKS of 3e-55, above a threshold of 0; in float32 it would be 0."""
    poses = frame_of([[[1, 2], [0, 0], [0, 0]], [[0, 0], [3, 0], [3, 0]]], scores=[0.5, 0.4])
    options = FilterOptions(
        filter_overlapping=True,
        filter_overlapping_method="oks",
        filter_overlapping_threshold=0.0,
    )
    assert kept_instances(poses, options).tolist() == kept_by_loops(poses, options) == [0]
