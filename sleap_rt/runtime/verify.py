"""Replays the sample stored in an exported file: does it compute here what it should?"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from sleap_rt.contract import Precision
from sleap_rt.errors import ModelError
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime.engines import Array, open_engine
from sleap_rt.runtime.graph_file import read_graph_file, read_sample
from sleap_rt.runtime.predictors import open_predictor
from sleap_rt.sample import Sample

_FAR_PX = 1e6  # stands for the distance of two instances without a common node


@dataclass(frozen=True)
class Tolerance:
    """How far a graph may be off its checkpoint.

    Attributes:
        max_px: any point, frame px; None sets no bound.
        p99_px: 99 of 100 points, frame px.
        max_score: any point's score.
    """

    max_px: float | None
    p99_px: float
    max_score: float


TOLERANCES: dict[Precision, Tolerance] = {
    # float32 noise of two runtimes stays a thousand times below
    "fp32": Tolerance(max_px=0.01, p99_px=0.01, max_score=1e-4),
    # half precision keeps 11 bits; a peak between two near-equal cells may take either
    "fp16": Tolerance(max_px=None, p99_px=0.25, max_score=0.02),
}


@dataclass(frozen=True, kw_only=True)
class Differences:
    """What one program finds, compared with what was expected.

    Attributes:
        n_expected: instances expected.
        n_lost: of these, not found.
        n_extra: found, but not expected.
        n_other_nodes: nodes found in one of the two only, of instances found in both.
        px: distance of each pair of points, frame px.
        max_score: largest difference of two point scores.
    """

    n_expected: int
    n_lost: int
    n_extra: int
    n_other_nodes: int
    px: NDArray[np.floating]
    max_score: float

    @property
    def max_px(self) -> float:
        return float(np.max(self.px, initial=0))

    @property
    def p99_px(self) -> float:
        return float(np.percentile(self.px, 99)) if len(self.px) else 0.0

    def within(self, tolerance: Tolerance) -> bool:
        """Whether counts are equal and no number exceeds its bound; NaN exceeds any."""
        if self.n_lost or self.n_extra or self.n_other_nodes:
            return False
        bounds = [(self.p99_px, tolerance.p99_px), (self.max_score, tolerance.max_score)]
        if tolerance.max_px is not None:
            bounds.append((self.max_px, tolerance.max_px))
        return all(value <= bound for value, bound in bounds)


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The result of a replay.

    Attributes:
        path: of the graph.
        device: where it ran.
        differences: to what the checkpoint finds.
        tolerance: what is allowed at this precision.
    """

    path: Path
    device: str
    differences: Differences
    tolerance: Tolerance

    @property
    def passed(self) -> bool:
        return self.differences.within(self.tolerance)


def verify_graph(path: Path, engine: EngineOptions) -> Verification:
    """Replay the sample of an exported file.

    Args:
        path: an `.onnx` file.
        engine: what runs it.

    Raises:
        ModelError: the file is not ours, or holds no sample.
        EngineError: the engine or device is not available, or refuses the graph.
    """
    contract = read_graph_file(path).contract
    sample = read_sample(path)
    if sample is None:
        raise ModelError(
            f"{path} holds no sample to replay: its network finds nothing certain in drawn frames. "
            "Compare predictions of a video of yours on two engines instead."
        )
    points, scores, device = replay(path, sample, engine)
    return Verification(
        path=path,
        device=device,
        differences=compare_instances(sample.points, sample.point_scores, points, scores),
        tolerance=TOLERANCES[contract.precision],
    )


def replay(
    path: Path, sample: Sample, engine: EngineOptions
) -> tuple[NDArray[np.floating], NDArray[np.floating], str]:
    """What a graph finds in a sample: points, their scores, and where it ran."""
    if sample.centers is not None:
        return _replay_crops(path, sample, sample.centers, engine)
    decode = DecodeOptions(peak_threshold=sample.peak_threshold, min_line_scores=-1e3)
    predictor = open_predictor([path], decode, engine)
    (found,) = predictor.predict(sample.frame[None], [0])
    predictor.close()
    return found.points, found.point_scores, predictor.device


def _replay_crops(
    path: Path, sample: Sample, centers: NDArray[np.float32], options: EngineOptions
) -> tuple[NDArray[np.floating], NDArray[np.floating], str]:
    engine = open_engine(path, options)
    feed: dict[str, Array] = {
        "frames": sample.frame[None],
        "centers": centers,
        "frame_index": np.zeros(len(centers), np.int64),
        "peak_threshold": np.array(sample.peak_threshold, np.float32),
        "integral_refinement": np.array(1, np.float32),
    }
    known = {spec.name for spec in engine.inputs}
    feed = {name: value for name, value in feed.items() if name in known}
    found = engine.run(feed, ["peaks", "peak_vals"])
    engine.close()
    return found["peaks"], found["peak_vals"], engine.device


def compare_instances(
    expected: NDArray[np.floating],
    expected_scores: NDArray[np.floating],
    found: NDArray[np.floating],
    found_scores: NDArray[np.floating],
) -> Differences:
    """Pair instances, the nearest with each other, and measure.

    Args:
        expected: (n, n_nodes, 2), (x, y) px, NaN where a node is missing.
        expected_scores: (n, n_nodes).
        found: (m, n_nodes, 2).
        found_scores: (m, n_nodes).
    """
    gaps = np.linalg.norm(expected[:, None] - found[None], axis=-1)  # (n, m, n_nodes)
    common = ~np.isnan(gaps)
    n_common = common.sum(axis=2)
    total = np.where(common, gaps, 0).sum(axis=2)
    # Instances without any node, as of a crop that holds no pose, pair with each other.
    empty = ~common.any(axis=2)
    both_empty = np.isnan(expected).all(axis=(1, 2))[:, None] & np.isnan(found).all(axis=(1, 2))
    mean = np.where(empty, np.where(both_empty, 0, _FAR_PX), total / np.maximum(n_common, 1))
    rows, columns = linear_sum_assignment(mean)
    paired = mean[rows, columns] < _FAR_PX
    rows, columns = rows[paired], columns[paired]
    there = common[rows, columns]
    px = gaps[rows, columns][there]
    scores = np.abs(expected_scores[rows] - found_scores[columns])[there]
    other = np.isnan(expected[rows, :, 0]) != np.isnan(found[columns, :, 0])
    return Differences(
        n_expected=len(expected),
        n_lost=len(expected) - len(rows),
        n_extra=len(found) - len(columns),
        n_other_nodes=int(other.sum()),
        px=px,
        max_score=float(np.max(scores, initial=0)),
    )
