"""Square crops around fractional centres, as the original cut them."""

import numpy as np

from sleap_rt.arrays import Floats, Image
from sleap_rt.models.legacy.reference.frames import resize, scaled_size


def scaled_frame(image: Image, input_scale: float) -> Image:
    """The frame that crops are cut from: scaled as the network's input, truncated to bytes.

    Args:
        image: (height, width, channels).
        input_scale: of the model that sees the crops.
    """
    if input_scale == 1:
        return image
    size = scaled_size(image.shape[0], image.shape[1], input_scale)
    return resize(image.astype(np.float32), size).astype(np.uint8)


def cut_crops(image: Image, centers: Floats, crop_size: int) -> Image:
    """Sample a square around each centre, bilinear between pixels.

    Pixel i of a crop lies at centre - (crop_size - 1) / 2 + i. A pixel that lies outside the image,
    even by a fraction, is 0 at once: nothing is blended towards 0.

    Args:
        image: (height, width, channels).
        centers: (n, 2) as (x, y) px of `image`; finite.
        crop_size: side of the crops, px.

    Returns:
        (n, crop_size, crop_size, channels), truncated to bytes.
    """
    crops = np.zeros((len(centers), crop_size, crop_size, image.shape[2]), np.uint8)
    for crop, (x, y) in zip(crops, centers, strict=True):
        offsets = np.arange(crop_size, dtype=np.float32) - np.float32((crop_size - 1) / 2)
        crop[:] = _sample(image, xs=x + offsets, ys=y + offsets)
    return crops


def _sample(image: Image, *, xs: Floats, ys: Floats) -> Image:
    """The image at the grid of `ys` by `xs`: (len(ys), len(xs), channels)."""
    height, width = image.shape[:2]
    pixels = image.astype(np.float32)
    left, right, across = _between(xs, width)
    top, bottom, down = _between(ys, height)
    across, down = across[None, :, None], down[:, None, None]
    upper = pixels[top][:, left] + (pixels[top][:, right] - pixels[top][:, left]) * across
    lower = pixels[bottom][:, left] + (pixels[bottom][:, right] - pixels[bottom][:, left]) * across
    inside = ((ys >= 0) & (ys <= height - 1))[:, None] & ((xs >= 0) & (xs <= width - 1))[None]
    return np.where(inside[..., None], upper + (lower - upper) * down, 0).astype(np.uint8)


def _between(at: Floats, length: int) -> tuple[np.ndarray, np.ndarray, Floats]:
    low = np.floor(at)
    first = np.clip(low, 0, length - 1).astype(np.int64)
    second = np.clip(np.ceil(at), 0, length - 1).astype(np.int64)
    return first, second, (at - low).astype(np.float32)
