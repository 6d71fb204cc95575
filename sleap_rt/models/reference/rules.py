"""What differs between models of sleap-nn and of SLEAP 1.4 and older, behind one protocol."""

from typing import Any, NamedTuple, Protocol

import numpy as np
import torch

from sleap_rt.arrays import Floats, Image
from sleap_rt.contract import Decoding, Preprocessing
from sleap_rt.models.reference.peaks import Peak
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
    """How a family of models prepares frames and reads its networks' outputs.

    `outputs` are those of one image: name -> (channels, rows, columns).
    """

    def frame(self, image: Image, spec: Preprocessing) -> PreparedFrame:
        """A whole frame to the network's input."""
        ...

    def crops(self, image: Image, centers: Floats, spec: Preprocessing) -> PreparedCrops:
        """The crops around centres, (n, 2) frame px, to the network's input."""
        ...

    def global_peaks(
        self, outputs: dict[str, Floats], decoding: Decoding, options: DecodeOptions
    ) -> list[Peak]:
        """The one peak of each map; its position is NaN below the threshold."""
        ...

    def local_peaks(
        self,
        outputs: dict[str, Floats],
        decoding: Decoding,
        options: DecodeOptions,
        threshold: float,
    ) -> list[list[Peak]]:
        """All peaks of each map above the threshold, in raster order."""
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
