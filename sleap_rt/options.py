"""Options with one home each: default, unit and check. The command line reads them from here."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeVar

from sleap_rt.contract import PRECISIONS, Precision
from sleap_rt.errors import OptionError

_Options = TypeVar("_Options")


@dataclass(frozen=True, kw_only=True)
class DecodeOptions:
    """How network outputs become instances. All take effect at run time, none is baked in a graph.

    Attributes:
        peak_threshold: confidence; peaks below it are dropped. Also used for centroids unless
            `centroid_peak_threshold` is given.
        centroid_peak_threshold: the same for the first of two stages; None takes
            `peak_threshold`.
        integral_refinement: `integral` moves a peak within its cell by integral regression,
            `none` leaves it on the grid.
        max_instances: keep the best n of a frame; None keeps all.
        max_edge_length_ratio: longest edge without penalty, as a fraction of the largest
            dimension of the part affinity fields.
        dist_penalty_weight: how strongly longer edges are penalised.
        min_line_scores: connections that score less are dropped.
        min_instance_peaks: instances with fewer peaks are dropped; below 1 a fraction of the
            nodes, from 1 a count.
        anchor_part: node that crops around labelled animals are centred on; None takes the
            training's.
    """

    peak_threshold: float = 0.2
    centroid_peak_threshold: float | None = None
    integral_refinement: Literal["integral", "none"] = "integral"
    max_instances: int | None = None
    max_edge_length_ratio: float = 0.25
    dist_penalty_weight: float = 1.0
    min_line_scores: float = 0.25
    min_instance_peaks: float = 0
    anchor_part: str | None = None

    def __post_init__(self) -> None:
        if self.integral_refinement not in ("integral", "none"):
            raise OptionError(
                "integral_refinement must be 'integral' or 'none', "
                f"got {self.integral_refinement!r}"
            )
        if self.max_instances is not None and self.max_instances < 1:
            raise OptionError(f"max_instances must be at least 1, got {self.max_instances}")
        for name in ("max_edge_length_ratio", "dist_penalty_weight", "min_instance_peaks"):
            if not getattr(self, name) >= 0:
                raise OptionError(f"{name} must not be negative, got {getattr(self, name)}")
        for name in ("peak_threshold", "centroid_peak_threshold", "min_line_scores"):
            value = getattr(self, name)
            if value is not None and value != value:
                raise OptionError(f"{name} must be a number, got {value}")

    @property
    def centroid_threshold(self) -> float:
        given = self.centroid_peak_threshold
        return self.peak_threshold if given is None else given


@dataclass(frozen=True, kw_only=True)
class ModelOverrides:
    """What is to differ from a model's training configuration. None keeps what it says.

    These are part of an exported graph: another value is another graph.

    Attributes:
        backbone_ckpt_path: checkpoint whose weights replace those of the same name; only those of
            the backbone if `head_ckpt_path` is given as well.
        head_ckpt_path: checkpoint whose head weights replace the model's.
        max_height: rows that every frame is resized and padded to, px.
        max_width: the same for columns.
        input_scale: network-input px per sized px; in a pair, of both models.
        ensure_rgb: True repeats gray frames to three channels; False leaves them as they are.
        ensure_grayscale: True takes the luma of three channels; False leaves them as they are.
        crop_size: side of the square crop around an instance, sized px.
        anchor_part: node that crops around labelled animals are centred on.
        integral_patch_size: cells on a side of the patch that refines a peak.
        n_points: samples on the line between two peaks.
    """

    backbone_ckpt_path: Path | None = None
    head_ckpt_path: Path | None = None
    max_height: int | None = None
    max_width: int | None = None
    input_scale: float | None = None
    ensure_rgb: bool | None = None
    ensure_grayscale: bool | None = None
    crop_size: int | None = None
    anchor_part: str | None = None
    integral_patch_size: int | None = None
    n_points: int | None = None

    def __post_init__(self) -> None:
        if self.ensure_rgb and self.ensure_grayscale:
            raise OptionError("ensure_rgb and ensure_grayscale exclude each other; give one")
        least = {"max_height": 1, "max_width": 1, "crop_size": 1, "n_points": 2}
        for name, smallest in {**least, "integral_patch_size": 1}.items():
            value = getattr(self, name)
            if value is not None and value < smallest:
                raise OptionError(f"{name} must be at least {smallest}, got {value}")
        if self.input_scale is not None and not 0 < self.input_scale < float("inf"):
            raise OptionError(f"input_scale must be a positive number, got {self.input_scale}")

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the overrides that are set."""
        return tuple(f.name for f in fields(self) if getattr(self, f.name) is not None)


