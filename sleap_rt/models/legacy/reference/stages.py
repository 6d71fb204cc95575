"""What one network finds: peaks in a whole frame, points in the crops of a frame.

Two constants of the original are part of its result: where the input is scaled, 0.5 px is added;
and every coordinate found in a crop is 0.5 / scale px too small.
"""

from typing import NamedTuple

import numpy as np
import torch

from sleap_rt.models.legacy.model import LegacyModel
from sleap_rt.models.legacy.reference.crops import cut_crops, scaled_frame
from sleap_rt.models.legacy.reference.frames import Float, UInt8, network_input, to_channels
from sleap_rt.models.legacy.reference.peaks import Peaks, global_peaks, local_peaks, refine


class FramePeaks(NamedTuple):
    """Peaks that a model of whole frames finds in one frame.

    Attributes:
        peaks: as found, in the original's order.
        points_input: (n, 2) refined, network-input px.
        points: (n, 2) refined, px of the image.
        outputs: of the network: (channels, rows, columns).
    """

    peaks: Peaks
    points_input: Float
    points: Float
    outputs: dict[str, Float]


class CropPoints(NamedTuple):
    """What an instance model finds in the crops of one frame.

    Attributes:
        points: (n, n_nodes, 2) px of the image; NaN below the threshold.
        vals: (n, n_nodes) confidence, also of points below the threshold.
        class_probs: (n, n_classes); n_classes is 0 for models that do not tell identities.
    """

    points: Float
    vals: Float
    class_probs: Float


def run_network(model: LegacyModel, image: Float) -> dict[str, Float]:
    """The network's outputs for (batch, channels, height, width) in [0, 1]."""
    with torch.inference_mode():
        outputs = model.network(torch.from_numpy(image))
    return {name: value.numpy() for name, value in outputs.items()}


def peaks_in_frame(model: LegacyModel, image: UInt8, peak_threshold: float) -> FramePeaks:
    """Find peaks in one image.

    Args:
        model: of whole frames. A single-instance model gives one peak per node, also below the
            threshold; all others give every local peak above it.
        image: (height, width, channels), at the common size.
        peak_threshold: in confidence.
    """
    outputs = {
        name: maps[0] for name, maps in run_network(model, frame_input(model, image)).items()
    }
    return peaks_in_outputs(model, outputs, peak_threshold)


def frame_input(model: LegacyModel, image: UInt8) -> Float:
    """The network's input for one image at the common size: (1, channels, height, width)."""
    prep = model.preprocessing
    return network_input(
        to_channels(image, prep.in_channels),
        input_scale=prep.input_scale,
        pad_stride=prep.pad_stride,
    )


def peaks_in_outputs(
    model: LegacyModel, outputs: dict[str, Float], peak_threshold: float
) -> FramePeaks:
    """Find peaks in what the network gave for one image, (channels, rows, columns) each."""
    prep, decoding = model.preprocessing, model.decoding
    confmaps = outputs["confmaps"]
    single = model.kind == "single_instance"
    peaks = global_peaks(confmaps) if single else local_peaks(confmaps, peak_threshold)
    cells = refine(
        peaks,
        confmaps,
        outputs.get("offsets"),
        integral_patch_size=decoding.integral_patch_size,
    )
    points_input = cells * np.float32(decoding.confmaps_stride)
    return FramePeaks(peaks, points_input, unscaled(points_input, prep.input_scale), outputs)


def points_in_crops(
    model: LegacyModel, image: UInt8, centroids: Float, peak_threshold: float
) -> CropPoints:
    """Find the nodes of the animals around the given centroids.

    Args:
        model: an instance model.
        image: (height, width, channels), at the common size; a gray one if the model that found
            the centroids takes gray.
        centroids: (n, 2) as (x, y) px of the image.
        peak_threshold: in confidence; a value equal to it is valid.
    """
    n_nodes, n_classes = model.skeleton.n_nodes, len(model.class_names)
    if len(centroids) == 0:
        empty = (np.empty((0, size), np.float32) for size in (n_nodes, n_classes))
        return CropPoints(np.empty((0, n_nodes, 2), np.float32), *empty)
    outputs = run_network(model, crop_inputs(model, image, centroids))
    return points_in_outputs(model, outputs, centroids, peak_threshold)


def crop_inputs(model: LegacyModel, image: UInt8, centroids: Float) -> Float:
    """The network's input for the crops of one image: (n, channels, crop_size, crop_size)."""
    prep, scale = model.preprocessing, np.float32(model.preprocessing.input_scale)
    if prep.crop_size is None:
        raise ValueError(f"a {model.kind} model sees whole frames, not crops")
    crops = cut_crops(scaled_frame(image, prep.input_scale), centroids * scale, prep.crop_size)
    crops = to_channels(crops, prep.in_channels)
    return np.concatenate([network_input(crop, input_scale=1, pad_stride=1) for crop in crops])


def points_in_outputs(
    model: LegacyModel, outputs: dict[str, Float], centroids: Float, peak_threshold: float
) -> CropPoints:
    """Find the nodes in what the network gave for crops around centroids."""
    prep, decoding, n = model.preprocessing, model.decoding, len(centroids)
    n_nodes, scale = model.skeleton.n_nodes, np.float32(prep.input_scale)
    points, vals = np.empty((n, n_nodes, 2), np.float32), np.empty((n, n_nodes), np.float32)
    for crop, confmaps in enumerate(outputs["confmaps"]):
        offsets = outputs["offsets"][crop] if decoding.offsets else None
        peaks = global_peaks(confmaps)
        cells = refine(peaks, confmaps, offsets, integral_patch_size=decoding.integral_patch_size)
        points[crop] = unscaled(cells * np.float32(decoding.confmaps_stride), prep.input_scale)
        vals[crop] = peaks.vals
    # Crop pixel 0 truly lies at (crop_size - 1) / 2 from the centroid; the original subtracts this.
    corners = centroids - np.float32((prep.crop_size or 0) / 2) / scale
    points += corners[:, None]
    points[vals < np.float32(peak_threshold)] = np.nan
    return CropPoints(points, vals, outputs.get("class_probs", np.empty((n, 0), np.float32)))


def unscaled(points_input: Float, input_scale: float) -> Float:
    """Network-input px to px of the image, with the constant that the original adds."""
    if input_scale == 1:
        return points_input
    points: Float = points_input / np.float32(input_scale) + np.float32(0.5)
    return points
