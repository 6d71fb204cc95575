"""Frames to compare two programs on."""

import numpy as np

from sleap_rt.arrays import Doubles, Floats, Image
from sleap_rt.contract import Preprocessing

SEED = 20240229
N_CENTERS = 6  # crops per frame
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
