"""A predictor whose answer is in the picture, so that runs can be tested without an engine."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from sleap_rt.contract import (
    CONTRACT_VERSION,
    Decoding,
    GraphContract,
    Preprocessing,
    Provenance,
)
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.skeleton import Skeleton

SKELETON = Skeleton("blocks", ("head", "tail"), ((0, 1),))


def graph_contract(kind="bottomup", **changed):
    """What a graph that is nowhere says about itself.

    Args:
        kind: of its model.
        **changed: fields of the contract, and of its preprocessing, that are not the usual ones.
    """
    preprocessing = {
        "channels": "as_is",
        "in_channels": 1,
        "max_height": None,
        "max_width": None,
        "input_scale": 1.0,
        "max_stride": 16,
        "crop_size": None,
    }
    for name in Preprocessing.__dataclass_fields__:
        if name in changed:
            preprocessing[name] = changed.pop(name)
    values = {
        "version": CONTRACT_VERSION,
        "family": "native",
        "kind": kind,
        "skeleton": SKELETON,
        "edges": (),
        "class_names": (),
        "anchor_part": None,
        "decoding": Decoding(confmaps_stride=2),
        "precision": "fp32",
        "parts": (),
        "provenance": Provenance(
            weights_sha256="0" * 64,
            config_sha256="0" * 64,
            trained_with="hand",
            exported_with="hand",
            backbone="unet",
        ),
        "certificate": None,
    }
    return GraphContract(**{**values, "preprocessing": Preprocessing(**preprocessing), **changed})


class AllAtOnce:
    """A predictor that leaves nothing to do after its engine, which is `predict`."""

    predict: Callable
    threads = 1

    def begin(self, frames, frame_indices, known=None):
        found = self.predict(frames, frame_indices, known)
        return lambda: found


class BrightBlocks(AllAtOnce):
    """One animal of two nodes per frame, placed by the frame's pixels, and a weak double of it.

    Args:
        fail_at: number of the call that stops the run.
        error: raised then.
    """

    skeleton = SKELETON
    needs_instances = False
    device = "cpu"

    def __init__(self, fail_at=None, error=None, class_names=()):
        self.models = GraphSet((graph_contract(),), (Path("blocks.onnx"),))
        self.class_names = tuple(class_names)
        self.calls = []
        self._fail_at, self._error = fail_at, error

    def predict(self, frames, frame_indices, known=None):
        if len(self.calls) == self._fail_at:
            raise self._error
        self.calls.append(list(frame_indices))
        # Sums over the batch, so that a result depends on the batch it was computed in.
        shift = float(frames.mean()) % 1
        return [self._frame(int(index), shift) for index in frame_indices]

    def _frame(self, index, shift):
        pose = np.array([(index + shift, 5), (index + shift + 20, 30)], np.float32)
        points = np.array([pose, pose + 1])
        if index % 5 == 4:
            points = points[:0]  # nobody there
        n = len(points)
        found = FrameInstances.untracked(
            frame_index=index,
            points=points,
            point_scores=np.full((n, 2), 0.9, np.float32),
            scores=np.array([0.9, 0.3], np.float32)[:n],
        )
        if self.class_names:
            found.track_ids[:] = np.arange(n)[::-1]
            found.tracking_scores[:] = 0.5
        return found

    def close(self):
        pass
