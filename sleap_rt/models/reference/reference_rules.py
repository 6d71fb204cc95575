"""What the two families do differently, behind one protocol, and reading maps of peaks by it.

`native.py` and `legacy.py` implement `ReferenceRules`; `highest_peaks` and `all_peaks` are what
the pipeline asks of either.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np
import torch

from sleap_rt.arrays import Floats, Image
from sleap_rt.contract import Decoding, Preprocessing
from sleap_rt.models.reference.plain_peaks import Map, Peak, refined, shifted
from sleap_rt.options import DecodeOptions


class SizedFrame(NamedTuple):
    """A frame at the size that a model wants, ahead of its scale.

    Attributes:
        image: (height, width, channels) uint8, or float32, which nothing rounds.
        eff_scale: sized px per frame px.
    """

    image: Any
    eff_scale: np.float32


class PreparedFrame(NamedTuple):
    """A whole frame as a network's input.

    Attributes:
        image: (1, in_channels, height, width) float32 in [0, 1].
        eff_scale: sized px per frame px.
    """

    image: torch.Tensor
    eff_scale: np.float32


class PreparedCrops(NamedTuple):
    """Crops of one frame as a network's input.

    Attributes:
        image: (n, in_channels, height, width) float32 in [0, 1].
        corners: (n, 2) float32, (x, y) sized px; for native `crop_unit` "scaled" scaled px.
        eff_scale: sized px per frame px.
    """

    image: torch.Tensor
    corners: Floats
    eff_scale: np.float32


class ReferenceRules(Protocol):
    """How a family of models prepares frames and reads its networks' outputs."""

    def frame(self, image: Image, spec: Preprocessing) -> PreparedFrame:
        """A whole frame to the network's input."""
        ...

    def crops(self, image: Image, centers: Floats, spec: Preprocessing) -> PreparedCrops:
        """The crops around centers, (n, 2) frame px, to the network's input."""
        ...

    def highest(self, confmap: Map) -> Peak:
        """The highest place of a map."""
        ...

    def missing(self, peak: Peak) -> Peak:
        """What becomes of the highest place where its value is below the threshold."""
        ...

    def maxima(self, confmap: Map, threshold: float) -> list[Peak]:
        """All peaks of a map above the threshold, in raster order, not refined."""
        ...

    def points(self, pixels: Floats, eff_scale: np.float32, spec: Preprocessing) -> Floats:
        """Network-input px, (..., 2), to frame px."""
        ...

    def points_of_crops(self, pixels: Floats, crops: PreparedCrops, spec: Preprocessing) -> Floats:
        """Network-input px of crops, (n, n_nodes, 2), to frame px."""
        ...

    def named_crops(self, class_probs: Floats) -> list[tuple[int, int]]:
        """(crop, class or -1) of the crops that stay, in order; from (n, n_classes)."""
        ...


def highest_peaks(
    rules: ReferenceRules, outputs: dict[str, Floats], decoding: Decoding, options: DecodeOptions
) -> list[Peak]:
    """The one peak of each map of one image; a value equal to the threshold counts."""
    found = []
    for node, confmap in enumerate(outputs["confmaps"]):
        peak = rules.highest(confmap)
        if np.float32(peak.value) < np.float32(options.peak_threshold):
            found.append(rules.missing(peak))
        else:
            found.append(_refined(peak, node, outputs, decoding, options))
    return found


def all_peaks(
    rules: ReferenceRules,
    outputs: dict[str, Floats],
    decoding: Decoding,
    options: DecodeOptions,
    threshold: float,
) -> list[list[Peak]]:
    """All peaks of each map of one image above the threshold, in raster order."""
    return [
        [
            _refined(peak, node, outputs, decoding, options)
            for peak in rules.maxima(confmap, threshold)
        ]
        for node, confmap in enumerate(outputs["confmaps"])
    ]


def _refined(
    peak: Peak, node: int, outputs: dict[str, Floats], decoding: Decoding, options: DecodeOptions
) -> Peak:
    if "offsets" in outputs:  # the network refines, whatever the options say
        return shifted(outputs["offsets"], node, peak)
    if options.integral_refinement == "integral":
        return refined(outputs["confmaps"][node], peak, decoding.integral_patch_size)
    return peak
