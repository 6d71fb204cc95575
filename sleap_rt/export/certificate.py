"""The parity certificate: the exported graph against the checkpoint pipeline, in pixels.

The checkpoint pipeline is the plain one of `sleap_rt.models.reference`; the graph runs on ONNX
Runtime. Frames are drawn from a seeded generator, at the training size and at two others, with
thresholds placed where the model's own maps have clear peaks.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from sleap_rt.contract import CROP_KINDS, Certificate, ModelKind, Preprocessing
from sleap_rt.errors import ModelError
from sleap_rt.export.peak_parity import compare_peaks
from sleap_rt.models import TrainedModel
from sleap_rt.models.reference import ReferenceInstances, predict_crops, predict_instances
from sleap_rt.models.reference.frames import prepare_frame
from sleap_rt.models.reference.peaks import local_peaks
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime.engines import Engine, open_engine
from sleap_rt.runtime.predictors import Predictor, open_predictor

MAX_PX = 0.01  # frame px; float32 noise of two runtimes stays a thousand times below
MAX_SCORE = 1e-4  # confidence
SEED = 20240229
_MOST_PEAKS = 200  # of a node in one frame
_DEFAULT_SIDE = 256  # px, for models whose training size is not fixed
N_CENTRES = 6  # crops per frame
CPU = EngineOptions(engine="ort", device="cpu")

Frame = NDArray[np.uint8]
Floats = NDArray[np.float32]


def certify_native(model: TrainedModel, path: Path) -> Certificate:
    """Compare an exported graph with the checkpoint pipeline.

    Args:
        model: the trained model.
        path: the graph exported from it.

    Returns:
        What was measured.

    Raises:
        ModelError: counts differ, or a coordinate or score differs by more than the tolerance.
    """
    frames = synthetic_frames(model.preprocessing)
    measured = Measured()
    compare = _compare_crops if model.kind in CROP_KINDS else _compare_frames
    compare(model, path, frames, measured)
    return certificate_of(measured, frames)


def certificate_of(measured: "Measured", frames: list[Frame]) -> Certificate:
    """What was measured on these frames, if it is within the tolerances.

    Raises:
        ModelError: a coordinate or score differs by more.
    """
    sizes = ", ".join(f"{frame.shape[1]}x{frame.shape[0]}" for frame in frames)
    certificate = Certificate(
        frames=f"synthetic, seed {SEED}, {sizes} px",
        n_frames=len(frames),
        n_instances=measured.n_instances,
        max_px=float(np.max(measured.px, initial=0)),
        p99_px=float(np.percentile(measured.px, 99)) if measured.px else 0.0,
        max_score=float(np.max(measured.score, initial=0)),
        max_map=float(np.max(measured.maps, initial=0)),
    )
    largest_score = float(np.max([certificate.max_score, certificate.max_map]))
    if not (certificate.max_px <= MAX_PX and largest_score <= MAX_SCORE):  # NaN fails too
        raise ModelError(
            "the exported graph differs from the checkpoint: points by up to "
            f"{certificate.max_px:.4f} px (allowed {MAX_PX}), scores or maps by up to "
            f"{largest_score:.1e} (allowed {MAX_SCORE}). Please report this model."
        )
    return certificate


@dataclass
class Measured:
    """Instances, and differences in the network's outputs (relative), in px, and in scores."""

    n_instances: int = 0
    maps: list[float] = field(default_factory=list)
    px: list[float] = field(default_factory=list)
    score: list[float] = field(default_factory=list)

    def add(
        self,
        expected: ReferenceInstances,
        points: Floats,
        vals: Floats,
        where: str,
        stable: NDArray[np.bool_] | None = None,
    ) -> None:
        """Compare instances one by one, in order; positions only where `stable`, if given."""
        if expected.points.shape != points.shape:
            raise ModelError(
                f"the exported graph finds {len(points)} instances in {where}, the checkpoint "
                f"{len(expected.points)}. Please report this model."
            )
        found = ~np.isnan(expected.points[..., 0])
        if not np.array_equal(found, ~np.isnan(points[..., 0])):
            raise ModelError(f"the exported graph finds other nodes than the checkpoint in {where}")
        self.n_instances += len(points)
        placed = found if stable is None else found & stable
        gap = np.linalg.norm(expected.points[placed] - points[placed], axis=-1)
        self.px += gap.tolist()
        self.score += np.abs(expected.point_scores[found] - vals[found]).tolist()


