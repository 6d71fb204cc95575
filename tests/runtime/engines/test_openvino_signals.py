"""Signals while OpenVINO's engines come and go: it sets the stack that they are handled on."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

CLOSED_IN_THE_ORDER_THEY_CAME = """
import gc, signal, sys
from pathlib import Path
import numpy as np
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines.openvino import OpenVinoEngine

signal.signal(signal.SIGUSR1, lambda *_: print("handled"))
options = EngineOptions(engine="openvino", device="cpu")
first, second = (OpenVinoEngine(Path(sys.argv[1]), options) for _ in range(2))
feed = {one.name: np.zeros([size or 1 for size in one.shape], one.dtype) for one in first.inputs}
feed["frames"] = np.zeros((1, 64, 64, 1), np.uint8)
for engine in (first, second):
    engine.run(feed)
engine = None
first = first.close()
gc.collect()
second = second.close()
gc.collect()
signal.raise_signal(signal.SIGUSR1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no such signals here")
@pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is not installed")
def test_a_signal_is_handled_after_engines_were_closed(sample_graphs):
    (graph,) = sample_graphs("single_instance")
    words = [sys.executable, "-c", CLOSED_IN_THE_ORDER_THEY_CAME, graph]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "handled\n"), done.stderr
