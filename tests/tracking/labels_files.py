"""Reads labels files as what the tracker takes and what identities are measured by."""

from pathlib import Path

import numpy as np

from sleap_rt.instances import FrameInstances
from tracking.frames import frame
from tracking.identities import Labeled


def read_labels(path: Path) -> tuple[list[FrameInstances], list[Labeled]]:
    """Frames in order of time, and the identities that the file gives them."""
    import sleap_io as sio

    labels = sio.load_slp(str(path), open_videos=False)
    frames, truth = [], []
    for one in sorted(labels, key=lambda one: one.frame_idx):
        points = np.array([instance.numpy() for instance in one.instances])
        names = [labels.tracks.index(instance.track) for instance in one.instances]
        frames.append(frame(points, frame_index=one.frame_idx))
        truth.append(Labeled(points, np.array(names)))
    return frames, truth
