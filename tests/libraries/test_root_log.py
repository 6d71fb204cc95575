"""The root logger stays as the user's program has it."""

import logging

import numpy as np
import pytest

from sleap_rt.export.precision.quantize import quantized


@pytest.mark.parametrize("handlers", [[], [logging.NullHandler()]])
def test_quantizing_leaves_the_root_logger_as_it_was(sample_graphs, monkeypatch, capfd, handlers):
    root = logging.root
    monkeypatch.setattr(root, "handlers", list(handlers))
    before = root.level, list(root.filters), root.manager.disable
    (path,) = sample_graphs("bottomup")
    frame = {
        "frames": np.zeros((1, 192, 192, 1), np.uint8),
        "peak_threshold": np.array(0.2, np.float32),
        "integral_refinement": np.array(1, np.float32),
        "slots": np.zeros(16, np.float32),
        "max_edge_length_ratio": np.array(0.25, np.float32),
        "dist_penalty_weight": np.array(1, np.float32),
    }

    def feeds():
        yield frame
        logging.getLogger("of the user").warning("told meanwhile")

    quantized(path, feeds())
    assert root.handlers == handlers
    assert (root.level, list(root.filters), root.manager.disable) == before
    told = capfd.readouterr().err
    assert ("told meanwhile" in told) == (not handlers)
    assert "pre-process" not in told
