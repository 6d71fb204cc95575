"""Chooses the sample that an exported file carries, for `sleap-nn verify` to replay."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sleap_rt.contract import CROP_KINDS, Precision, Preprocessing
from sleap_rt.export.certificate import CPU, DEFAULT_SIDE, Oracle, clear_threshold, draw, widest_gap
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.verify import TOLERANCES, compare_instances, replay
from sleap_rt.sample import Sample

_SEED = 20250611
_LONG_SIDE = 160  # px; keeps the stored frame near 20 kB
_N_CENTRES = 3
_N_TRIES = 4
_LEEWAY = 0.03  # of the threshold, within which it must make no difference


def choose_sample(oracle: Oracle, path: Path, precision: Precision) -> Sample | None:
    """A small drawn frame in which the checkpoint's finding hangs on no float noise.

    Args:
        oracle: the pipeline of the trained model.
        path: the graph exported from it.
        precision: of the graph.

    Returns:
        What the checkpoint finds there; None if no frame tried is certain enough.
    """
    rng = np.random.default_rng(_SEED)
    for _ in range(_N_TRIES):
        frame = draw(rng, _small_size(oracle.preprocessing), oracle.preprocessing.in_channels)
        look = look_at_crops if oracle.kind in CROP_KINDS else look_at_frame
        sample = look(oracle, frame, rng)
        if len(sample.points) and _is_certain(sample, path, precision):
            return sample
    return None


def _small_size(spec: Preprocessing) -> tuple[int, int]:
    height, width = spec.max_height or DEFAULT_SIDE, spec.max_width or DEFAULT_SIDE
    shrink = max(1.0, max(height, width) / _LONG_SIDE)
    return max(1, round(height / shrink)), max(1, round(width / shrink))


def look_at_frame(oracle: Oracle, frame: NDArray[np.uint8], _: np.random.Generator) -> Sample:
    threshold = clear_threshold(oracle, frame)
    options = DecodeOptions(peak_threshold=threshold, min_line_scores=-1e3)
    found = oracle.instances(frame, options)
    return Sample(
        frame=frame,
        peak_threshold=threshold,
        centers=None,
        points=found.points.astype(np.float32),
        point_scores=found.point_scores.astype(np.float32),
    )


def look_at_crops(oracle: Oracle, frame: NDArray[np.uint8], rng: np.random.Generator) -> Sample:
    side = np.array([frame.shape[1], frame.shape[0]])
    centers = (rng.uniform(0.1, 0.9, (_N_CENTRES, 2)) * side).astype(np.float32)
    top = oracle.crops(frame, centers, DecodeOptions(peak_threshold=-np.inf)).values
    threshold = widest_gap(top, 0.3 * float(top.max()), 0.7 * float(top.max()))
    found = oracle.crops(frame, centers, DecodeOptions(peak_threshold=threshold))
    return Sample(
        frame=frame,
        peak_threshold=threshold,
        centers=centers,
        points=found.points.astype(np.float32),
        point_scores=found.values.astype(np.float32),
    )


def _is_certain(sample: Sample, path: Path, precision: Precision) -> bool:
    """Whether the graph agrees, also with the threshold moved a little either way."""
    for factor in (1 - _LEEWAY, 1.0, 1 + _LEEWAY):
        moved = Sample(
            frame=sample.frame,
            peak_threshold=sample.peak_threshold * factor,
            centers=sample.centers,
            points=sample.points,
            point_scores=sample.point_scores,
        )
        points, scores, _ = replay(path, moved, CPU)
        found = compare_instances(sample.points, sample.point_scores, points, scores)
        if not found.within(TOLERANCES[precision]):
            return False
    return True
