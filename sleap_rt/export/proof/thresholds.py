"""Thresholds that no peak's value is close to, so that float noise decides nothing."""

import numpy as np

from sleap_rt.arrays import AnyFloats, Floats
from sleap_rt.kinds import KINDS, ModelKind
from sleap_rt.models.reference.plain_peaks import maxima

_MAX_PEAKS = 200  # of a node in one frame


def clear_threshold(confmaps: Floats, kind: ModelKind) -> float:
    """A threshold that the peaks are clearly above or below.

    Args:
        confmaps: (n, n_nodes, rows, columns); of one frame, or of the crops of one.
        kind: of the model.
    """
    if not KINDS[kind].finds_many:
        top = confmaps.max(axis=(2, 3))
        return widest_gap(top, 0.3 * float(top.max()), 0.7 * float(top.max()))
    (maps,) = confmaps
    top = maps.max(axis=(1, 2))
    # Every node should have a peak, so that instances can form. But peaks far below the largest
    # are left out: on maps close to zero, refinement divides by almost nothing and would magnify
    # float noise without bound.
    low = max(0.6 * float(top.min()), 0.1 * float(top.max()))
    high = max(0.95 * float(top.min()), 0.3 * float(top.max()))
    values = [np.array([peak.value for peak in maxima(m, low)]) for m in maps]
    # An undertrained network sees peaks everywhere, and every pair of them would be scored.
    crowded = [np.sort(of_node)[-_MAX_PEAKS] for of_node in values if len(of_node) > _MAX_PEAKS]
    low = max([low, *map(float, crowded)])
    high = max(high, float(np.nextafter(np.float32(low), np.float32(np.inf))))
    return widest_gap(np.concatenate(values), low, high)


def widest_gap(values: AnyFloats, low: float, high: float) -> float:
    """The middle of the widest gap between sorted values, between low and high."""
    if not 0 < low < high:
        return 0.0
    inner = np.sort(values[(values > low) & (values < high)].astype(float))
    edges = np.concatenate([[low], inner, [high]])
    widest = int(np.argmax(np.diff(edges)))
    return float((edges[widest] + edges[widest + 1]) / 2)