def synthetic_frames(spec: Preprocessing) -> list[Frame]:
    """Textured frames with dark and bright blobs: training size, larger, smaller and oblong.

    Returns:
        (height, width, channels) uint8 each; with as many channels as the network takes.
    """
    rng = np.random.default_rng(SEED)
    height, width = spec.max_height or _DEFAULT_SIDE, spec.max_width or _DEFAULT_SIDE
    sizes = [
        (height, width),
        (height * 5 // 4 + 3, width + 7),
        (height * 3 // 4 + 1, width * 2 // 3),
    ]
    return [draw_frame(rng, size, spec.in_channels) for size in sizes]


def draw_frame(rng: np.random.Generator, size: tuple[int, int], channels: int) -> Frame:
    height, width = size
    coarse = rng.normal(128, 30, (height // 16 + 2, width // 16 + 2, channels))
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    image = image.reshape(height, width, channels) + rng.normal(0, 6, (height, width, channels))
    y, x = np.mgrid[:height, :width]
    for _ in range(8):
        cx, cy = rng.uniform(0.1, 0.9, 2) * (width, height)
        long, short = rng.uniform(12, 40), rng.uniform(5, 14)
        angle = rng.uniform(0, np.pi)
        u = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)
        v = (y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)
        blob = np.exp(-((u / long) ** 2 + (v / short) ** 2))
        image += (rng.choice([-110, 110]) * blob)[..., None]
    frame: Frame = np.clip(image, 0, 255).astype(np.uint8)
    return frame


def _compare_frames(
    model: TrainedModel, path: Path, frames: list[Frame], measured: Measured
) -> None:
    """Whole-frame models: the network's raw outputs, and from frame to instances."""
    engine = open_engine(path, CPU)
    for frame in frames:
        options = DecodeOptions(peak_threshold=_clear_threshold(model, frame), min_line_scores=-1e3)
        measured.maps += _map_differences(model, engine, frame)
        if model.kind == "single_instance":
            predictor: Predictor = open_predictor([path], options, CPU)
            (found,) = predictor.predict(frame[None], [0])
            predictor.close()
            expected = predict_instances(model, frame, options)
            rough = predict_instances(model, frame, replace(options, integral_refinement="none"))
            stable = _is_stable(model, frame, expected.points, rough.points)
            measured.add(expected, found.points, found.point_scores, _size(frame), stable)
            continue
        differences = compare_peaks(model, engine, frame, options)
        measured.n_instances += differences.n_instances
        measured.px += differences.px
        measured.score += differences.score
    engine.close()


def _map_differences(model: TrainedModel, engine: Engine, frame: Frame) -> list[float]:
    """Largest difference of each of the network's outputs, relative to its largest value."""
    image, _ = prepare_frame(frame, model.preprocessing)
    with torch.inference_mode():
        expected = model.network(image)
    inputs: dict[str, NDArray[Any]] = {"frames": frame[None], "slots": np.zeros(1, np.float32)}
    feed = {spec.name: inputs.get(spec.name, np.array(0, np.float32)) for spec in engine.inputs}
    found = engine.run(feed, list(expected))
    return [
        float(np.abs(found[name] - maps.numpy()).max() / max(1.0, float(maps.abs().max())))
        for name, maps in expected.items()
    ]


def _compare_crops(
    model: TrainedModel, path: Path, frames: list[Frame], measured: Measured
) -> None:
    """Crop models, at random centres, some of which lie beside the frame."""
    rng = np.random.default_rng(SEED)
    engine = open_engine(path, CPU)
    for frame in frames:
        side = np.array([frame.shape[1], frame.shape[0]])
        centres = (rng.uniform(-0.05, 1.05, (N_CENTRES, 2)) * side).astype(np.float32)
        everything = DecodeOptions(peak_threshold=-np.inf)
        top = predict_crops(model, frame, centres, everything, size_from=model).values
        limits = (0.3 * float(top.max()), 0.7 * float(top.max()))
        options = DecodeOptions(peak_threshold=widest_gap(top, *limits))
        crops = predict_crops(model, frame, centres, options, size_from=model)
        found = engine.run(
            {
                "frames": frame[None],
                "centers": centres,
                "frame_index": np.zeros(N_CENTRES, np.int64),
                "peak_threshold": np.array(options.peak_threshold, np.float32),
                "integral_refinement": np.array(1, np.float32),
            },
            ["peaks", "peak_vals", *(["class_probs"] if model.class_names else [])],
        )
        expected = ReferenceInstances(crops.points, crops.values, crops.values[:, 0])
        unrefined = replace(options, integral_refinement="none")
        rough = predict_crops(model, frame, centres, unrefined, size_from=model)
        stable = _is_stable(model, frame, crops.points, rough.points)
        measured.add(expected, found["peaks"], found["peak_vals"], _size(frame), stable)
        if model.class_names:
            measured.score += np.abs(crops.class_probs - found["class_probs"]).ravel().tolist()
    engine.close()


def _is_stable(
    model: TrainedModel, frame: Frame, refined: Floats, rough: Floats
) -> NDArray[np.bool_]:
    """Which points (..., 2) refinement leaves within the patch that it weighs.

    Further off, weights of both signs cancel: what is left to divide by is noise.
    """
    _, eff_scale = prepare_frame(frame, model.preprocessing)
    reach_cells = model.decoding.integral_patch_size / 2
    reach = reach_cells * model.decoding.confmaps_stride / model.preprocessing.input_scale
    stable: NDArray[np.bool_] = np.abs(refined - rough).max(axis=-1) < reach / eff_scale
    return stable


def _clear_threshold(model: TrainedModel, frame: Frame) -> float:
    """A threshold that the frame's peaks are clearly above or below."""
    image, _ = prepare_frame(frame, model.preprocessing)
    with torch.inference_mode():
        confmaps = model.network(image)["confmaps"][0].numpy()
    return clear_threshold(confmaps, model.kind)


def clear_threshold(confmaps: Floats, kind: ModelKind) -> float:
    """A threshold that the peaks of these maps (n_nodes, rows, columns) are clearly off."""
    top = confmaps.max(axis=(1, 2))
    if kind == "single_instance":
        return widest_gap(top, 0.3 * float(top.max()), 0.7 * float(top.max()))
    # Every node should have a peak, so that instances can form. But peaks far below the largest
    # are left out: on maps close to zero, refinement divides by almost nothing and would magnify
    # float noise without bound.
    low = max(0.6 * float(top.min()), 0.1 * float(top.max()))
    high = max(0.95 * float(top.min()), 0.3 * float(top.max()))
    values = [np.array([p.value for p in local_peaks(m, low, None)]) for m in confmaps]
    # A network that has learnt little sees peaks everywhere, and every pair of them is scored.
    crowded = [np.sort(of_node)[-_MOST_PEAKS] for of_node in values if len(of_node) > _MOST_PEAKS]
    low = max([low, *map(float, crowded)])
    high = max(high, float(np.nextafter(np.float32(low), np.float32(np.inf))))
    return widest_gap(np.concatenate(values), low, high)


def widest_gap(values: NDArray[np.floating], low: float, high: float) -> float:
    """The middle of the widest gap between sorted values, between low and high."""
    if not 0 < low < high:
        return 0.0
    inner = np.sort(values[(values > low) & (values < high)].astype(float))
    edges = np.concatenate([[low], inner, [high]])
    widest = int(np.argmax(np.diff(edges)))
    return float((edges[widest] + edges[widest + 1]) / 2)


def _size(frame: Frame) -> str:
    return f"a frame of {frame.shape[1]}x{frame.shape[0]} px"
