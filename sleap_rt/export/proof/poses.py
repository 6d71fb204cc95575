"""Measures what a network in int8 loses: its poses against those of the float32 graph."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from sleap_rt.contract import Certificate, GraphContract, PoseLoss
from sleap_rt.evaluation.options import PoseOptions
from sleap_rt.evaluation.poses.oks import oks
from sleap_rt.export.proof.compare import Differences, is_there
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.inspect.same_animals import same_animals

# Limits of what a graph in int8 may lose, unless loss is allowed.
MAX_P99_CELLS = 1.0  # cells of the confidence maps, at the 99th percentile of all points
MAX_CHANGED_INSTANCES = 0.02  # share that only one graph finds, or that gets another class
MAX_CHANGED_POINTS = 0.05  # share that only one graph finds; many are close to the threshold
MIN_MEAN_OKS = 0.95  # of the instances that both find

_OKS_STDDEV = PoseOptions.oks_stddev


@dataclass
class Losses:
    """Differences between the poses of both graphs, over all frames so far.

    Attributes:
        cell_px: side of a cell of the confidence maps, frame px.
        n_frames: compared.
        n_lost: instances that only the float32 graph finds.
        n_extra: instances that only the int8 graph finds.
        n_renamed: instances with another class or track.
        points: differences of points, those of lost and extra instances included.
        oks: similarities of the instances that both find.
    """

    cell_px: float
    n_frames: int = 0
    n_lost: int = 0
    n_extra: int = 0
    n_renamed: int = 0
    points: Differences = field(default_factory=Differences)
    oks: list[float] = field(default_factory=list)

    def add(self, exact: FrameInstances, reduced: FrameInstances) -> None:
        """Compare one frame's instances."""
        rows, columns = same_animals(exact.points, reduced.points, self.cell_px)
        self.n_frames += 1
        self.n_lost += len(exact) - len(rows)
        self.n_extra += len(reduced) - len(rows)
        a, b = exact.take(rows), reduced.take(columns)
        self.n_renamed += int((a.track_ids != b.track_ids).sum())
        self.points.add_points(a.points, b.points, (a.point_scores, b.point_scores))
        alone, new = (
            int(is_there(np.delete(found.points, taken, axis=0)).sum())
            for found, taken in ((exact, rows), (reduced, columns))
        )
        self.points.n_points += alone
        self.points.n_lost += alone
        self.points.n_extra += new
        self.points.n_instances += len(exact)
        if len(rows) and exact.points.shape[1] > 1:
            poses = (points.astype(np.float64) for points in (a.points, b.points))
            self.oks += oks(*poses, stddev=_OKS_STDDEV).tolist()


def measure(
    exact: Iterable[FrameInstances], reduced: Iterable[FrameInstances], contract: GraphContract
) -> Losses:
    """Compare the poses of two runs over the same frames.

    Args:
        exact: of the float32 graphs.
        reduced: of the graphs in int8.
        contract: of the graph that gives the points.
    """
    scale = contract.preprocessing.input_scale
    losses = Losses(contract.decoding.confmaps_stride / scale)
    for one, other in zip(exact, reduced, strict=True):
        losses.add(one, other)
    return losses


def certificate_of(losses: Losses, *, calibration: str, frames: str) -> Certificate:
    """The losses as a certificate.

    Args:
        losses: over all frames.
        calibration: the frames of the calibration, in words.
        frames: those that were compared, in words.
    """
    p50, p90 = np.percentile(losses.points.px or [0.0], [50, 90]).tolist()
    similarities = np.array(losses.oks)
    similarities = similarities[~np.isnan(similarities)]
    mean = float(similarities.mean()) if similarities.size else None
    poses = PoseLoss(
        calibration=calibration,
        n_lost=losses.n_lost,
        n_extra=losses.n_extra,
        n_renamed=losses.n_renamed,
        p50_px=p50,
        p90_px=p90,
        oks_mean=mean,
        oks_p5=float(np.percentile(similarities, 5)) if similarities.size else None,
        oks_min=float(similarities.min()) if similarities.size else None,
        exceeded=_exceeded(losses, mean),
    )
    return losses.points.certificate(frames, losses.n_frames, poses)


def _exceeded(losses: Losses, oks_mean: float | None) -> tuple[str, ...]:
    found = []
    points, p99_px = losses.points, losses.points.p99_px
    if not p99_px <= MAX_P99_CELLS * losses.cell_px:
        found.append(
            f"1 of 100 points moves by more than {p99_px:.2f} px (allowed "
            f"{MAX_P99_CELLS * losses.cell_px:.2f})"
        )
    for n_changed, n, allowed, what in (
        (
            losses.n_lost + losses.n_extra + losses.n_renamed,
            points.n_instances,
            MAX_CHANGED_INSTANCES,
            "instances are lost, new or of another class",
        ),
        (
            points.n_lost + points.n_extra,
            points.n_points,
            MAX_CHANGED_POINTS,
            "points are lost or new",
        ),
    ):
        if n_changed > allowed * n:
            found.append(f"{n_changed} of {n} {what} (allowed {allowed:.0%})")
    if oks_mean is not None and not oks_mean >= MIN_MEAN_OKS:
        found.append(f"mean OKS {oks_mean:.3f} (allowed {MIN_MEAN_OKS} or more)")
    return tuple(found)
