"""What differs between models of sleap-nn and of SLEAP 1.4 and older, behind one protocol."""

from typing import NamedTuple, Protocol

from sleap_rt.contract import Preprocessing
from sleap_rt.export.graph.part import Op, Value
from sleap_rt.export.graph.points.peaks import GlobalPeaks, LocalPeaks


class Sized(NamedTuple):
    """Whole frames, ready for a network.

    Attributes:
        image: (batch, in_channels, height, width) float32.
        eff_scale: () float32, sized px per frame px.
    """

    image: Value
    eff_scale: Value


class Cropped(NamedTuple):
    """Crops, ready for a network.

    Attributes:
        image: (n, in_channels, height, width) float32.
        corner: (n, 2) float32, (x, y) sized px; for native `crop_unit` "scaled" scaled px.
        eff_scale: () float32, sized px per frame px.
    """

    image: Value
    corner: Value
    eff_scale: Value


class Rules(Protocol):
    """How a family of models prepares frames and reads its networks' outputs.

    `spec` is the model's pre-processing; `frames` are (batch, height, width, channels), bytes that
    may stand as floats.
    """

    def image(self, op: Op, frames: Value, spec: Preprocessing) -> Sized:
        """Whole frames to the network's input."""
        ...

    def crops(
        self, op: Op, frames: Value, centers: Value, frame_index: Value, spec: Preprocessing
    ) -> Cropped:
        """The crop around each center, (n, 2) frame px, in the frame of that index, (n,)."""
        ...

    def crop_input_size(self, spec: Preprocessing) -> tuple[int, int] | None:
        """(height, width) px of the network's input for a crop; None for models of frames."""
        ...

    def global_peaks(
        self,
        op: Op,
        confmaps: Value,
        offsets: Value | None,
        threshold: Value,
        refine: Value,
        *,
        patch_size: int,
    ) -> GlobalPeaks:
        """The one peak of each map; see `legacy_peaks.global_peaks`."""
        ...

    def local_peaks(
        self,
        op: Op,
        confmaps: Value,
        offsets: Value | None,
        threshold: Value,
        refine: Value,
        n_slots: Value,
        *,
        patch_size: int,
    ) -> LocalPeaks:
        """All peaks of each map; see `legacy_peaks.local_peaks`."""
        ...

    def points(self, op: Op, pixels: Value, eff_scale: Value, spec: Preprocessing) -> Value:
        """Network-input px, (..., 2), to frame px."""
        ...

    def points_of_crops(
        self, op: Op, pixels: Value, corner: Value, eff_scale: Value, spec: Preprocessing
    ) -> Value:
        """Network-input px of crops, (n, n_nodes, 2), to frame px."""
        ...
