"""Poses from frames: one predictor per supported set of exported graphs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sleap_rt.contract import GraphContract
from sleap_rt.errors import DataError, ModelError
from sleap_rt.instances import FrameInstances
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime.decoding.grouping import group_peaks, grouping_order
from sleap_rt.runtime.engines import Array, Engine, open_engine
from sleap_rt.runtime.families import check_family
from sleap_rt.runtime.graph_file import GraphFile, read_graph_file
from sleap_rt.skeleton import Skeleton

Frames = NDArray[np.uint8]
_FEWEST_SLOTS = 16  # peaks per map that a graph is first run with


class Predictor(Protocol):
    """Finds instances in frames.

    Attributes:
        skeleton: of the instances.
        device: where the engines truly run.
        files: the graphs in use.
    """

    skeleton: Skeleton
    device: str
    files: tuple[GraphFile, ...]

    def predict(self, frames: Frames, frame_indices: Sequence[int]) -> list[FrameInstances]:
        """Find the instances of a batch of frames.

        Args:
            frames: (batch, height, width, channels) uint8, RGB or gray.
            frame_indices: of the batch's frames in their video.

        Returns:
            One entry per frame, in order.
        """
        ...

    def close(self) -> None: ...


def open_predictor(
    models: Sequence[Path], decode: DecodeOptions, engine: EngineOptions
) -> Predictor:
    """Open the graphs of a model, or of a pair of models.

    Args:
        models: `.onnx` files, in any order.
        decode: thresholds and grouping.
        engine: what runs the graphs.

    Raises:
        ModelError: a file is missing or not ours, or the files are no supported set.
        OptionError: an option cannot take effect with these models.
        EngineError: the engine or device is not available.
    """
    files = _by_kind(models)
    kinds = _supported_set(files)
    check_family(list(files.values()))
    return _SETS[kinds]([files[kind] for kind in kinds], decode, engine)


def _by_kind(models: Sequence[Path]) -> dict[str, GraphFile]:
    files: dict[str, GraphFile] = {}
    for path in models:
        file = read_graph_file(path)
        if file.contract.kind in files:
            raise ModelError(
                f"two {file.contract.kind} models were given: {files[file.contract.kind].path} and "
                f"{path}. {_SUPPORTED}"
            )
        files[file.contract.kind] = file
    return files


def _supported_set(files: dict[str, GraphFile]) -> tuple[str, ...]:
    for kinds in _SETS:
        if set(kinds) == set(files):
            return kinds
    raise ModelError(f"no pipeline for {' + '.join(sorted(files)) or 'no model'}. {_SUPPORTED}")


def effective_options(models: Sequence[Path]) -> frozenset[str]:
    """Fields of `DecodeOptions` that change what these models predict.

    Raises:
        ModelError: as `open_predictor`.
    """
    return _EFFECTIVE_OPTIONS[_supported_set(_by_kind(models))]


def check_frames(frames: Array) -> Frames:
    """Refuse what a graph cannot take.

    Raises:
        DataError: not (batch, height, width, channels) uint8 with 1 or 3 channels.
    """
    if frames.dtype != np.uint8:
        raise DataError(
            f"frames are {frames.dtype}, but models take 8-bit images (uint8, 0 to 255). "
            "Convert the video to 8 bit first."
        )
    if frames.ndim != 4 or frames.shape[3] not in (1, 3):
        raise DataError(
            f"frames have shape {frames.shape}; (batch, height, width, channels) with 1 or 3 "
            "channels was expected"
        )
    return frames


@dataclass
class _Slots:
    """Runs a graph with enough slots for the peaks of the busiest map.

    A graph returns at most as many peaks per map as it gets slots. It also says how many it saw:
    if those are more, it is run again, so that no frame is ever cut short.
    """

    engine: Engine
    n_slots: int = _FEWEST_SLOTS

    def run(self, feed: dict[str, Array], fetch: Sequence[str]) -> dict[str, Array]:
        while True:
            slots = np.zeros(self.n_slots, np.float32)
            outputs = self.engine.run({**feed, "slots": slots}, [*fetch, "n_candidates"])
            most = int(outputs["n_candidates"].max(initial=0))
            if most <= self.n_slots:
                return outputs
            while self.n_slots < most:
                self.n_slots *= 2


def _scalars(**values: float) -> dict[str, Array]:
    return {name: np.array(value, np.float32) for name, value in values.items()}


def _peak_inputs(threshold: float, decode: DecodeOptions) -> dict[str, Array]:
    refine = decode.integral_refinement == "integral"
    return _scalars(peak_threshold=threshold, integral_refinement=float(refine))


class SingleInstancePredictor:
    """The one animal of each frame."""

    def __init__(
        self, files: Sequence[GraphFile], decode: DecodeOptions, engine: EngineOptions
    ) -> None:
        self.files = tuple(files)
        self.skeleton = files[0].contract.skeleton
        self._engine = open_engine(files[0].path, engine)
        self.device = self._engine.device
        self._constants = _peak_inputs(decode.peak_threshold, decode)

    def predict(self, frames: Frames, frame_indices: Sequence[int]) -> list[FrameInstances]:
        feed = {"frames": check_frames(frames), **self._constants}
        outputs = self._engine.run(feed, ["peaks", "peak_vals"])
        results = []
        for i, frame_index in enumerate(frame_indices):
            points, vals = outputs["peaks"][i : i + 1], outputs["peak_vals"][i : i + 1]
            found = ~np.isnan(points).all(axis=(1, 2))
            results.append(
                FrameInstances.untracked(
                    frame_index=frame_index,
                    points=points[found],
                    point_scores=vals[found],
                    scores=vals.sum(axis=1)[found],
                )
            )
        return results

    def close(self) -> None:
        self._engine.close()


class BottomUpPredictor:
    """All animals of each frame, grouped from their peaks."""

    def __init__(
        self, files: Sequence[GraphFile], decode: DecodeOptions, engine: EngineOptions
    ) -> None:
        self.files = tuple(files)
        contract = files[0].contract
        self.skeleton, self._edges = contract.skeleton, contract.edges
        grouping_order(self._edges)  # refuses a skeleton that cannot be grouped, before any work
        self._decode = decode
        self._engine = open_engine(files[0].path, engine)
        self._slots = _Slots(self._engine)
        self.device = self._engine.device
        self._constants = _peak_inputs(decode.peak_threshold, decode) | _scalars(
            max_edge_length_ratio=decode.max_edge_length_ratio,
            dist_penalty_weight=decode.dist_penalty_weight,
        )

    def predict(self, frames: Frames, frame_indices: Sequence[int]) -> list[FrameInstances]:
        feed = {"frames": check_frames(frames), **self._constants}
        outputs = self._slots.run(feed, ["peaks", "peak_vals", "line_scores"])
        results = []
        for i, frame_index in enumerate(frame_indices):
            grouped = group_peaks(
                outputs["peaks"][i],
                outputs["peak_vals"][i],
                outputs["line_scores"][i],
                self._edges,
                self._decode,
            )
            results.append(
                FrameInstances.untracked(
                    frame_index=frame_index,
                    points=grouped.points,
                    point_scores=grouped.point_scores,
                    scores=grouped.scores,
                )
            )
        return results

    def close(self) -> None:
        self._engine.close()


class CentroidPredictor:
    """One point per animal, as a skeleton of one node."""

    def __init__(
        self, files: Sequence[GraphFile], decode: DecodeOptions, engine: EngineOptions
    ) -> None:
        self.files = tuple(files)
        trained = files[0].contract.skeleton
        self.skeleton = trained if trained.n_nodes == 1 else Skeleton("centroid", ("centroid",))
        self._stage = _CentroidStage(files[0], decode, engine)
        self.device = self._stage.device

    def predict(self, frames: Frames, frame_indices: Sequence[int]) -> list[FrameInstances]:
        return [
            FrameInstances.untracked(
                frame_index=frame_index,
                points=points[:, None],
                point_scores=vals[:, None],
                scores=vals,
            )
            for frame_index, (points, vals) in zip(
                frame_indices, self._stage.find(check_frames(frames)), strict=True
            )
        ]

    def close(self) -> None:
        self._stage.close()


class _CentroidStage:
    """Finds the centroids of each frame: all in raster order, or the best `max_instances`."""

    def __init__(self, file: GraphFile, decode: DecodeOptions, engine: EngineOptions) -> None:
        self._engine = open_engine(file.path, engine)
        self._slots = _Slots(self._engine)
        self._max_instances = decode.max_instances
        self._constants = _peak_inputs(decode.centroid_threshold, decode)
        self.device = self._engine.device

    def find(self, frames: Frames) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Per frame: centroids (n, 2) in frame px, and their values (n,)."""
        found = self._slots.run(
            {"frames": frames, **self._constants}, ["centroids", "centroid_vals"]
        )
        results = []
        for points, vals in zip(found["centroids"], found["centroid_vals"], strict=True):
            kept = np.flatnonzero(~np.isnan(vals))
            if self._max_instances is not None and len(kept) > self._max_instances:
                kept = kept[np.argsort(-vals[kept], kind="stable")[: self._max_instances]]
            results.append((points[kept], vals[kept]))
        return results

    def close(self) -> None:
        self._engine.close()


