"""What a prediction did, and what was not as it should be."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.runtime.outputs.damaged_frames import DamagedFrames
from sleap_rt.words import counted

if TYPE_CHECKING:
    import sleap_io as sio


@dataclass(frozen=True, kw_only=True)
class PredictionSummary:
    """What a prediction did.

    Attributes:
        n_frames: in the result, before empty ones were left out.
        n_resumed: of these, taken from the journal.
        n_instances: found.
        n_nodeless: predictions without any visible node, which are left out.
        n_trackless: predictions that tracking left out.
        n_tracks: in use.
        n_skipped: frames that were asked for, or are in the labels, but do not exist.
        skipped: what to say of these.
        seconds: from the first frame read to the last result.
        frames_per_second: without the time in which the run got ready; None if it was too short
            to tell.
        engine: what ran the graphs.
        device: where it truly ran.
        batch_size: frames per call of the engine, at most.
        n_workers: of a cluster that predicted; 0 without one.
        paths: files written.
        damaged: frames whose image could not be read, or was made up in part by the decoder.
        notes: what a user should know about the input's files and about what was left out.
        videos: of the input.
        labels: the result, if it was to be kept.
        most_instances: that the models can give in a frame; None where nothing limits them.
        out_of_reach: options whose limit no instance can pass, with their values.
        n_untracked_rows: of the file, each for instances without a track.
    """

    n_frames: int
    n_resumed: int
    n_instances: int
    n_nodeless: int
    n_trackless: int
    n_tracks: int
    n_skipped: int
    damaged: DamagedFrames
    notes: Sequence[str]
    seconds: float
    frames_per_second: float | None
    engine: str
    device: str
    batch_size: int
    paths: tuple[Path, ...]
    videos: "Sequence[sio.Video]"
    labels: "sio.Labels | None"
    n_workers: int = 0
    skipped: str = ""
    most_instances: int | None = None
    out_of_reach: tuple[str, ...] = ()
    n_untracked_rows: int = 0

    @property
    def warnings(self) -> list[str]:
        """What was not as it should be, a sentence each."""
        skipped = [self.skipped] if self.skipped else []
        found = [] if self.n_instances or not self.n_frames else [self._nothing()]
        rows = no_identities(self.n_untracked_rows)
        how = [f"{row}; --tracking gives it one of its own" for row in rows]
        return [*skipped, *self.notes, *self.damaged.warnings(self.videos), *found, *how]

    def _nothing(self) -> str:
        nothing = f"nothing was found in {counted(self.n_frames, 'frame')}"
        if self.out_of_reach:
            return f"{nothing}: {' or '.join(self.out_of_reach)} lets nothing pass"
        return (
            f"{nothing}; check that the model is for this video (`sleap-nn info`), or lower "
            "peak_threshold and the filters"
        )


def no_identities(n_rows: int) -> list[str]:
    """What to say of rows that stand for instances without a track; nothing of a single one."""
    if n_rows < 2:
        return []
    return [
        f"rows untracked_0 to untracked_{n_rows - 1} of the file are places in a frame, and no "
        "identities: an animal may be in another row in each frame"
    ]
