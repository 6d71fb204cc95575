"""Compares a graph for Bonsai.Sleap with our own predictor, pose by pose."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sleap_rt.arrays import Image
from sleap_rt.errors import ModelError
from sleap_rt.export.bonsai.kinds import BonsaiKind
from sleap_rt.export.proof.against_checkpoint import MAX_PX, MAX_SCORE
from sleap_rt.export.proof.compare import Differences
from sleap_rt.export.proof.graph_run import CPU
from sleap_rt.instances import FrameInstances
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.inspect.same_animals import same_animals
from sleap_rt.runtime.predictors import open_predictor

_CLASSES = "class_probs"


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
    raw = [_CLASSES] if _CLASSES in kind.outputs else []
    result = Differences()
    with closing(open_predictor(list(stages), decode, CPU, raw)) as predictor:
        may_be_more = predictor.models.last.drops_unsure_crops  # which the graph cannot
        for number, frame in enumerate(frames):
            (expected,) = predictor.predict(frame[None], [number])
            image = np.ascontiguousarray(frame.transpose(2, 0, 1)[None])
            outputs = dict(zip(kind.outputs, session.run(None, {"image": image}), strict=True))
            add_poses(result, expected, poses_of(outputs, number), may_be_more=may_be_more)
    return _checked(result, len(frames))


def poses_of(outputs: Mapping[str, Any], number: int) -> FrameInstances:
    """What Bonsai.Sleap makes of a graph's outputs for its first frame."""
    if "peaks" not in outputs:
        there = outputs["has_centroid"][0]
        points, vals = outputs["centroids"][0][there, None], outputs["centroid_vals"][0][there]
        return FrameInstances.untracked(
            frame_index=number, points=points, point_scores=vals[:, None], scores=vals
        )
    found = {name: values[0] if "valid" in outputs else values for name, values in outputs.items()}
    there = found.get("valid", ~np.isnan(found["peaks"]).all(axis=(1, 2)))
    vals = found["peak_vals"]
    return FrameInstances.untracked(
        frame_index=number,
        points=found["peaks"],
        point_scores=vals,
        scores=found.get("centroid_vals", vals.sum(axis=1)),
        raw={name: found[name] for name in [_CLASSES] if name in found},
    ).take(there)


def add_poses(
    result: Differences, expected: FrameInstances, found: FrameInstances, *, may_be_more: bool
) -> None:
    """Compare the poses of one frame: points, and all scores.

    Raises:
        ModelError: a pose is missing, or there is one more and none may be.
    """
    rows, columns = same_animals(expected.points, found.points, MAX_PX)
    if len(rows) < len(expected) or (len(found) > len(expected) and not may_be_more):
        raise ModelError(
            f"The graph for Bonsai finds {len(found)} poses in frame {expected.frame_index}, and "
            f"its stages find {len(expected)}, or others. Please report it."
        )
    ours, theirs = expected.take(rows), found.take(columns)
    result.n_instances += len(ours)
    result.add_points(ours.points, theirs.points, (ours.point_scores, theirs.point_scores))
    result.score += np.abs(ours.scores - theirs.scores).tolist()
    if len(ours) and _CLASSES in theirs.raw:
        result.score += np.abs(ours.raw[_CLASSES] - theirs.raw[_CLASSES]).ravel().tolist()


def _checked(result: Differences, n_frames: int) -> Agreement:
    found = result.certificate("", n_frames)
    if found.n_lost or found.n_extra:
        raise ModelError(
            f"The graph for Bonsai misses {found.n_lost} points of its stages and finds "
            f"{found.n_extra} others. Please report it."
        )
    if not (found.max_px <= MAX_PX and found.max_score <= MAX_SCORE):  # NaN fails too
        raise ModelError(
            f"The graph for Bonsai differs from its stages by up to {found.max_px:.4f} px and "
            f"{found.max_score:.1e} in score; {MAX_PX} px and {MAX_SCORE} are the limit. Please "
            "report it."
        )
    return Agreement(n_frames, found.n_instances, found.max_px)
