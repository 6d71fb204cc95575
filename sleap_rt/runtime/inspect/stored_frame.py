"""The frame that a graph carries for `verify`, brought to the size of the training."""

from pathlib import Path

import numpy as np

from sleap_rt.arrays import Image
from sleap_rt.runtime.graph_file import read_graph_file
from sleap_rt.runtime.inspect.verify import read_sample

_DEFAULT_SIDE = 512  # px, for models whose training size is not fixed


def training_frame(graph: Path) -> Image:
    """(height, width, channels) uint8. Not noise: animals are found in it, cropped and grouped.

    Raises:
        ModelError: the graph carries no frame.
    """
    spec = read_graph_file(graph).contract.preprocessing
    frame = read_sample(graph).feed["frames"][0]
    wanted = (spec.max_height or _DEFAULT_SIDE, spec.max_width or _DEFAULT_SIDE)
    rows, columns = (
        np.arange(side) * found // side for side, found in zip(wanted, frame.shape, strict=False)
    )
    return np.ascontiguousarray(frame[rows][:, columns])
