"""Frames to compare two programs on, and thresholds that no peak's value is close to."""

import numpy as np

from sleap_rt.arrays import AnyFloats, Doubles, Floats, Image
from sleap_rt.contract import Preprocessing
from sleap_rt.kinds import KINDS, ModelKind
from sleap_rt.models.reference.plain_peaks import maxima
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import certifying_engine

SEED = 20240229
N_CENTERS = 6  # crops per frame
CPU = EngineOptions(engine=certifying_engine(), device="cpu")
_MAX_PEAKS = 200  # of a node in one frame
_DEFAULT_SIDE = 256  # px, for models whose training size is not fixed


def synthetic_frames(spec: Preprocessing) -> list[Image]:
    """Textured frames with dark and bright blobs: of training size, larger, and smaller.

    Returns:
        (height, width, channels) uint8 each; with as many channels as the network takes.
    """
    rng = np.random.default_rng(SEED)
    height, width = spec.max_height or _DEFAULT_SIDE, spec.max_width or _DEFAULT_SIDE
    sizes = [
        (height, width),
        (height * 5 // 4 + 3, width + 7),
        (height * 3 // 4 + 1, width * 2 // 3),
    ]
    return [draw_frame(rng, size, spec.in_channels) for size in sizes]


def draw_frame(rng: np.random.Generator, size: tuple[int, int], channels: int) -> Image:
    """One such frame, (*size, channels)."""
    height, width = size
    coarse = rng.normal(128, 30, (height // 16 + 2, width // 16 + 2, channels))
    image = np.einsum(
        "yi,xj,ijc->yxc",
        _cubic(len(coarse), height),
        _cubic(coarse.shape[1], width),
        coarse,
        optimize=True,
    )
    image += rng.normal(0, 6, (height, width, channels))
    y, x = np.mgrid[:height, :width]
    for _ in range(8):
        cx, cy = rng.uniform(0.1, 0.9, 2) * (width, height)
        long, short = rng.uniform(12, 40), rng.uniform(5, 14)
        angle = rng.uniform(0, np.pi)
        u = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)
        v = (y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)
        blob = np.exp(-((u / long) ** 2 + (v / short) ** 2))
        image += (rng.choice([-110, 110]) * blob)[..., None]
    frame: Image = np.clip(image, 0, 255).astype(np.uint8)
    return frame


def _cubic(n: int, n_wanted: int) -> Doubles:
    """(n_wanted, n) weights that enlarge `n` values, by the cubic convolution that OpenCV uses."""
    places = (np.arange(n_wanted) + 0.5) * n / n_wanted - 0.5
    weights = np.zeros((n_wanted, n))
    for step in range(-1, 3):
        source = np.floor(places).astype(int) + step
        gap, a = np.abs(places - source), -0.75
        near = ((a + 2) * gap - (a + 3)) * gap**2 + 1
        far = ((gap - 5) * gap + 8) * gap * a - 4 * a
        weight = np.where(gap <= 1, near, far)
        np.add.at(weights, (np.arange(n_wanted), np.clip(source, 0, n - 1)), weight)
    return weights


def random_centers(frame: Image) -> Floats:
    """(N_CENTERS, 2) float32, (x, y) px; some lie beside the frame."""
    side = np.array([frame.shape[1], frame.shape[0]])
    drawn = np.random.default_rng(SEED).uniform(-0.05, 1.05, (N_CENTERS, 2))
    centers: Floats = (drawn * side).astype(np.float32)
    return centers


def in_words(frames: list[Image]) -> str:
    """The frames, as a certificate names them."""
    sizes = ", ".join(f"{frame.shape[1]}x{frame.shape[0]}" for frame in frames)
    return f"synthetic, seed {SEED}, {sizes} px"


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
