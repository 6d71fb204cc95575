import numpy as np
import pytest

from sleap_rt.errors import EngineError
from sleap_rt.runtime.engines import TensorSpec
from sleap_rt.runtime.engines.tensorrt.gpu.feeds import checked_feed

INPUTS = (
    TensorSpec("frames", np.dtype(np.uint8), (None, None, None, 1)),
    TensorSpec("peak_threshold", np.dtype(np.float32), ()),
)
OUTPUTS = (TensorSpec("peaks", np.dtype(np.float32), (None, 2)),)
FRAMES = np.zeros((2, 4, 5, 1), np.uint8)
THRESHOLD = np.array(0.2, np.float32)


def test_inputs_come_in_the_graphs_order_and_contiguous() -> None:
    feed = {"peak_threshold": THRESHOLD, "frames": FRAMES[:, :, ::2]}
    found = checked_feed(INPUTS, OUTPUTS, feed, ["peaks"], "trt on cuda:0")
    assert list(found) == ["frames", "peak_threshold"]
    assert found["frames"].flags.c_contiguous


def test_an_input_that_does_not_fit_is_refused() -> None:
    feed = {"frames": FRAMES.astype(np.float32), "peak_threshold": THRESHOLD}
    with pytest.raises(EngineError, match="takes uint8"):
        checked_feed(INPUTS, OUTPUTS, feed, [], "trt on cuda:0")


def test_an_output_that_is_not_there_is_refused() -> None:
    feed = {"frames": FRAMES, "peak_threshold": THRESHOLD}
    with pytest.raises(EngineError, match="no output pafs; it has peaks"):
        checked_feed(INPUTS, OUTPUTS, feed, ["peaks", "pafs"], "trt on cuda:0")
