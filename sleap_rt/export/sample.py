"""Chooses the sample that an exported file carries, for `sleap-nn verify` to replay."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sleap_rt.contract import CROP_KINDS, Precision, Preprocessing
from sleap_rt.export.certificate import CPU, DEFAULT_SIDE, clear_threshold, draw, widest_gap
from sleap_rt.export.checkpoints import Checkpoint
from sleap_rt.runtime.verify import TOLERANCES, compare_instances, replay
from sleap_rt.sample import Sample

_SEED = 20250611
_LONG_SIDE = 160  # px; keeps the stored frame near 20 kB
_N_CENTERS = 3
_N_TRIES = 4
_LEEWAY = 0.03  # of the threshold, within which it must make no difference


def choose_sample(checkpoint: Checkpoint, path: Path, precision: Precision) -> Sample | None:
    """A small drawn frame in which what the checkpoint finds hangs on no float noise.

    Args:
        checkpoint: the pipeline of the trained model.
        path: the graph exported from it.
        precision: of the graph.

    Returns:
        What the checkpoint finds there; None if no frame tried is certain enough.
    """
    rng = np.random.default_rng(_SEED)
    look = _look_at_crops if checkpoint.kind in CROP_KINDS else _look_at_frame
    for _ in range(_N_TRIES):
        spec = checkpoint.preprocessing
        sample = look(checkpoint, draw(rng, _small_size(spec), spec.in_channels), rng)
        if len(sample.points) and _is_certain(sample, path, precision):
            return sample
    return None


def _small_size(spec: Preprocessing) -> tuple[int, int]:
    height, width = spec.max_height or DEFAULT_SIDE, spec.max_width or DEFAULT_SIDE
    shrink = max(1.0, max(height, width) / _LONG_SIDE)
    return max(1, round(height / shrink)), max(1, round(width / shrink))


def _look_at_frame(
    checkpoint: Checkpoint, frame: NDArray[np.uint8], _: np.random.Generator
) -> Sample:
    threshold = clear_threshold(checkpoint.confmaps(frame), checkpoint.kind)
    found = checkpoint.instances(frame, threshold)
    return _sample(frame, threshold, None, found.points, found.scores)


def _look_at_crops(
    checkpoint: Checkpoint, frame: NDArray[np.uint8], rng: np.random.Generator
) -> Sample:
    side = np.array([frame.shape[1], frame.shape[0]])
    centers = (rng.uniform(0.1, 0.9, (_N_CENTERS, 2)) * side).astype(np.float32)
    top = checkpoint.crops(frame, centers, -np.inf).scores
    threshold = widest_gap(top, 0.3 * float(top.max()), 0.7 * float(top.max()))
    found = checkpoint.crops(frame, centers, threshold)
    return _sample(frame, threshold, centers, found.points, found.scores)


def _sample(
    frame: NDArray[np.uint8],
    threshold: float,
    centers: NDArray[np.float32] | None,
    points: NDArray[np.floating],
    scores: NDArray[np.floating],
) -> Sample:
    return Sample(
        frame=frame,
        peak_threshold=threshold,
        centers=centers,
        points=points.astype(np.float32),
        point_scores=scores.astype(np.float32),
    )


def _is_certain(sample: Sample, path: Path, precision: Precision) -> bool:
    """Whether the graph agrees, also with the threshold moved a little either way."""
    for factor in (1 - _LEEWAY, 1.0, 1 + _LEEWAY):
        moved = replace(sample, peak_threshold=sample.peak_threshold * factor)
        points, scores, _ = replay(path, moved, CPU)
        found = compare_instances(sample.points, sample.point_scores, points, scores)
        if not found.within(TOLERANCES[precision]):
            return False
    return True