class TopDownPredictor:
    """All animals of each frame: centroids first, then the pose in the crop around each."""

    def __init__(
        self, files: Sequence[GraphFile], decode: DecodeOptions, engine: EngineOptions
    ) -> None:
        self.files = tuple(files)
        centroid, instance = files
        _check_same_sizing(centroid.contract, instance.contract)
        self.skeleton = instance.contract.skeleton
        self._centroids = _CentroidStage(centroid, decode, engine)
        self._engine = open_engine(instance.path, engine)
        self.device = self._engine.device
        self._constants = _peak_inputs(decode.peak_threshold, decode)

    def predict(self, frames: Frames, frame_indices: Sequence[int]) -> list[FrameInstances]:
        found = self._centroids.find(check_frames(frames))
        centers = np.concatenate([points for points, _ in found])
        frame_of = np.repeat(np.arange(len(found)), [len(points) for points, _ in found])
        poses = self._poses(frames, centers, frame_of)
        return [
            self._frame(frame_index, poses, frame_of == i, found[i][1])
            for i, frame_index in enumerate(frame_indices)
        ]

    def _poses(
        self, frames: Frames, centers: NDArray[np.float32], frame_of: NDArray[np.int64]
    ) -> dict[str, Array]:
        if not len(centers):
            n_nodes = self.skeleton.n_nodes
            empty = np.empty((0, n_nodes, 2), np.float32)
            return {"peaks": empty, "peak_vals": empty[..., 0]}
        feed: dict[str, Array] = {
            "frames": frames,
            "centers": centers,
            "frame_index": frame_of,
        }
        return self._engine.run({**feed, **self._constants}, ["peaks", "peak_vals"])

    @staticmethod
    def _frame(
        frame_index: int,
        poses: dict[str, Array],
        here: NDArray[np.bool_],
        centroid_vals: NDArray[np.float32],
    ) -> FrameInstances:
        points, vals = poses["peaks"][here], poses["peak_vals"][here]
        has_pose = ~np.isnan(points).all(axis=(1, 2))
        return FrameInstances.untracked(
            frame_index=frame_index,
            points=points[has_pose],
            point_scores=vals[has_pose],
            scores=centroid_vals[has_pose],
        )

    def close(self) -> None:
        self._centroids.close()
        self._engine.close()