NO_OVERRIDES = ModelOverrides()


def overrides_at_run_time(given: Mapping[str, Any]) -> ModelOverrides:
    """The overrides that take another graph; `anchor_part` is honoured by running one.

    Args:
        given: every option of a run that was given, or has a default.

    Raises:
        OptionError: an override has a value that means nothing, or another option switches off what
            it is for.
    """
    names = [field.name for field in fields(ModelOverrides) if field.name != "anchor_part"]
    overrides = filled(ModelOverrides, {name: given[name] for name in names if name in given})
    if overrides.integral_patch_size is not None and given.get("integral_refinement") == "none":
        raise OptionError("integral_patch_size: no effect with integral_refinement 'none'")
    return overrides


@dataclass(frozen=True, kw_only=True)
class CalibrationOptions:
    """How a network is brought to int8.

    Attributes:
        calibrate: video or `.slp` file; half of the frames taken from it show the range of every
            layer, the other half what the poses lose.
        calibration_frames: most frames of each half, spread evenly over `calibrate`.
        allow_loss: export even if the poses lose more than the limits.
    """

    calibrate: Path
    calibration_frames: int = 64
    allow_loss: bool = False

    def __post_init__(self) -> None:
        if self.calibration_frames < 1:
            raise OptionError(
                f"calibration_frames must be at least 1, got {self.calibration_frames}"
            )


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """In what form a trained model is exported.

    Attributes:
        precision: number format of the network; decoding is float32 always.
        calibration: how a network is brought to int8; None for other precisions.
        format: `onnx`; `trt` adds an engine of TensorRT-RTX beside each graph.
        target: GPU architecture that the engine is for.
        frame_size: width, height and, if given, channels of the frames that the engine is for,
            px; None takes the size that the model was trained with.
    """

    precision: Precision = "fp32"
    calibration: CalibrationOptions | None = None
    format: str = "onnx"
    target: str | None = None
    frame_size: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise OptionError(
                f"precision must be one of {', '.join(PRECISIONS)}, got {self.precision!r}"
            )
        if self.precision == "int8" and self.calibration is None:
            raise OptionError(
                "precision int8 needs typical frames to find the range of every layer: add "
                "calibrate with a video or a `.slp` file"
            )
        if self.precision != "int8" and self.calibration is not None:
            raise OptionError(
                f"calibrate has no effect with precision {self.precision}; add precision int8, or "
                "leave it out"
            )
        if self.format not in ("onnx", "trt"):
            raise OptionError(f"format must be 'onnx' or 'trt', got {self.format!r}")
        if self.format == "trt" and self.target is None:
            raise OptionError("format trt needs the GPU architecture as target, e.g. sm86")
        for name in ("target", "frame_size"):
            if self.format == "onnx" and getattr(self, name) is not None:
                raise OptionError(
                    f"{name} is for engines: a graph runs on every device, with frames of any "
                    "size. Add format trt, or leave it out."
                )
        size = self.frame_size
        if size is not None and (
            len(size) not in (2, 3) or min(size) < 1 or size[2:] not in ((), (1,), (3,))
        ):
            raise OptionError(
                f"frame_size must be WIDTHxHEIGHT or WIDTHxHEIGHTx1 or x3, got {size}"
            )


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How frames flow through the run; these change speed and memory, never results.

    Attributes:
        batch_size: frames per call of the engine.
        queue_maxsize: decoded frames that may wait for the engine.
    """

    batch_size: int = 4
    queue_maxsize: int = 8

    def __post_init__(self) -> None:
        for name in ("batch_size", "queue_maxsize"):
            if getattr(self, name) < 1:
                raise OptionError(f"{name} must be at least 1, got {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """Which inference engine runs, and where; each engine declares which of the others it honours.

    Attributes:
        engine: name of an engine, or `auto`.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, ...; never silently replaced by another one.
        threads: CPU threads of the engine; None takes one per core.
        workspace: most MiB of GPU memory that one layer may use besides its inputs and outputs;
            None takes what the GPU has.
        cuda_graphs: launch a run whose shapes repeat as one recorded whole.
    """

    engine: str = "auto"
    device: str = "auto"
    threads: int | None = None
    workspace: int | None = None
    cuda_graphs: bool = True

    def __post_init__(self) -> None:
        for name in ("threads", "workspace"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise OptionError(f"{name} must be at least 1, got {value}")


@dataclass(frozen=True, kw_only=True)
class SelectionOptions:
    """Which frames of the input are processed.

    Without any, every frame of a video and every labelled frame of a labels file is.

    Attributes:
        frames: frame indices; None takes all. In labels they hold for each of the videos.
        video_index: the one video of a labels file to take, and of it every frame.
        only_labeled_frames: frames with an instance that a user made.
        only_suggested_frames: suggested frames without such an instance.
        exclude_user_labeled: frames without such an instance.
        only_predicted_frames: frames with a predicted instance.
        video_dataset: the dataset of an HDF5 video; None takes the first of four axes.
        video_input_format: order of that dataset's axes.
    """

    frames: tuple[int, ...] | None = None
    video_index: int | None = None
    only_labeled_frames: bool = False
    only_suggested_frames: bool = False
    exclude_user_labeled: bool = False
    only_predicted_frames: bool = False
    video_dataset: str | None = None
    video_input_format: Literal["channels_last", "channels_first"] = "channels_last"

    def __post_init__(self) -> None:
        if self.only_labeled_frames:
            for name in ("exclude_user_labeled", "only_suggested_frames"):
                if getattr(self, name):
                    raise OptionError(
                        f"only_labeled_frames and {name} exclude each other: no frame is both"
                    )
        if self.frames is not None:
            if not self.frames or min(self.frames) < 0:
                raise OptionError(
                    "frames must be frame indices, 0 or more; "
                    + (f"got {min(self.frames)}" if self.frames else "none was given")
                )
            object.__setattr__(self, "frames", tuple(sorted(set(self.frames))))
        if self.video_index is not None and self.video_index < 0:
            raise OptionError(f"video_index must be 0 or more, got {self.video_index}")
        if self.video_input_format not in ("channels_last", "channels_first"):
            raise OptionError(
                "video_input_format must be 'channels_last' or 'channels_first', "
                f"got {self.video_input_format!r}"
            )

    @property
    def label_filters(self) -> tuple[str, ...]:
        """Filters by what a frame's labels are, that are on; the first one decides."""
        return tuple(name for name in LABEL_FILTERS if getattr(self, name))


