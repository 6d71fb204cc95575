"""Options with one home each: default, unit and check. The command line reads them from here."""

from sleap_rt.options.dividing import FrameRange
from sleap_rt.options.exporting import (
    EXPORT_FORMATS,
    NO_OVERRIDES,
    CalibrationOptions,
    ExportOptions,
    ModelOverrides,
    calibration_asked,
    overrides_at_run_time,
)
from sleap_rt.options.given import filled
from sleap_rt.options.live import LiveOptions
from sleap_rt.options.running import (
    LABEL_FILTERS,
    USUAL_BATCH_SIZE,
    DecodeOptions,
    EngineOptions,
    FilterOptions,
    RunOptions,
    SelectionOptions,
)
from sleap_rt.options.showing import PageOptions, RenderOptions

__all__ = [
    "EXPORT_FORMATS",
    "LABEL_FILTERS",
    "NO_OVERRIDES",
    "USUAL_BATCH_SIZE",
    "CalibrationOptions",
    "DecodeOptions",
    "EngineOptions",
    "ExportOptions",
    "FilterOptions",
    "FrameRange",
    "LiveOptions",
    "ModelOverrides",
    "PageOptions",
    "RenderOptions",
    "RunOptions",
    "SelectionOptions",
    "calibration_asked",
    "filled",
    "overrides_at_run_time",
]
