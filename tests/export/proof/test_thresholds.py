"""Thresholds that certificates are made with."""

import numpy as np
import pytest

from sleap_rt.export.proof.thresholds import clear_threshold
from sleap_rt.models.reference.plain_peaks import maxima


@pytest.mark.parametrize("n_nodes", [1, 3])
def test_noise_is_compared_where_its_peaks_are_few(n_nodes):
    maps = np.random.default_rng(4).random((n_nodes, 128, 128), np.float32)
    maps[-1] /= 2  # one node's peaks all lie below the others'
    threshold = clear_threshold(maps[None], "bottomup")
    counts = [len(maxima(confmap, threshold)) for confmap in maps]
    assert 100 < max(counts) <= 200
