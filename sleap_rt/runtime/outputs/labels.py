"""Instances as sleap-io's labels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.outputs.results import RunResults
from sleap_rt.skeleton import Skeleton

if TYPE_CHECKING:
    import sleap_io as sio


def labels_of(results: RunResults) -> "sio.Labels":
    """All frames, in memory, with the tracks in use."""
    import sleap_io as sio

    skeleton = to_sleap_io(results.skeleton)
    tracks = [sio.Track(name) for name in results.track_names]
    labels = sio.Labels(
        labeled_frames=[
            sio.LabeledFrame(
                video=results.videos[frame.video_index],
                frame_idx=frame.frame_index,
                instances=[_instance(frame, i, skeleton, tracks) for i in range(len(frame))],
            )
            for frame in results
        ],
        videos=list(results.videos),
        skeletons=[skeleton],
        tracks=tracks,
    )
    labels.provenance.update(results.provenance)
    return labels


def _instance(
    frame: FrameInstances, i: int, skeleton: "sio.Skeleton", tracks: "Sequence[sio.Track]"
) -> "sio.PredictedInstance":
    import sleap_io as sio

    track = int(frame.track_ids[i])
    instance: sio.PredictedInstance = sio.PredictedInstance.from_numpy(
        points_data=frame.points[i].astype(np.float64),
        point_scores=frame.point_scores[i].astype(np.float64),
        score=float(frame.scores[i]),
        track=None if track < 0 else tracks[track],
        tracking_score=float(frame.tracking_scores[i]),
        skeleton=skeleton,
    )
    instance.points["complete"] = False  # sleap-io leaves it to chance
    return instance


def to_sleap_io(skeleton: Skeleton) -> "sio.Skeleton":
    import sleap_io as sio

    nodes = [sio.Node(name) for name in skeleton.node_names]
    return sio.Skeleton(
        nodes=nodes,
        edges=[sio.Edge(nodes[a], nodes[b]) for a, b in skeleton.edge_inds],
        symmetries=[sio.Symmetry([nodes[a], nodes[b]]) for a, b in skeleton.symmetries],
        name=skeleton.name,
    )
