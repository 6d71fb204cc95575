"""Projects as people merge them: videos, frames and skeletons more than once."""

import numpy as np
import sleap_io as sio

HEAD_FIRST, TAIL_FIRST = ("head", "body", "tail"), ("tail", "head", "body")


def skeleton(nodes=HEAD_FIRST):
    return sio.Skeleton(list(nodes), name="worm")


def video(path="clips/a.mp4"):
    return sio.Video(str(path), open_backend=False)


def pose(x, nodes=HEAD_FIRST):
    """An animal from x to x + 40, its points in the order of the nodes."""
    place = {"head": (x + 40, 10), "body": (x + 20, 12), "tail": (x, 14)}
    return np.array([place[node] for node in nodes], float)


def predicted(x, of=None, score=0.9):
    of = of or skeleton()
    return sio.PredictedInstance.from_numpy(pose(x, of.node_names), skeleton=of, score=score)


def user(x, of=None):
    of = of or skeleton()
    return sio.Instance.from_numpy(pose(x, of.node_names), skeleton=of)


def frame(where, index, *instances, **more):
    return sio.LabeledFrame(video=where, frame_idx=index, instances=list(instances), **more)


def project(*frames, videos=(), **more):
    """Labels whose videos keep the order given; the rest follows from the frames."""
    return sio.Labels(labeled_frames=list(frames), videos=list(videos), **more)


def points_by_name(instance):
    """Node name -> (x, y)."""
    return dict(
        zip(instance.skeleton.node_names, map(tuple, instance.numpy().tolist()), strict=True)
    )
