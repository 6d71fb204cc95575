"""Top-down poses where the centroid model sees only the first frame of each block of frames.

Behind it, crops are carried: each stands where its animal's pose in the frames ahead lets it expect
the animal. Nothing goes from one block to the next, so that blocks can be predicted apart, in any
order, and side by side.
"""

from collections.abc import Sequence

import numpy as np

from sleap_rt.arrays import Floats
from sleap_rt.errors import OptionError
from sleap_rt.instances import KnownInstances
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.engines import Array
from sleap_rt.runtime.predictors.graph_predictor import GraphPredictor
from sleap_rt.runtime.predictors.ground_truth import anchor_node, instance_centers
from sleap_rt.runtime.predictors.interface import (
    Frames,
    Pending,
    Predictor,
    check_frames,
)
from sleap_rt.runtime.predictors.setup import Setup
from sleap_rt.runtime.predictors.stages import UploadedFrames
from sleap_rt.runtime.predictors.topdown import TopDownPredictor, behind, open_stages

_NOBODY = np.empty((0, 2), np.float32)


class CarriedCrops:
    """The crops of one frame, moved on from frame to frame with the speed that was seen last.

    Args:
        centers: (n, 2) float32, (x, y) frame px, in the first frame.

    Attributes:
        centers: of the crops in the frame that comes next.
    """

    def __init__(self, centers: Floats) -> None:
        self.centers = centers
        self._middles = np.full_like(centers, np.nan)

    def move(self, middles: Floats) -> None:
        """On to the next frame.

        Args:
            middles: (n, 2) float32, (x, y) frame px, of the animals found in the crops; NaN where
                there is none, and the crop stays where it is.
        """
        steps = np.nan_to_num(middles - self._middles)  # 0 where the frame ahead showed no animal
        self.centers = np.where(np.isnan(middles), self.centers, middles + steps)
        self._middles = middles


class CarriedCropsPredictor(GraphPredictor):
    """All animals of each frame; centroids are found in the first of `detect_every` frames."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        last = setup.graphs.last
        self._block_size = setup.decode.detect_every
        self._centroids, self._crops = open_stages(setup)
        self._anchor = anchor_node(last.skeleton, last.anchor_part)
        self._center_method = last.center_method
        self.device = self._crops.device

    def _begin(
        self,
        frames: Frames,
        frame_indices: Sequence[int],
        known: Sequence[KnownInstances] | None,
    ) -> Pending:
        blocks = blocks_of(frame_indices, self._block_size)
        firsts = check_frames(frames)[[block.start for block in blocks]]
        detected = self._centroids.find(self._centroids.upload(firsts))
        carried = [CarriedCrops(here.points) for here in detected]
        outputs = self._outputs(self._crops.upload(frames), blocks, carried)
        ahead = [here for here, block in zip(detected, blocks, strict=True) for _ in block]
        poses = self._crops.poses(frame_indices, outputs, [here.vals for here in ahead])
        return lambda: [behind(here, result) for here, result in zip(ahead, poses(), strict=True)]

    def _outputs(
        self, frames: UploadedFrames, blocks: Sequence[range], carried: Sequence[CarriedCrops]
    ) -> list[dict[str, Array] | None]:
        """What the crop graph gives for each frame: the first of all blocks, the second of all, ...

        Args:
            frames: (batch, height, width, channels) uint8, uploaded.
            blocks: their rows; every row belongs to one.
            carried: the crops in the first frame of each block; they are moved to its end.
        """
        outputs: list[dict[str, Array] | None] = [None] * len(frames)
        for step in range(max(map(len, blocks))):
            crops_at = {
                block[step]: crops
                for block, crops in zip(blocks, carried, strict=True)
                if step < len(block)
            }
            centers = [_NOBODY] * len(frames)
            for row, crops in crops_at.items():
                centers[row] = crops.centers
            found = self._crops.run(frames, centers)
            for row, crops in crops_at.items():
                here = outputs[row] = found[row]
                if here is not None:
                    crops.move(instance_centers(here["peaks"], self._anchor, self._center_method))
        return outputs

    def _close(self) -> None:
        self._centroids.close()
        self._crops.close()


def blocks_of(frame_indices: Sequence[int], size: int) -> list[range]:
    """Rows of a batch in blocks: each begins at a multiple of `size`, or where frames are missing.

    Args:
        frame_indices: of the batch's frames in their video.
        size: frames per block, at most.
    """
    starts = [
        row
        for row, index in enumerate(frame_indices)
        if row == 0 or index % size == 0 or index != frame_indices[row - 1] + 1
    ]
    ends = [*starts[1:], len(frame_indices)]
    return [range(start, end) for start, end in zip(starts, ends, strict=True)]


def check_single_frames(decode: DecodeOptions, what: str) -> None:
    """Refuse `detect_every` where no frame has others beside it.

    Args:
        decode: of the run.
        what: what comes one by one, in words.

    Raises:
        OptionError: as the summary says.
    """
    if decode.detect_every > 1:
        raise OptionError(f"detect_every: no effect with {what}, one frame at a time; leave it out")


def open_topdown(setup: Setup) -> Predictor:
    """The predictor of a pair."""
    if setup.decode.detect_every == 1:
        return TopDownPredictor(setup)
    return CarriedCropsPredictor(setup)
