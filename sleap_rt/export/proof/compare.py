"""Measures how much the points and maps of two programs differ, for the certificates."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from sleap_rt.arrays import AnyFloats, Bools, Floats
from sleap_rt.contract import Certificate, PoseLoss


@dataclass
class Differences:
    """Differences between the expected and the other result, over all frames so far.

    Attributes:
        same_px: two points of a node within this distance are the same point, frame px.
        n_instances: in the expected result.
        n_points: in the expected result.
        n_lost: points that only the expected result has.
        n_extra: points that only the other one has.
        px: distances of the points that both have, frame px.
        score: differences of scores and probabilities.
        maps: largest difference of each of the network's outputs, relative where it exceeds 1.
    """

    same_px: float = np.inf
    n_instances: int = 0
    n_points: int = 0
    n_lost: int = 0
    n_extra: int = 0
    px: list[float] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    maps: list[float] = field(default_factory=list)

    def add_maps(self, expected: Mapping[str, Floats], found: Mapping[str, Floats]) -> None:
        """Compare outputs of two networks for the same images, by name."""
        for name, maps in expected.items():
            largest = max(1.0, float(np.abs(maps).max()))
            self.maps.append(float(np.abs(found[name] - maps).max()) / largest)

    def add_points(
        self,
        expected: Floats,
        found: Floats,
        scores: tuple[Floats, Floats],
        compared: Bools | None = None,
    ) -> None:
        """Compare points that correspond one by one.

        Args:
            expected: (..., 2) frame px, NaN where there is none.
            found: likewise.
            scores: (...) of both.
            compared: (...) points whose positions are compared; all of them if None.
        """
        has, also = is_there(expected), is_there(found)
        self.n_points += int(has.sum())
        self.n_lost += int((has & ~also).sum())
        self.n_extra += int((also & ~has).sum())
        both = has & also
        self.score += np.abs(scores[0] - scores[1])[both].tolist()
        placed = both if compared is None else both & compared
        self.px += np.linalg.norm(expected - found, axis=-1)[placed].tolist()

    def add_instances(self, expected: Floats, found: Floats, scores: tuple[Floats, Floats]) -> None:
        """Compare instances of a frame node by node, however their points are grouped.

        Args:
            expected: (n, n_nodes, 2) frame px, NaN where there is none.
            found: (m, n_nodes, 2) likewise.
            scores: (n, n_nodes) and (m, n_nodes).
        """
        self.n_instances += len(expected)
        has, also = is_there(expected), is_there(found)
        for node in range(expected.shape[1]):
            rows, columns = has[:, node], also[:, node]
            of_node = scores[0][rows, node], scores[1][columns, node]
            self._add_nearest(expected[rows, node], found[columns, node], of_node)

    def _add_nearest(self, expected: Floats, found: Floats, scores: tuple[Floats, Floats]) -> None:
        """Pair points (n, 2) and (m, 2) one to one at the least total distance."""
        distance = np.linalg.norm(expected[:, None] - found[None], axis=-1)
        rows, columns = linear_sum_assignment(np.minimum(distance, self.same_px))
        same = distance[rows, columns] < self.same_px
        self.px += distance[rows, columns][same].tolist()
        self.score += np.abs(scores[0][rows] - scores[1][columns])[same].tolist()
        self.n_points += len(expected)
        self.n_lost += len(expected) - int(same.sum())
        self.n_extra += len(found) - int(same.sum())

    @property
    def p99_px(self) -> float:
        return float(np.percentile(self.px, 99)) if self.px else 0.0

    def certificate(self, frames: str, n_frames: int, poses: PoseLoss | None = None) -> Certificate:
        """The differences as a certificate.

        Args:
            frames: what was compared, in words.
            n_frames: how many frames.
            poses: differences of whole poses, for int8.
        """
        return Certificate(
            frames=frames,
            n_frames=n_frames,
            n_instances=self.n_instances,
            n_lost=self.n_lost,
            n_extra=self.n_extra,
            max_px=float(np.max(self.px, initial=0)),
            p99_px=self.p99_px,
            max_score=float(np.max(self.score, initial=0)),
            max_map=float(np.max(self.maps, initial=0)),
            poses=poses,
        )


def is_there(points: AnyFloats) -> Bools:
    """(..., 2) to (...): which points are found."""
    there: Bools = ~np.isnan(points[..., 0])
    return there
