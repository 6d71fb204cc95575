"""A predictor whose answer is in the picture, so that runs can be tested without an engine."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np

from sleap_rt.instances import FrameInstances
from sleap_rt.skeleton import Skeleton


class BrightBlocks:
    """One animal of two nodes per frame, placed by the frame's pixels, and a weak double of it.

    Args:
        fail_at: number of the call that stops the run.
        error: raised then.
    """

    skeleton = Skeleton("blocks", ("head", "tail"), ((0, 1),))
    needs_instances = False
    device = "cpu"

    def __init__(self, fail_at=None, error=None, class_names=()):
        contract = SimpleNamespace(
            kind="bottomup",
            anchor_part=None,
            precision="fp32",
            preprocessing=SimpleNamespace(fit_largest=False),
            to_json=lambda: "{}",
            provenance=SimpleNamespace(weights_sha256="0" * 64),
        )
        self.files = (SimpleNamespace(path=Path("blocks.onnx"), contract=contract),)
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