LABEL_FILTERS = (
    "only_labeled_frames",
    "only_suggested_frames",
    "exclude_user_labeled",
    "only_predicted_frames",
)


@dataclass(frozen=True, kw_only=True)
class FilterOptions:
    """Which predicted instances are dropped, before tracking.

    Attributes:
        filter_overlapping: drop an instance that overlaps a better one too much.
        filter_overlapping_method: `iou` of the boxes around visible nodes, or `oks`.
        filter_overlapping_threshold: similarity above which they overlap too much.
        filter_min_visible_nodes: least number of visible nodes.
        filter_min_visible_node_fraction: the same as a fraction of all nodes.
        filter_min_mean_node_score: least mean score of the visible nodes.
        filter_min_instance_score: least instance score.
    """

    filter_overlapping: bool = False
    filter_overlapping_method: Literal["iou", "oks"] = "iou"
    filter_overlapping_threshold: float = 0.8
    filter_min_visible_nodes: int = 0
    filter_min_visible_node_fraction: float = 0.0
    filter_min_mean_node_score: float = 0.0
    filter_min_instance_score: float = 0.0

    def __post_init__(self) -> None:
        if self.filter_overlapping_method not in ("iou", "oks"):
            raise OptionError(
                "filter_overlapping_method must be 'iou' or 'oks', "
                f"got {self.filter_overlapping_method!r}"
            )
        for name in ("filter_overlapping_threshold", "filter_min_visible_node_fraction"):
            if not 0 <= getattr(self, name) <= 1:
                raise OptionError(f"{name} must lie in [0, 1], got {getattr(self, name)}")
        for name in ("filter_min_mean_node_score", "filter_min_instance_score"):
            if getattr(self, name) != getattr(self, name):
                raise OptionError(f"{name} must be a number, got {getattr(self, name)}")
        if self.filter_min_visible_nodes < 0:
            raise OptionError(
                "filter_min_visible_nodes must not be negative, "
                f"got {self.filter_min_visible_nodes}"
            )
        if not self.filter_overlapping:
            for name in ("filter_overlapping_method", "filter_overlapping_threshold"):
                if getattr(self, name) != getattr(type(self), name):
                    raise OptionError(f"{name} takes effect only with filter_overlapping")

    @property
    def any_on(self) -> bool:
        return self != FilterOptions()


def filled(options: type[_Options], given: Mapping[str, Any]) -> _Options:
    """An option object from the values of its fields' names; its defaults where there is none."""
    names = [field.name for field in fields(options) if field.name in given]  # type: ignore[arg-type]
    return options(**{name: given[name] for name in names})
