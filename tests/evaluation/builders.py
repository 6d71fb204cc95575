"""Small labels and tables, built in memory, whose right answers can be worked out by hand."""

from collections.abc import Mapping, Sequence

import numpy as np
import sleap_io as sio

from sleap_rt.evaluation.reading.labels import table_from_labels
from sleap_rt.evaluation.reading.pose_table import PoseTable

SQUARE = np.array([[0.0, 0.0], [40.0, 0.0], [0.0, 30.0], [40.0, 30.0]])
NODES = ("a", "b", "c", "d")
EDGES = (("a", "b"), ("a", "c"), ("c", "d"))


def square(dx=0.0, dy=0.0, *, missing=()):
    """The square of the specification's test vector, shifted, some nodes missing."""
    points = SQUARE + np.array([dx, dy])
    points[[NODES.index(node) for node in missing]] = np.nan
    return points


class User:
    """A user-labelled instance, perhaps `made_from` a prediction earlier in its frame."""

    def __init__(self, points, track=None, made_from=None):
        self.points, self.track, self.made_from = points, track, made_from


class Predicted(User):
    """A predicted instance."""

    def __init__(self, points, score=1.0, track=None):
        super().__init__(points, track)
        self.score = score


def make_labels(
    frames: Mapping[int, Sequence[User]] | Mapping[tuple[str, int], Sequence[User]],
    nodes: Sequence[str] = NODES,
    edges: Sequence[tuple[str, str]] = EDGES,
    video: str = "clips/mice.mp4",
) -> sio.Labels:
    """Labels with these instances per frame, or per (video, frame)."""
    skeleton = sio.Skeleton(nodes=list(nodes), edges=list(edges))
    videos, tracks, labelled = {}, {}, []
    for key, instances in frames.items():
        path, frame_idx = key if isinstance(key, tuple) else (video, key)
        if path not in videos:
            videos[path] = sio.Video(filename=path, open_backend=False)
        labelled.append(
            sio.LabeledFrame(
                video=videos[path],
                frame_idx=frame_idx,
                instances=_instances(instances, skeleton, tracks),
            )
        )
    if not videos:
        videos[video] = sio.Video(filename=video, open_backend=False)
    return sio.Labels(
        labelled,
        videos=list(videos.values()),
        skeletons=[skeleton],
        tracks=list(tracks.values()),
    )


def _instances(wanted, skeleton, tracks):
    made = [_instance(one, skeleton, tracks) for one in wanted]
    of = dict(zip(wanted, made, strict=True))
    for one, instance in of.items():
        if one.made_from is not None:
            instance.from_predicted = of[one.made_from]
    return made


def _instance(one, skeleton, tracks):
    track = None
    if one.track is not None:
        track = tracks.setdefault(one.track, sio.Track(one.track))
    points = np.asarray(one.points, float)
    if isinstance(one, Predicted):
        return sio.PredictedInstance.from_numpy(
            points,
            skeleton=skeleton,
            score=one.score,
            point_scores=np.ones(len(points)),
            track=track,
        )
    return sio.Instance.from_numpy(points, skeleton=skeleton, track=track)


def make_table(frames, name="the labels", **more) -> PoseTable:
    """The same as a table."""
    return table_from_labels(make_labels(frames, **more), name)


def vector_ground_truth() -> sio.Labels:
    """Ground truth of the specification's test vector."""
    frames = {frame: [User(square())] for frame in (0, 1, 2, 3, 4, 5, 99)}
    frames[2] = [User(square(missing="d"))]
    frames[4].append(User(square(500, 500)))
    return make_labels(frames)


def vector_predictions() -> sio.Labels:
    """Predictions of the specification's test vector."""
    return make_labels(
        {
            0: [Predicted(square(), 0.5), Predicted(square(900, 900), 0.99)],
            1: [Predicted(square(1), 0.9)],
            2: [Predicted(square(2), 0.8)],
            3: [Predicted(square(3, missing="a"), 0.7)],
            4: [Predicted(square(4), 0.6)],
            5: [Predicted(square(6), 0.95)],
        }
    )