def _check_same_sizing(centroid: GraphContract, instance: GraphContract) -> None:
    """Both stages must bring frames to the same size; the export of a pair sees to it."""
    sizes = [(c.preprocessing.max_height, c.preprocessing.max_width) for c in (centroid, instance)]
    if sizes[0] != sizes[1]:
        raise ModelError(
            f"the centroid model resizes frames to {sizes[0]}, the instance model to {sizes[1]} "
            "(height, width). Export the two models together: "
            "`sleap-nn export CENTROID_MODEL INSTANCE_MODEL -o FOLDER`."
        )


_Build = Callable[[Sequence[GraphFile], DecodeOptions, EngineOptions], Predictor]
_SETS: dict[tuple[str, ...], _Build] = {
    ("single_instance",): SingleInstancePredictor,
    ("bottomup",): BottomUpPredictor,
    ("centroid",): CentroidPredictor,
    ("centroid", "centered_instance"): TopDownPredictor,
}
_PEAK_OPTIONS = frozenset({"peak_threshold", "integral_refinement"})
_PAF_OPTIONS = frozenset(
    {"max_edge_length_ratio", "dist_penalty_weight", "min_line_scores", "min_instance_peaks"}
)
_EFFECTIVE_OPTIONS: dict[tuple[str, ...], frozenset[str]] = {
    ("single_instance",): _PEAK_OPTIONS,
    ("bottomup",): _PEAK_OPTIONS | _PAF_OPTIONS | {"max_instances"},
    ("centroid",): _PEAK_OPTIONS | {"max_instances", "centroid_peak_threshold"},
    ("centroid", "centered_instance"): _PEAK_OPTIONS | {"max_instances", "centroid_peak_threshold"},
}
_SUPPORTED = f"Supported sets: {'; '.join(' + '.join(kinds) for kinds in _SETS)}."
