"""One small frame and what the checkpoint finds in it, stored in an exported file.

`sleap-nn verify` replays it on the user's own engine and device. It is kept apart from the
contract, since nothing else needs it: a second JSON string in the file's metadata, under
`SAMPLE_KEY`.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sleap_rt.errors import ModelError

SAMPLE_KEY = "sleap_rt_sample"
_VERSION = 1

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A frame, how to look at it, and what is there to be found.

    Attributes:
        frame: (height, width, channels) uint8.
        peak_threshold: confidence; placed where the frame's peaks are clearly above or below.
        centers: (n, 2) float32, (x, y) frame px, for models that see crops; None for others.
        points: (n, n_nodes, 2) float32, (x, y) frame px, NaN where a node is missing.
        point_scores: (n, n_nodes) float32.
    """

    frame: NDArray[np.uint8]
    peak_threshold: float
    centers: Floats | None
    points: Floats
    point_scores: Floats

    def to_json(self) -> str:
        import cv2

        png = cv2.imencode(".png", self.frame, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1]
        return json.dumps(
            {
                "version": _VERSION,
                "frame_png": base64.b64encode(png.tobytes()).decode("ascii"),
                "peak_threshold": self.peak_threshold,
                "centers": None if self.centers is None else _to_lists(self.centers),
                "points": _to_lists(self.points),
                "point_scores": _to_lists(self.point_scores),
            },
            separators=(",", ":"),
            allow_nan=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a sample back.

        Raises:
            ModelError: the text is no sample of this version.
        """
        import cv2

        try:
            found = json.loads(text)
            if found["version"] != _VERSION:
                raise ValueError(f"it has version {found['version']}, not {_VERSION}")
            png = np.frombuffer(base64.b64decode(found["frame_png"], validate=True), np.uint8)
            frame = cv2.imdecode(png, cv2.IMREAD_UNCHANGED)
            if frame is None:
                raise ValueError("its frame is no image")
            centers = found["centers"]
            points, scores = _to_array(found["points"]), _to_array(found["point_scores"])
            if points.shape != (*scores.shape, 2):
                raise ValueError(f"{points.shape} points have {scores.shape} scores")
            return cls(
                frame=frame.reshape(*frame.shape[:2], -1).astype(np.uint8),
                peak_threshold=float(found["peak_threshold"]),
                centers=None if centers is None else _to_array(centers),
                points=points,
                point_scores=scores,
            )
        except (KeyError, TypeError, ValueError, cv2.error) as error:
            raise ModelError(
                f"the sample stored in the file is damaged or of another version ({error}). Export "
                "the model again."
            ) from error


def _to_lists(array: Floats) -> Any:
    """Nested lists, NaN as null; float32 values survive the way through decimal digits."""
    values = array.astype(object)
    values[np.isnan(array)] = None
    return values.tolist()


def _to_array(lists: Any) -> Floats:
    return np.array(lists, dtype=np.float32)  # null becomes NaN
