"""What is built into a graph, and in what form it is exported."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sleap_rt.contract import PRECISIONS, Precision
from sleap_rt.errors import OptionError
from sleap_rt.options.given import filled
from sleap_rt.options.running import DecodeOptions
from sleap_rt.options.upstream import why_no_choice


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
        anchor_part: node that crops around labelled animals are centered on.
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


def calibration_asked(
    calibrate: Path | None, n_frames: int | None, *, allow_loss: bool
) -> CalibrationOptions | None:
    """The options of a calibration, if one was asked for.

    Args:
        calibrate: as `CalibrationOptions`; None asks for none.
        n_frames: its `calibration_frames`; None for the default.
        allow_loss: as `CalibrationOptions`.

    Raises:
        OptionError: the others are given without `calibrate`.
    """
    given = {} if n_frames is None else {"calibration_frames": n_frames}
    if calibrate is not None:
        return CalibrationOptions(calibrate=calibrate, allow_loss=allow_loss, **given)
    useless = [*given, *(["allow_loss"] if allow_loss else [])]
    if useless:
        raise OptionError(f"{', '.join(useless)}: no effect without --calibrate")
    return None


BUILT_IN = ("max_instances", "peak_threshold", "centroid_peak_threshold", "integral_refinement")
"""Options of decoding that graphs for Bonsai have built in."""


def only_for_bonsai(are: str, them: str) -> str:
    """Why an option is not built into other graphs.

    Args:
        are: the option or several, with a verb behind.
        them: `it` or `them`.
    """
    return (
        f"{are} built into graphs for Bonsai only; others take {them} at run time: pass {them} to "
        "track, or add --format bonsai"
    )


EXPORT_FORMATS = ("onnx", "trt", "bonsai")


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """In what form a trained model is exported.

    Attributes:
        precision: number format of the network; decoding is float32 always.
        calibration: how a network is brought to int8; None for other precisions.
        format: `onnx`; `trt` adds an engine of TensorRT-RTX beside each graph; `bonsai` writes one
            graph for Bonsai.Sleap in place of ours.
        target: GPU architecture that the engine is for.
        frame_size: width, height and, if given, channels of the frames that the engine, or the
            graph for Bonsai, is for, px; None takes the size that the model was trained with, and
            for Bonsai any.
        decode: built into the graph for Bonsai; None for the other formats, whose graphs take it
            when they run.
    """

    precision: Precision = "fp32"
    calibration: CalibrationOptions | None = None
    format: str = "onnx"
    target: str | None = None
    frame_size: tuple[int, ...] | None = None
    decode: DecodeOptions | None = None

    @property
    def builds_engines(self) -> bool:
        """Whether an engine is built beside each graph."""
        return self.format == "trt"

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise OptionError(
                f"precision must be one of {', '.join(PRECISIONS)}, got {self.precision!r}"
                f"{why_no_choice(self.precision)}"
            )
        if self.precision == "int8" and self.calibration is None:
            raise OptionError(
                "Precision int8 needs typical frames to find the range of every layer: add "
                "--calibrate with a video or a `.slp` file"
            )
        if self.precision != "int8" and self.calibration is not None:
            raise OptionError(
                f"calibrate has no effect with --precision {self.precision}; add --precision int8, "
                "or leave it out"
            )
        if self.format not in EXPORT_FORMATS:
            allowed = ", ".join(EXPORT_FORMATS)
            raise OptionError(f"format must be one of {allowed}, got {self.format!r}")
        if self.format == "bonsai" and self.precision == "int8":
            raise OptionError("Bonsai.Sleap knows the precisions fp32 and fp16, not int8")
        if self.format != "bonsai" and self.decode is not None:
            raise OptionError(only_for_bonsai("Thresholds and max_instances are", "them"))
        if self.builds_engines and self.target is None:
            raise OptionError(
                "--format trt needs the GPU architecture as --target, e.g. sm86; without --format, "
                "TensorRT builds engines of the graph when it first runs"
            )
        for name in ("target", "frame_size"):
            is_taken = self.builds_engines or (self.format, name) == ("bonsai", "frame_size")
            if not is_taken and getattr(self, name) is not None:
                raise OptionError(
                    f"--{name} is for engines: a graph runs on every device, with frames of any "
                    "size. Add --format trt, or leave it out."
                )
        size = self.frame_size
        if size is not None and (
            len(size) not in (2, 3) or min(size) < 1 or size[2:] not in ((), (1,), (3,))
        ):
            raise OptionError(
                "frame_size must be WIDTHxHEIGHT or WIDTHxHEIGHTx1 or x3, got "
                f"{'x'.join(map(str, size)) or 'nothing'}"
            )
