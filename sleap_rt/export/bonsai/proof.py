"""Compares a graph for Bonsai.Sleap with our own predictor, pose by pose."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sleap_rt.arrays import AnyFloats, Image
from sleap_rt.errors import ModelError
from sleap_rt.export.bonsai.kinds import BonsaiKind
from sleap_rt.export.proof.proof_frames import CPU
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.predictors import open_predictor

TOLERANCE_PX = 0.01  # as of every graph


@dataclass(frozen=True)
class Agreement:
    """How a graph compares.

    Attributes:
        n_frames: that were compared.
        n_poses: that our own run finds in these.
        max_px: largest distance between two points.
    """

    n_frames: int
    n_poses: int
    max_px: float


def compare(
    path: Path,
    stages: Sequence[Path],
    kind: BonsaiKind,
    decode: DecodeOptions,
    frames: Sequence[Image],
) -> Agreement:
    """Run both on frames.

    Args:
        path: of the graph for Bonsai.Sleap.
        stages: the graphs that it was made of.
        kind: what Bonsai.Sleap takes of them.
        decode: built in.
        frames: (height, width, channels) uint8 each.

    Raises:
        ModelError: they differ in the number of poses, or by more than the tolerance.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    predictor = open_predictor(list(stages), decode, CPU)
    drops_unnamed = predictor.models.last.drops_unsure_crops  # which the graph cannot
    n_poses, largest = 0, 0.0
    try:
        for number, frame in enumerate(frames):
            (expected,) = predictor.predict(frame[None], [number])
            image = np.ascontiguousarray(frame.transpose(2, 0, 1)[None])
            outputs = dict(zip(kind.outputs, session.run(None, {"image": image}), strict=True))
            found = poses_of(outputs)
            if len(found) < len(expected) or (len(found) > len(expected) and not drops_unnamed):
                raise ModelError(
                    f"The graph for Bonsai finds {len(found)} poses in frame {number}, and its "
                    f"stages find {len(expected)}. Please report it."
                )
            largest = max(largest, _distance(found, expected.points))
            n_poses += len(expected)
    finally:
        predictor.close()
    if largest > TOLERANCE_PX:
        raise ModelError(
            f"The graph for Bonsai differs from its stages by up to {largest:.4f} px; "
            f"{TOLERANCE_PX} px is the limit. Please report it."
        )
    return Agreement(len(frames), n_poses, largest)


def poses_of(outputs: dict[str, Any]) -> AnyFloats:
    """What Bonsai.Sleap makes of a graph's outputs for its first frame, (n, n_nodes, 2)."""
    if "valid" in outputs:
        poses: AnyFloats = outputs["peaks"][0][outputs["valid"][0]]
        return poses
    if "has_centroid" in outputs:
        centroids: AnyFloats = outputs["centroids"][0][outputs["has_centroid"][0]]
        return centroids[:, None]
    single: AnyFloats = outputs["peaks"][:1]
    return single[~np.isnan(single).all(axis=(1, 2))]


def _distance(found: AnyFloats, expected: AnyFloats) -> float:
    """Largest distance of two points, each expected pose against the nearest one that is left."""
    left, largest = list(found), 0.0
    for pose in expected:
        apart = [_apart(pose, other) for other in left]
        nearest = int(np.argmin(apart))
        largest = max(largest, apart[nearest])
        del left[nearest]
    return largest


def _apart(pose: AnyFloats, other: AnyFloats) -> float:
    """Largest distance of two points of one node; infinite where only one pose has the node."""
    missing = np.isnan(pose).any(axis=1)
    if (missing != np.isnan(other).any(axis=1)).any():
        return float("inf")
    return float(np.hypot(*(pose - other)[~missing].T).max(initial=0.0))
