"""Instances as sleap-io's labels."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sleap_rt.instances import FrameInstances
from sleap_rt.skeleton import Skeleton

if TYPE_CHECKING:
    import sleap_io as sio


def labels_from_instances(
    results: Iterable[FrameInstances],
    skeleton: Skeleton,
    videos: "list[sio.Video]",
    track_names: Sequence[str] = (),
    provenance: Mapping[str, Any] | None = None,
) -> "sio.Labels":
    """Predictions as sleap-io's `Labels`; every frame is kept, with or without instances.

    Args:
        results: in the order they are to be stored.
        skeleton: of all instances.
        videos: `FrameInstances.video_index` points into these.
        track_names: `FrameInstances.track_ids` point into these; only tracks in use are stored.
        provenance: how the predictions were made.
    """
    import sleap_io as sio

    to_skeleton = _to_sleap_io(skeleton)
    tracks: dict[int, sio.Track] = {}

    def track(track_id: int) -> "sio.Track | None":
        if track_id < 0:
            return None
        if track_id not in tracks:
            tracks[track_id] = sio.Track(track_names[track_id])
        return tracks[track_id]

    frames = [
        sio.LabeledFrame(
            video=videos[result.video_index],
            frame_idx=result.frame_index,
            instances=[
                sio.PredictedInstance.from_numpy(
                    points_data=result.points[i].astype(np.float64),
                    point_scores=result.point_scores[i].astype(np.float64),
                    score=float(result.scores[i]),
                    track=track(int(result.track_ids[i])),
                    tracking_score=float(result.tracking_scores[i]),
                    skeleton=to_skeleton,
                )
                for i in range(len(result))
            ],
        )
        for result in results
    ]
    labels = sio.Labels(
        labeled_frames=frames, videos=videos, skeletons=[to_skeleton], tracks=list(tracks.values())
    )
    labels.provenance.update(provenance or {})
    return labels


def _to_sleap_io(skeleton: Skeleton) -> "sio.Skeleton":
    import sleap_io as sio

    nodes = [sio.Node(name) for name in skeleton.node_names]
    return sio.Skeleton(
        nodes=nodes,
        edges=[sio.Edge(nodes[a], nodes[b]) for a, b in skeleton.edge_inds],
        symmetries=[sio.Symmetry([nodes[a], nodes[b]]) for a, b in skeleton.symmetries],
        name=skeleton.name,
    )
