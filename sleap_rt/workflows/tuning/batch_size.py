"""How many frames fit into a batch, and how many batches into memory."""

import math
from collections.abc import Sequence

from sleap_rt.contract import GraphContract
from sleap_rt.options import USUAL_BATCH_SIZE

_LARGEST = 2 * USUAL_BATCH_SIZE
_SHARE = 4  # of the free memory, one part
# Bytes per px: of the network's input, for its layers; of the frame, for conversions around it. No
# less than ONNX Runtime and MNN took for the samples' models and others, at 768 x 1024 px.
_PER_INPUT_PX, _PER_FRAME_PX = 400, 44


def frames_that_fit(
    contracts: Sequence[GraphContract], frame_shape: Sequence[int], free: int | None
) -> float:
    """How many frames may be computed at once, in all batches together.

    Args:
        contracts: of the models.
        frame_shape: (height, width, channels).
        free: bytes of memory; None where that is unknown, and anything fits.
    """
    return math.inf if free is None else free / _SHARE / bytes_per_frame(contracts, frame_shape)


def batch_sizes(fitting: float) -> tuple[int, ...]:
    """Sizes of batches worth trying; the usual one or what is nearest first.

    Args:
        fitting: how many frames fit into each batch.
    """
    most = max(1, int(min(fitting, _LARGEST)))
    if most < USUAL_BATCH_SIZE:
        return (most,)
    return tuple(size for size in (USUAL_BATCH_SIZE, 2, _LARGEST) if size <= most)


def bytes_per_frame(contracts: Sequence[GraphContract], frame_shape: Sequence[int]) -> float:
    """Memory that one more frame in a batch takes, at most."""
    height, width, channels = frame_shape
    network = 0.0
    for contract in contracts:
        spec = contract.preprocessing
        if spec.crop_size is None:
            sized = (spec.max_height or height) * (spec.max_width or width)
            network = max(network, sized * spec.input_scale**2)
    return _PER_INPUT_PX * network + _PER_FRAME_PX * height * width * channels
