"""What a live run hands on, and to whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sleap_rt.arrays import Image
from sleap_rt.instances import FrameInstances, ImageState
from sleap_rt.skeleton import Skeleton


@dataclass(frozen=True, kw_only=True)
class LiveResult:
    """The animals of one frame, as soon as they are known.

    Attributes:
        found: instances, tracks among them.
        image: (height, width, channels) uint8, the frame.
        skeleton: of the instances.
        track_names: `found.track_ids` point into these.
        time: s since 1970, when the frame arrived.
        latency_ms: from then until now.
        n_dropped: frames of the run so far that nobody looked at.
    """

    found: FrameInstances
    image: Image
    skeleton: Skeleton
    track_names: Sequence[str]
    time: float
    latency_ms: float
    n_dropped: int

    @property
    def is_answered(self) -> bool:
        """False where the engine gave NaN or infinity: then animals may be missing."""
        return self.found.image is not ImageState.UNANSWERED

    def track_of(self, i: int) -> str | None:
        """Name of an instance's track; None where it has none."""
        track_id = int(self.found.track_ids[i])
        return self.track_names[track_id] if track_id >= 0 else None


class Outlet(Protocol):
    """Takes the results of a live run, one by one; the next frame waits meanwhile."""

    def take(self, result: LiveResult) -> None: ...
    def close(self) -> None: ...
