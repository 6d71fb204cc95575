"""All that a run found, to be read as often as a writer needs; frames need not be in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sleap_rt.instances import FrameInstances
from sleap_rt.skeleton import Skeleton

if TYPE_CHECKING:
    import sleap_io as sio

_POINTS_PER_BLOCK = 20_000  # about half a MB in a `.slp` file


@dataclass(frozen=True, kw_only=True)
class RunResults:
    """The results of a run.

    Attributes:
        skeleton: of all instances.
        videos: `FrameInstances.video_index` points into these.
        track_names: `FrameInstances.track_ids` point into these.
        n_frames: number of frames.
        n_instances: in these.
        stored: the frames, whose track ids are still those of the run; can be iterated over again.
        track_positions: of the run's track ids in `track_names`.
        provenance: how they were made.
    """

    skeleton: Skeleton
    videos: "Sequence[sio.Video]"
    track_names: Sequence[str]
    n_frames: int
    n_instances: int
    stored: Iterable[FrameInstances]
    track_positions: Mapping[int, int]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[FrameInstances]:
        """The frames, in order."""
        positions = np.full(max(self.track_positions, default=-1) + 2, -1, np.int64)
        for track_id, position in self.track_positions.items():
            positions[track_id] = position  # the last one stays: -1 is no track
        for frame in self.stored:
            yield replace(frame, track_ids=positions[np.maximum(frame.track_ids, -1)])

    def blocks(self) -> Iterator[Sequence[FrameInstances]]:
        """The frames, in order, some at a time."""
        block: list[FrameInstances] = []
        n_points = 0
        for frame in self:
            block.append(frame)
            n_points += frame.point_scores.size + 1
            if n_points >= _POINTS_PER_BLOCK:
                yield block
                block, n_points = [], 0
        if block:
            yield block


class Shown(Iterable[FrameInstances]):
    """Stored frames that pass a progress bar whenever they are iterated over.

    Args:
        stored: the frames.
        bar: shows them and gives them back.
    """

    def __init__(
        self,
        stored: Iterable[FrameInstances],
        bar: Callable[[Iterable[FrameInstances]], Iterable[FrameInstances]],
    ) -> None:
        self._stored, self._bar = stored, bar

    def __iter__(self) -> Iterator[FrameInstances]:
        return iter(self._bar(self._stored))


class Tally:
    """Counts results as they come.

    Args:
        keeps_empty: frames without instances are stored as well.

    Attributes:
        n_frames: given, stored or not.
        n_stored: of these, to be stored.
        n_instances: in these.
        n_nodeless: predictions without a visible node, which are left out.
        most_untracked: instances of one frame that have no track.
        track_positions: tracks in use, in order of first use.
    """

    def __init__(self, *, keeps_empty: bool = True) -> None:
        self._keeps_empty = keeps_empty
        self.n_frames = self.n_stored = self.n_instances = self.n_nodeless = 0
        self.most_untracked = 0
        self.track_positions: dict[int, int] = {}

    def add(self, result: FrameInstances) -> bool:
        """Count a frame; whether it is to be stored."""
        self.n_frames += 1
        self.n_instances += len(result)
        self.n_nodeless += result.n_nodeless
        self.most_untracked = max(self.most_untracked, int((result.track_ids < 0).sum()))
        for track_id in result.track_ids.tolist():
            if track_id >= 0 and track_id not in self.track_positions:
                self.track_positions[track_id] = len(self.track_positions)
        is_stored = self._keeps_empty or len(result) > 0
        self.n_stored += is_stored
        return is_stored

    def results(
        self,
        stored: Iterable[FrameInstances],
        skeleton: Skeleton,
        videos: "Sequence[sio.Video]",
        names: Sequence[str],
        provenance: Mapping[str, Any] | None = None,
    ) -> RunResults:
        """What was counted, to be written.

        Args:
            stored: the frames to be stored; can be iterated over again and again.
            skeleton: of all instances.
            videos: `FrameInstances.video_index` points into these.
            names: of all tracks of the run; `FrameInstances.track_ids` point into these.
            provenance: how they were made.
        """
        return RunResults(
            skeleton=skeleton,
            videos=videos,
            track_names=[names[track_id] for track_id in self.track_positions],
            n_frames=self.n_stored,
            n_instances=self.n_instances,
            stored=stored,
            track_positions=self.track_positions,
            provenance=provenance or {},
        )
