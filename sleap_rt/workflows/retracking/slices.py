"""Tracks a labels file some frames at a time, so that its labels are never all in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sleap_rt.labels.slices import SlicedLabels
from sleap_rt.options import FilterOptions, SelectionOptions
from sleap_rt.runtime.outputs.blocks.label_tables import LabelTables
from sleap_rt.runtime.pipeline.filters import filter_labeled_frames
from sleap_rt.runtime.pipeline.retrack import Retracker, kept_frames
from sleap_rt.tracking import TrackerOptions

if TYPE_CHECKING:
    import sleap_io as sio


@dataclass
class SliceTracking:
    """Tracking of a sliced file, and what came of it.

    Attributes:
        sliced: the file.
        tracking: how to track.
        selection: which frames to keep.
        filters: which predicted instances to drop.
        n_kept: frames kept, the empty ones too.
        n_instances: in these.
        n_trackless: predictions that got no track, which are left out.
        notes: what a person should know, in words.
        used: the tracking as it took effect.
        present: numbers of frames in the videos to keep, of those that were asked for.
    """

    sliced: SlicedLabels
    tracking: TrackerOptions
    selection: SelectionOptions
    filters: FilterOptions
    n_kept: int = 0
    n_instances: int = 0
    n_trackless: int = 0
    notes: tuple[str, ...] = ()
    used: TrackerOptions = field(init=False)
    present: set[int] = field(default_factory=set)

    def run(self, tables: LabelTables, *, no_empty_frames: bool) -> None:
        """Put the tracked frames into tables.

        Raises:
            OSError: the disk is full, or failed.
        """
        for frames in self._tracked():
            if no_empty_frames:
                frames = [frame for frame in frames if frame.instances]
            if frames:
                tables.append(frames)

    def _tracked(self) -> "Iterator[list[sio.LabeledFrame]]":
        whole, selection = self.sliced.frameless, self.selection
        n_nodes = len(whole.skeletons[0].nodes)
        retracker = Retracker(self.tracking, self.sliced.passed_on, n_nodes)
        for frames in self.sliced:
            if self.filters.any_on:
                filter_labeled_frames(frames, self.filters)
            kept = kept_frames(frames, whole.videos, selection.frames, selection.video_index)
            for video, frame in kept:
                retracker.track(frame, video)
                self.n_instances += len(frame.instances)
                if selection.frames is not None:
                    self.present.add(frame.frame_idx)
            self.n_kept += len(kept)
            yield [frame for _, frame in kept]
        self.n_trackless = retracker.n_left_out
        self.notes, self.used = retracker.notes, retracker.used
