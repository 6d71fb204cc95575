"""How many frames fit into a batch."""

from collections.abc import Sequence

from sleap_rt.contract import GraphContract
from sleap_rt.options import USUAL_BATCH_SIZE

_LARGEST = 2 * USUAL_BATCH_SIZE
_SHARE = 4  # of the free memory, one part
# Bytes per px: of the network's input, for its layers; of the frame, for conversions around it. No
# less than ONNX Runtime and MNN took for the samples' models and others, at 768 x 1024 px.
_PER_INPUT_PX, _PER_FRAME_PX = 400, 44


def batch_sizes(
    contracts: Sequence[GraphContract], frame_shape: Sequence[int], free: int | None
) -> tuple[int, ...]:
    """Sizes of batches worth trying, of those that fit; the usual one or what is nearest first.

    Args:
        contracts: of the models.
        frame_shape: (height, width, channels).
        free: bytes of memory; None where that is unknown, and anything fits.
    """
    most = _LARGEST
    if free is not None:
        most = max(1, int(free / _SHARE / bytes_per_frame(contracts, frame_shape)))
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
