"""Reductions: from the scores of a track's candidates to one score of the track."""

from collections.abc import Callable

import numpy as np

from sleap_rt.arrays import AnyFloats


def mean(scores: AnyFloats, *, is_whole: bool | None = None) -> AnyFloats:
    """Mean of the finite scores: (n, n_tracks, window) -> (n, n_tracks), NaN if none is finite.

    Args:
        scores: NaN where there is none.
        is_whole: all are finite, of these and of those that they were chosen from: sums differ in
            their last bits where some are left out. None looks at these.
    """
    known = None if is_whole else ~np.isnan(scores)
    if known is None or (is_whole is None and known.all() and scores.shape[-1]):
        plain: AnyFloats = np.add.reduce(scores, axis=-1) / scores.shape[-1]
        return plain
    n_known = known.sum(axis=-1, dtype=float)
    n_known[n_known == 0] = np.nan
    average: AnyFloats = np.sum(scores, axis=-1, where=known) / n_known
    return average


def maximum(scores: AnyFloats) -> AnyFloats:
    """Largest finite score: (n, n_tracks, window) -> (n, n_tracks), NaN if none is finite."""
    best: AnyFloats = np.fmax.reduce(scores, axis=2)
    return best


def robust_quantile(scores: AnyFloats, *, quantile: float) -> AnyFloats:
    """Linearly interpolated quantile of the finite scores; NaN if none is finite."""
    ordered = np.sort(scores, axis=2)  # NaN last
    n_known = np.count_nonzero(~np.isnan(scores), axis=2)
    position = quantile * np.maximum(n_known - 1, 0)
    lower = np.floor(position).astype(np.intp)
    upper = np.minimum(lower + 1, np.maximum(n_known - 1, 0))
    below = np.take_along_axis(ordered, lower[..., None], axis=2)[..., 0]
    above = np.take_along_axis(ordered, upper[..., None], axis=2)[..., 0]
    value: AnyFloats = below + (above - below) * (position - lower)
    return value


def open_reduction(name: str, *, quantile: float) -> Callable[[AnyFloats], AnyFloats]:
    """The reduction of that name (`TrackerOptions.scoring_reduction`)."""
    if name == "robust_quantile":
        return lambda scores: robust_quantile(scores, quantile=quantile)
    return {"mean": mean, "max": maximum}[name]
