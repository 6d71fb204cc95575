"""Instances as sleap-io's labels."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sleap_rt.instances import FrameInstances
from sleap_rt.skeleton import Skeleton

if TYPE_CHECKING:
    import sleap_io as sio


class LabelsBuilder:
    """Collects results as sleap-io's labels, frame by frame.

    Args:
        skeleton: of all instances.
        videos: `FrameInstances.video_index` points into these.
        track_name: gives the name of a track id, as in `FrameInstances.track_ids`.
        keeps_empty: frames without instances are stored as well.
    """

    def __init__(
        self,
        skeleton: Skeleton,
        videos: "Sequence[sio.Video]",
        track_name: Callable[[int], str],
        *,
        keeps_empty: bool = True,
    ) -> None:
        self._skeleton = _to_sleap_io(skeleton)
        self._videos = list(videos)
        self._track_name = track_name
        self._keeps_empty = keeps_empty
        self._frames: list[sio.LabeledFrame] = []
        self._tracks: dict[int, sio.Track] = {}  # in order of first use
        self.n_frames = 0  # given, stored or not
        self.n_instances = 0

    @property
    def n_tracks(self) -> int:
        """Tracks in use."""
        return len(self._tracks)

    def add(self, result: FrameInstances) -> None:
        """Store a frame behind those added before."""
        import sleap_io as sio

        self.n_frames += 1
        self.n_instances += len(result)
        if len(result) or self._keeps_empty:
            frame = sio.LabeledFrame(
                video=self._videos[result.video_index],
                frame_idx=result.frame_index,
                instances=[self._instance(result, i) for i in range(len(result))],
            )
            self._frames.append(frame)

    def labels(self, provenance: Mapping[str, Any] | None = None) -> "sio.Labels":
        """All frames, with the tracks in use.

        Args:
            provenance: how the predictions were made.
        """
        import sleap_io as sio

        labels = sio.Labels(
            labeled_frames=self._frames,
            videos=self._videos,
            skeletons=[self._skeleton],
            tracks=list(self._tracks.values()),
        )
        labels.provenance.update(provenance or {})
        return labels

    def _instance(self, result: FrameInstances, i: int) -> "sio.PredictedInstance":
        import sleap_io as sio

        return sio.PredictedInstance.from_numpy(
            points_data=result.points[i].astype(np.float64),
            point_scores=result.point_scores[i].astype(np.float64),
            score=float(result.scores[i]),
            track=self._track(int(result.track_ids[i])),
            tracking_score=float(result.tracking_scores[i]),
            skeleton=self._skeleton,
        )

    def _track(self, track_id: int) -> "sio.Track | None":
        import sleap_io as sio

        if track_id < 0:
            return None
        if track_id not in self._tracks:
            self._tracks[track_id] = sio.Track(self._track_name(track_id))
        return self._tracks[track_id]


def _to_sleap_io(skeleton: Skeleton) -> "sio.Skeleton":
    import sleap_io as sio

    nodes = [sio.Node(name) for name in skeleton.node_names]
    return sio.Skeleton(
        nodes=nodes,
        edges=[sio.Edge(nodes[a], nodes[b]) for a, b in skeleton.edge_inds],
        symmetries=[sio.Symmetry([nodes[a], nodes[b]]) for a, b in skeleton.symmetries],
        name=skeleton.name,
    )
