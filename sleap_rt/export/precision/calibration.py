"""Frames of a video or of labels: one half shows a network's ranges, the other what it costs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sleap_rt.arrays import Floats, Image
from sleap_rt.contract import GraphContract
from sleap_rt.errors import DataError
from sleap_rt.export.proof.graph_run import CPU, Feed, feed_of
from sleap_rt.instances import FrameInstances
from sleap_rt.kinds import CROP_KINDS
from sleap_rt.options import CalibrationOptions, DecodeOptions, RunOptions, SelectionOptions
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.input_labels import NO_LABELS, InputLabels
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.runtime.frames.source import Source
from sleap_rt.runtime.graph_file import read_graph_file
from sleap_rt.runtime.pipeline.batches import predict_batches
from sleap_rt.runtime.pipeline.size_matching import at_common_size
from sleap_rt.runtime.predictors import open_predictor
from sleap_rt.runtime.predictors.ground_truth import anchor_node, instance_centers
from sleap_rt.runtime.predictors.stages import CentroidStage

_DECODE = DecodeOptions()
_N_SLOTS = 8

Centers = Callable[[FrameRef, Image], Floats]


@dataclass(frozen=True)
class CalibrationFrames:
    """Opened frames.

    Attributes:
        options: what was asked for.
        source: gives the frames.
        labels: of the file, where it has any.
        calibration: frames that show ranges.
        held_out: other frames, that poses are compared on.
    """

    options: CalibrationOptions
    source: Source
    labels: InputLabels | None
    calibration: Sequence[FrameRef]
    held_out: Sequence[FrameRef]

    @property
    def name(self) -> str:
        """Of the file."""
        return self.options.calibrate.name

    @property
    def in_words(self) -> dict[str, str]:
        n, n_others = len(self.calibration), len(self.held_out)
        return {
            "calibration": f"{n} frames of {self.name}",
            "frames": f"{n_others} other frames of {self.name}",
        }

    def predict(self, graphs: Sequence[Path]) -> list[FrameInstances]:
        """Poses in the frames that were held out, one entry per frame.

        Args:
            graphs: of one set; a model of crops alone gets the labelled animals.
        """
        with closing(open_predictor(graphs, _DECODE, CPU)) as predictor:
            sized = at_common_size(predictor, self.source, self.held_out)
            run = RunOptions(batch_size=1)
            batches = predict_batches(sized, self.source, self.held_out, run, self.labels)
            return [result for batch in batches for result in batch.results]

    def feeds(self, contract: GraphContract, centroid_graph: Path | None) -> Iterator[Feed]:
        """Inputs of a graph for each frame of the calibration, as a run would give them.

        Args:
            contract: of the graph.
            centroid_graph: of a model of crops that has one; in float32.

        Raises:
            DataError: there is no animal to cut crops around.
        """
        slots = {"slots": np.zeros(_N_SLOTS, np.float32)}
        if contract.kind not in CROP_KINDS:
            for ref in self.calibration:
                yield feed_of(self.source.read(ref), _DECODE) | slots
            return
        n_crops = 0
        with self._centers(contract, centroid_graph) as centers_in:
            for ref in self.calibration:
                frame = self.source.read(ref)
                centers = centers_in(ref, frame)
                n_crops += len(centers)
                if len(centers):
                    yield feed_of(frame, _DECODE, centers)
        if not n_crops:
            raise DataError(
                f"{self.name}: no animal was found in the {len(self.calibration)} frames of the "
                "calibration, so there is no crop to calibrate on. Give a file with animals."
            )

    @contextmanager
    def _centers(self, contract: GraphContract, centroid_graph: Path | None) -> Iterator[Centers]:
        """Where a frame's crops go: around centroids, or around labelled animals."""
        if centroid_graph is None:
            anchor = anchor_node(contract.skeleton, contract.anchor_part)
            if self.labels is None:
                raise DataError(NO_LABELS)
            known_in = self.labels.known

            def around_labels(ref: FrameRef, frame: Image) -> Floats:
                known = known_in(ref, contract.skeleton.node_names)
                centers = instance_centers(known, anchor, contract.center_method)
                return centers[~np.isnan(centers[:, 0])]

            yield around_labels
            return
        file = read_graph_file(centroid_graph)
        with closing(CentroidStage(file, _DECODE, CPU, keeps_confmaps=False)) as stage:
            yield lambda ref, frame: stage.find(stage.upload(frame[None]))[0].points


@contextmanager
def open_calibration(
    options: CalibrationOptions, *, needs_labels: bool
) -> Iterator[CalibrationFrames]:
    """Open a file and choose frames that are spread evenly over it.

    Args:
        options: file and number.
        needs_labels: only frames with labelled animals will do.

    Raises:
        DataError: the file cannot be read, or there are too few frames.
    """
    with open_input(options.calibrate, SelectionOptions()) as opened:
        refs = (opened.labeled() if needs_labels else opened).selection.refs
        if len(refs) < 2:
            raise DataError(
                f"{options.calibrate} has one frame that can be used; calibration needs at least "
                "two, one to find ranges and one to compare poses on. Give more frames."
            )
        n_both = min(len(refs), 2 * options.calibration_frames)
        places = np.linspace(0, len(refs) - 1, n_both).round().astype(int).tolist()
        chosen = [refs[place] for place in places]
        yield CalibrationFrames(options, opened.source, opened.labels, chosen[::2], chosen[1::2])
