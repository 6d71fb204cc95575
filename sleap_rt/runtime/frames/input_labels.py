"""The labels that an input came with: which animals a person labelled in which frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sleap_rt.errors import DataError
from sleap_rt.instances import KnownInstances
from sleap_rt.runtime.frames.frame_refs import FrameRef

if TYPE_CHECKING:
    import sleap_io as sio

NO_LABELS = (
    "This model alone works on labelled animals, and the input has none: give a `.slp` file with "
    "labelled frames, or the other model of the pair as well"
)


@dataclass(frozen=True)
class InputLabels:
    """Labels, and the videos of them that take part in a run.

    Attributes:
        labels: everything in the file.
        videos: of the run; `FrameRef.video_index` counts them.
        path: of the file; None for labels in memory.
    """

    labels: "sio.Labels"
    videos: "Sequence[sio.Video]"
    path: Path | None = None

    def __contains__(self, ref: FrameRef) -> bool:
        """Whether a person labelled an animal in a frame."""
        return ref in self._labeled

    def known(self, ref: FrameRef, node_names: Sequence[str]) -> KnownInstances:
        """The animals that a person labelled in a frame; nodes in the order of `node_names`.

        Raises:
            DataError: the labelled animals lack one of the nodes.
        """
        instances = self._labeled[ref].user_instances if ref in self._labeled else []
        points = np.full((len(instances), len(node_names), 2), np.nan, np.float32)
        for row, instance in zip(points, instances, strict=True):
            there = instance.skeleton.node_names
            missing = [name for name in node_names if name not in there]
            if missing:
                raise DataError(
                    f"The model's skeleton has nodes that the labelled animals lack: "
                    f"{', '.join(missing)} (they have {', '.join(there)})"
                )
            row[:] = instance.numpy()[[there.index(name) for name in node_names]]
        return points

    @cached_property
    def _labeled(self) -> "dict[FrameRef, sio.LabeledFrame]":
        number_of = {id(video): number for number, video in enumerate(self.videos)}
        return {
            FrameRef(number_of[id(frame.video)], int(frame.frame_idx)): frame
            for frame in self.labels.labeled_frames
            if id(frame.video) in number_of and frame.has_user_instances
        }
