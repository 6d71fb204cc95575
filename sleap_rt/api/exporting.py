"""`export_models`: the command `export` as a Python function."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sleap_rt.api.arguments import OverrideArguments, in_our_words
from sleap_rt.api.option_objects import check_arguments
from sleap_rt.api.signatures import names_arguments
from sleap_rt.contract import Precision
from sleap_rt.errors import OptionError, log_of
from sleap_rt.options import (
    NO_OVERRIDES,
    CalibrationOptions,
    ExportOptions,
    ModelOverrides,
    calibration_asked,
    filled,
)
from sleap_rt.options.exporting import BUILT_IN
from sleap_rt.options.paths import given_path
from sleap_rt.options.value_types import check_value
from sleap_rt.runtime.model_set import ModelSet
from sleap_rt.workflows.export import Exported
from sleap_rt.workflows.export import export_models as export_with_options
from sleap_rt.workflows.planning.doubts import of_two_trainings

if TYPE_CHECKING:
    from typing_extensions import Unpack  # `typing` has it from Python 3.11 on

_log = log_of(__name__)


class ExportArguments(OverrideArguments, total=False):
    """In what form, and what replaces settings of the training. Left out: the command's default."""

    precision: Precision
    calibrate: str | Path | None  # int8: video or `.slp` file with typical frames
    calibration_frames: int | None
    allow_loss: bool  # int8: export even if the poses lose more than the limits
    format: Literal["onnx", "trt", "bonsai"]
    target: str | None  # trt: GPU architecture, such as "sm86"
    frame_size: Sequence[int] | None  # trt, bonsai: (width, height[, channels]) px


_AT_RUN_TIME = (
    "graphs take it at run time: pass it to run_inference or PosePredictor; one for Bonsai has it "
    "built in, as decode of ExportOptions (options)"
)
_ELSEWHERE = {
    "overwrite": "an export replaces an earlier one of the same model by itself, and no other's",
    **dict.fromkeys(BUILT_IN, _AT_RUN_TIME),
}


@names_arguments(
    ExportArguments, ExportOptions, CalibrationOptions, elsewhere=_ELSEWHERE, command="export"
)
def export_models(
    models: str | Path | Sequence[str | Path],
    folder: str | Path | None = None,
    overrides: ModelOverrides = NO_OVERRIDES,
    options: ExportOptions | None = None,
    on_step: Callable[[Any], None] | None = None,
    progress: bool | None = None,
    **arguments: "Unpack[ExportArguments]",
) -> list[Exported]:
    """Export one model, or the two of a top-down pair, as `sleap-nn export`.

    Args:
        models: one trained model, or the two of a pair in any order.
        folder: receives the graphs; None takes `exported` in the model's folder, for a pair
            `exported_topdown` in the folder of the model given first.
        overrides: settings that replace those of the training, as one object.
        options: precision, and the engine to build, as one object, which also has what is built
            into graphs for Bonsai.
        on_step: called as each step begins and ends.
        progress: without `on_step`, show a bar on standard error; None does on terminals and in
            notebooks.
        **arguments: the same by name, such as `precision="fp16"`, as listed below.

    Returns:
        The graphs, first stage first.

    Raises:
        OptionError: an option has no effect with these models, or cannot be honoured.
        DataError: the calibration's frames cannot be read, or are too few.
        ModelError: a model cannot be exported, or the export extra is not installed.
        EngineError: the engine asked for cannot be built.
    """
    if all(isinstance(one, str | Path) for one in (models, folder, overrides)):
        raise OptionError(
            f"overrides must be of type ModelOverrides; got {str(overrides)!r}. The two models of "
            "a pair go in one list: "
            f"export_models([{str(models)!r}, {str(folder)!r}], {str(overrides)!r})"
        )
    checked = check_arguments(arguments, ExportArguments)
    check_value("on_step", on_step, Callable | None)
    given = in_our_words(checked)
    of_training = {name: given.pop(name) for name in ModelOverrides.__annotations__ & given.keys()}
    if (given and options is not None) or (of_training and overrides != NO_OVERRIDES):
        named = ", ".join(given or of_training)
        raise OptionError(f"{named}: given by name beside an object of options; give one of them")
    if given:
        options = _options(given)
    if of_training:
        overrides = filled(ModelOverrides, of_training)
    exported = export_with_options(models, folder, overrides, options, on_step, progress)
    for replaces in dict.fromkeys(one.replaces for one in exported if one.replaces):
        _log.info(replaces)
    for doubt in of_two_trainings(ModelSet.of(one.contract for one in exported)):
        _log.warning(doubt)
    return exported


def _options(given: dict[str, Any]) -> ExportOptions:
    calibrate = given.pop("calibrate", None)
    calibration = calibration_asked(
        given_path("calibrate", calibrate),
        given.pop("calibration_frames", None),
        allow_loss=given.pop("allow_loss", False),
    )
    if given.get("frame_size") is not None:
        given["frame_size"] = tuple(given["frame_size"])
    return filled(ExportOptions, {**given, "calibration": calibration})
