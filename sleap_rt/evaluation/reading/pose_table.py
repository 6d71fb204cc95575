"""All labelled frames of one file as flat arrays, from which every metric is computed."""

from dataclasses import dataclass, replace

import numpy as np

from sleap_rt.arrays import Bools, Doubles, Ints
from sleap_rt.evaluation.reading.videos import VideoSource
from sleap_rt.words import counted


@dataclass(frozen=True, kw_only=True)
class Unread:
    """Frames of a file that were only counted, since the other file does not have them.

    Attributes:
        n_frames: how many.
        n_instances: in these.
        n_predicted: of these, those that no person has labelled.
        n_untracked: of these, those without a track.
        frame_idxs: the first and the last position in a video.
    """

    n_frames: int = 0
    n_instances: int = 0
    n_predicted: int = 0
    n_untracked: int = 0
    frame_idxs: tuple[int, int] | None = None

    def and_also(self, other: "Unread") -> "Unread":
        idxs = [*(self.frame_idxs or ()), *(other.frame_idxs or ())]
        return replace(
            self,
            n_frames=self.n_frames + other.n_frames,
            n_instances=self.n_instances + other.n_instances,
            n_predicted=self.n_predicted + other.n_predicted,
            n_untracked=self.n_untracked + other.n_untracked,
            frame_idxs=(min(idxs), max(idxs)) if idxs else None,
        )


@dataclass(frozen=True, kw_only=True)
class PoseTable:
    """The labelled frames of one file, in file order, and their instances, frame after frame.

    Attributes:
        name: of the file, in messages.
        videos: the file's videos.
        node_names: the skeleton; the second axis of `points`.
        edge_inds: (source, destination) indices into `node_names`.
        track_names: names that `track_ids` index into.
        frame_videos: (n_frames,) index into `videos`.
        frame_idxs: (n_frames,) position of the frame in its video.
        is_negative: (n_frames,) a person said that the frame shows no animal.
        frame_starts: (n_frames + 1,) frame f owns instances frame_starts[f] : frame_starts[f + 1].
        points: (n_instances, n_nodes, 2) frame px, (x, y); NaN where a node is missing.
        scores: (n_instances,) instance score; NaN for user instances.
        is_predicted: (n_instances,) False for instances a person has labelled.
        is_replaced: (n_instances,) a prediction that another instance of the frame, a person's,
            stands for.
        track_ids: (n_instances,) index into `track_names`; -1 without a track.
        rows_in_file: (n_instances,) place among all instances of the file, in reading order.
        notes: what a reader of the numbers needs to know, in words.
        made_with: models that predicted the instances, by the file's own record; may be empty.
        unread: frames that the file has besides.
    """

    name: str
    videos: tuple[VideoSource, ...]
    node_names: tuple[str, ...]
    edge_inds: tuple[tuple[int, int], ...]
    track_names: tuple[str, ...]
    frame_videos: Ints
    frame_idxs: Ints
    is_negative: Bools
    frame_starts: Ints
    points: Doubles
    scores: Doubles
    is_predicted: Bools
    is_replaced: Bools
    track_ids: Ints
    rows_in_file: Ints
    notes: tuple[str, ...] = ()
    made_with: str = ""
    unread: Unread = Unread()

    def __repr__(self) -> str:
        frames, instances = counted(self.n_frames, "frame"), counted(self.n_instances, "instance")
        return f"<PoseTable {self.name}: {frames}, {instances}>"

    @property
    def n_frames(self) -> int:
        return len(self.frame_idxs)

    @property
    def n_instances(self) -> int:
        return len(self.points)

    @property
    def instances_per_frame(self) -> Ints:
        return np.diff(self.frame_starts)

    @property
    def instance_frames(self) -> Ints:
        """(n_instances,) row of the frame each instance belongs to."""
        return np.repeat(np.arange(self.n_frames), self.instances_per_frame)

    @property
    def n_frames_in_file(self) -> int:
        return self.n_frames + self.unread.n_frames

    @property
    def n_instances_in_file(self) -> int:
        return self.n_instances + self.unread.n_instances

    @property
    def n_untracked_in_file(self) -> int:
        return int((self.track_ids < 0).sum()) + self.unread.n_untracked

    @property
    def has_predictions(self) -> bool:
        return bool(self.is_predicted.any()) or self.unread.n_predicted > 0

    @property
    def frame_range_in_file(self) -> tuple[int, int]:
        """First and last position in a video; there must be a frame."""
        idxs = [*self.frame_idxs.tolist(), *(self.unread.frame_idxs or ())]
        return min(idxs), max(idxs)

    def only_predicted(self) -> "PoseTable":
        """Without the instances that a person has labelled; every frame stays."""
        unread = replace(self.unread, n_instances=self.unread.n_predicted)
        return replace(self.keep_instances(self.is_predicted), unread=unread)

    def keep_instances(self, keep: Bools) -> "PoseTable":
        """Only the instances where `keep` (n_instances,) is true; every frame stays."""
        kept_before = np.concatenate([[0], np.cumsum(keep)])
        return replace(
            self,
            frame_starts=kept_before[self.frame_starts],
            points=self.points[keep],
            scores=self.scores[keep],
            is_predicted=self.is_predicted[keep],
            is_replaced=self.is_replaced[keep],
            track_ids=self.track_ids[keep],
            rows_in_file=self.rows_in_file[keep],
        )

    def keep_frames(self, keep: Bools) -> "PoseTable":
        """Only the frames where `keep` (n_frames,) is true, with their instances."""
        kept = self.keep_instances(keep[self.instance_frames])
        starts = np.concatenate([[0], np.cumsum(kept.instances_per_frame[keep])])
        return replace(
            kept,
            frame_videos=self.frame_videos[keep],
            frame_idxs=self.frame_idxs[keep],
            is_negative=self.is_negative[keep],
            frame_starts=starts,
        )
