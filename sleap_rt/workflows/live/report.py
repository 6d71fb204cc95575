"""What a live run tells while it runs, and at its end."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sleap_rt.arrays import Image
from sleap_rt.runtime.live import Figures
from sleap_rt.workflows.report import Report


@dataclass(frozen=True, kw_only=True)
class LiveSummary:
    """What a live run did.

    Attributes:
        figures: frames and latencies.
        n_tracks: tracks that were begun.
        n_trackless: predictions that tracking gave no track, which are left out.
        engine: that ran the graphs.
        device: where it truly ran.
        paths: files written.
        addresses: of what others could look at, by its kind: `view`, `zmq`.
        notes: what tracking left out, in words.
        warnings: frames that the engine left unanswered, in words.
    """

    figures: Figures
    n_tracks: int
    n_trackless: int
    engine: str
    device: str
    paths: tuple[Path, ...]
    addresses: Mapping[str, str]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


class LiveReport(Report):
    """As `Report`; of a live run itself, this one tells nothing."""

    def watching(self, name: str, first: Image, device: str, addresses: dict[str, str]) -> None:
        """All is open and warm, and the first frame is about to be taken.

        Args:
            name: of the source.
            first: a frame of it.
            device: where the engine runs.
            addresses: of what others may look at, by its kind.
        """

    def figures(self, recent: Figures) -> None:
        """What became of the frames since the last time."""

    def ended(self, summary: LiveSummary) -> None:
        """The run has ended, and its record is written; also where it failed."""
