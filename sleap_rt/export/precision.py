"""Networks in half precision; pre-processing and decoding around them stay float32.

The certificate of such a graph counts instances instead of demanding that each is found: a peak
that stands above the threshold, or above its neighbour, by less than half precision can tell may go
either way. ONNX Runtime rounds to float16 between operators on a CPU too, so what is measured there
is what half precision costs.
"""

from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from torch import nn

from sleap_rt.contract import CROP_KINDS, Certificate
from sleap_rt.errors import ModelError
from sleap_rt.export.certificate import CPU, Oracle, describe_frames, synthetic_frames
from sleap_rt.export.sample import look_at_crops, look_at_frame
from sleap_rt.runtime.verify import TOLERANCES, compare_instances, replay

_SEED = 20240229
_TOLERANCE = TOLERANCES["fp16"]
_LARGEST_LOSS = 0.1  # of the instances, lost or made up


class HalfNetwork(nn.Module):
    """A network computed in float16: float32 image in, float32 outputs out.

    Args:
        network: float32; it is copied, not changed.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = deepcopy(network).half()

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        outputs: dict[str, torch.Tensor] = self.network(image.half())
        return {name: output.float() for name, output in outputs.items()}


def certify_half(oracle: Oracle, path: Path) -> Certificate:
    """Compare a graph in half precision with the checkpoint pipeline in float32.

    Args:
        oracle: the pipeline of the trained model.
        path: the graph exported from it.

    Raises:
        ModelError: points move by more than half precision may, or more than a tenth of the
            instances is lost or made up.
    """
    frames = synthetic_frames(oracle.preprocessing)
    rng = np.random.default_rng(_SEED)
    look = look_at_crops if oracle.kind in CROP_KINDS else look_at_frame
    px: list[float] = []
    scores: list[float] = []
    n_expected = n_lost = n_extra = 0
    for frame in frames:
        sample = look(oracle, frame, rng)
        points, point_scores, _ = replay(path, sample, CPU)
        found = compare_instances(sample.points, sample.point_scores, points, point_scores)
        px += found.px.tolist()
        scores.append(found.max_score)
        n_expected += found.n_expected
        n_lost += found.n_lost
        n_extra += found.n_extra
    certificate = Certificate(
        frames=describe_frames(frames),
        n_frames=len(frames),
        n_instances=n_expected,
        max_px=float(np.max(px, initial=0)),
        p99_px=float(np.percentile(px, 99)) if px else 0.0,
        max_score=float(np.max(scores, initial=0)),
        max_map=0.0,
        n_lost=n_lost,
        n_extra=n_extra,
    )
    few = n_lost + n_extra <= _LARGEST_LOSS * n_expected
    if not (certificate.p99_px <= _TOLERANCE.p99_px and few):
        raise ModelError(
            "the network loses too much in half precision: 1 in 100 points moves by "
            f"{certificate.p99_px:.2f} px or more (allowed {_TOLERANCE.p99_px}), of {n_expected} "
            f"instances {n_lost} are lost and {n_extra} made up (allowed a tenth). "
            "Export it with `--precision fp32`."
        )
    return certificate
