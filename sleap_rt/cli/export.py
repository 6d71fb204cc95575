"""`sleap-nn export`: trained models to ONNX graphs."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sleap_rt.cli.options.dialects import DialectCommand
from sleap_rt.cli.options.models import given_models, model_arguments
from sleap_rt.cli.options.overrides import OVERRIDES, overrides_from
from sleap_rt.cli.options.parameters import Choice
from sleap_rt.cli.options.sections import section
from sleap_rt.cli.reports.steps_progress import StepsProgress
from sleap_rt.cli.terminal import messages
from sleap_rt.cli.terminal.documents import print_json
from sleap_rt.cli.terminal.streams import say
from sleap_rt.contract import PRECISIONS, Precision
from sleap_rt.errors import OptionError
from sleap_rt.options import (
    EXPORT_FORMATS,
    CalibrationOptions,
    DecodeOptions,
    ExportOptions,
    calibration_asked,
    filled,
)
from sleap_rt.options.exporting import BUILT_IN, only_for_bonsai
from sleap_rt.options.upstream import why_unknown
from sleap_rt.words import as_typed, in_full, is_or_are

if TYPE_CHECKING:
    from sleap_rt.workflows.export import Exported


def _frame_size(
    context: click.Context, option: click.Parameter, text: str | None
) -> tuple[int, ...] | None:
    """`1280x1024` or `1280x1024x1` as numbers."""
    if text is None:
        return None
    sizes = text.lower().split("x")
    if not all(size.isdigit() for size in sizes):
        raise click.BadParameter(f"{text!r} is not of the form WIDTHxHEIGHT[xCHANNELS]")
    return tuple(int(size) for size in sizes)


class _Format(click.Choice[str]):
    """Takes sleap-nn's names, too: `tensorrt` and `both` keep the graph beside the engine."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        ours = "trt" if value.lower() in ("tensorrt", "both") else value.lower()
        return super().convert(ours, param, ctx)


_BONSAI = (
    click.option(
        "--max_instances",
        "-n",
        type=int,
        help="With --format bonsai: most animals in a frame; time grows with them.  [default: 20]",
    ),
    click.option(
        "--peak_threshold",
        type=float,
        help="With --format bonsai: confidence below which there is no peak.  "
        f"[default: {DecodeOptions.peak_threshold}]",
    ),
    click.option(
        "--centroid_peak_threshold",
        type=float,
        help="With --format bonsai: the same for centroids.  [default: --peak_threshold]",
    ),
    click.option(
        "--integral_refinement",
        type=click.Choice(("integral", "none")),
        help="With --format bonsai: peaks within a cell, or whole cells.  [default: integral]",
    ),
)

_WRITTEN = (
    click.option(
        "--output",
        "-o",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder for the graphs.  [default: <first model>/exported; for a pair "
        "<first model>/exported_topdown; a zip counts as a folder of its name]",
    ),
    click.option(
        "--precision",
        type=Choice(PRECISIONS),
        default=ExportOptions.precision,
        show_default=True,
        help="Number format of the network; fp16 is for GPUs, int8 for TensorRT and OpenVINO.",
    ),
    click.option(
        "--format",
        "-f",
        "format_",
        type=_Format(EXPORT_FORMATS),
        default=ExportOptions.format,
        show_default=True,
        help="trt adds an engine of TensorRT-RTX beside each graph; no GPU is needed. bonsai "
        "writes one graph for Bonsai.Sleap.",
    ),
    click.option(
        "--target", help="With --format trt: GPU architecture, e.g. sm86 (GeForce RTX 30)."
    ),
    click.option(
        "--frame_size",
        metavar="WIDTHxHEIGHT",
        callback=_frame_size,
        help="With --format trt or bonsai: size of the frames, px; x1 or x3 behind it: their "
        "channels.  [default: as trained; bonsai: any]",
    ),
)
_INT8 = (
    click.option(
        "--calibrate",
        type=click.Path(path_type=Path),
        metavar="VIDEO|SLP",
        help="With --precision int8: typical frames, to find the range of every layer and to "
        "measure how much poses change.",
    ),
    click.option(
        "--calibration_frames",
        type=int,
        help="With --calibrate: most frames for the ranges, and as many others to measure on.  "
        f"[default: {CalibrationOptions.calibration_frames}]",
    ),
    click.option(
        "--allow_loss",
        is_flag=True,
        help="With --calibrate: export even if poses change by more than the limits.",
    ),
)
# Hidden: taken for scripts that send them, not offered to people.
_OF_SLEAP_NN = {
    "verify": click.option("--verify/--no_verify", default=None, hidden=True),
    "device": click.option("--device", hidden=True),
    "opset_version": click.option("--opset_version", type=int, hidden=True),
    "max_batch_size": click.option("--max_batch_size", type=int, hidden=True),
    "max_peaks_per_node": click.option("--max_peaks_per_node", type=int, hidden=True),
}
_MESSAGES = (
    click.option("--verbose", is_flag=True, help="Say how long each step took."),
    click.option("--json", "as_json", is_flag=True, help="One JSON array in place of text."),
)


@click.command("export", cls=DialectCommand, short_help="Turn trained models into ONNX graphs.")
@model_arguments("MODEL [MODEL]", "Models")
@section("What is written", *_WRITTEN)
@section("int8", *_INT8)
@section("Built in, with --format bonsai", *_BONSAI)
@section("In place of the training configuration", *OVERRIDES)
@section("Messages", *_MESSAGES)
@section("Of sleap-nn", *_OF_SLEAP_NN.values())
def command(
    output: Path | None,
    precision: Precision,
    calibrate: Path | None,
    calibration_frames: int | None,
    allow_loss: bool,
    format_: str,
    target: str | None,
    frame_size: tuple[int, ...] | None,
    verbose: bool,
    as_json: bool,
    **params: Any,
) -> None:
    """Turn one trained model, or the two of a top-down pair, into ONNX graphs.

    A model is a folder of sleap-nn, or of SLEAP 1.4 or older (a file in it or a zip of it will do).

    Each graph holds the whole method: raw frames in, poses in frame pixels out. The export compares
    it with the checkpoint, and stores the differences in the file. Where an option below is not
    given, the training configuration decides.

    \b
    sleap-nn export models/bottomup -o exports/flies
    sleap-nn export models/centroid models/centered_instance -o exports/flies
    sleap-nn export models/bottomup -o exports/half --input_scale 0.5
    sleap-nn export models/bottomup -o exports/rtx --format trt --target sm86
    sleap-nn export models/bottomup -o quick --precision int8 --calibrate a.mp4
    sleap-nn export models/bottomup -o bonsai --format bonsai -n 3
    """
    without_effect = _without_effect(params)
    decode = _built_in(params, format_)
    models = given_models(params, most=2, forms="the folder of a trained one, or two of a pair")
    overrides = overrides_from(params)
    options = ExportOptions(
        precision=precision,
        calibration=calibration_asked(calibrate, calibration_frames, allow_loss=allow_loss),
        format=format_,
        target=target,
        frame_size=frame_size,
        decode=decode,
    )
    for warning in without_effect:
        messages.warn(warning)
    from sleap_rt.export.beside import default_folder
    from sleap_rt.workflows.export import export_models

    progress = StepsProgress(
        quiet=False,
        verbose=verbose,
        opening=f"exporting into {output or default_folder(models)}; every graph is compared with "
        "its checkpoint ...",
    )
    with closing(progress):
        exported = export_models(models, output, overrides, options, progress)
    if as_json:
        print_json([_as_json(one) for one in exported])
        return
    _show(exported, target)


def _show(exported: "Sequence[Exported]", target: str | None) -> None:
    from sleap_rt.runtime.model_set import ModelSet
    from sleap_rt.workflows.inspect.proof_in_words import proof_in_words
    from sleap_rt.workflows.planning.doubts import of_two_trainings

    for doubt in of_two_trainings(ModelSet.of(one.contract for one in exported)):
        messages.warn(doubt)
    for replaces in dict.fromkeys(one.replaces for one in exported if one.replaces):
        messages.note(replaces)
    for one in exported:
        for note in one.contract.notes:
            messages.note(f"{one.contract.kind}: {note}")
        name = one.path if one.bonsai is None else one.contract.kind
        proof = "\n  ".join(proof_in_words(asdict(one.contract)))
        say(f"{name}: {proof}")
    if exported[0].bonsai is not None:
        say(f"{exported[0].path}: {exported[0].bonsai}")
        messages.next_step(f"give {exported[0].path} to the operator of Bonsai.Sleap as its model")
        return
    for one in exported:
        if one.engine is not None:
            say(f"{one.engine}: for {target}")
    folder = as_typed(exported[0].path.parent)
    messages.next_step(f"sleap-nn track -i VIDEO -m {folder}", "run it")


def _as_json(one: "Exported") -> dict[str, Any]:
    engine = None if one.engine is None else in_full(one.engine)
    return {
        "path": in_full(one.path),
        "engine": engine,
        "replaces": one.replaces,
        **asdict(one.contract),
    }


def _without_effect(params: dict[str, Any]) -> list[str]:
    """What to say of options of sleap-nn that change nothing, taken out of the parameters."""
    given = {name: params.pop(name) for name in _OF_SLEAP_NN}
    names = [
        f"no_{name}" if value is False else name
        for name, value in given.items()
        if value is not None
    ]
    return [f"--{why_unknown(name, 'export')}".rstrip(".") for name in names]


def _built_in(params: dict[str, Any], format_: str) -> DecodeOptions | None:
    """What is built into a graph for Bonsai, taken out of the parameters."""
    given = {name: params.pop(name) for name in BUILT_IN}
    given = {name: value for name, value in given.items() if value is not None}
    if format_ == "bonsai":
        return filled(DecodeOptions, given)
    if given:
        names = " and ".join(given)
        are, them = is_or_are(len(given)), "it" if len(given) == 1 else "them"
        raise OptionError(only_for_bonsai(f"{names} {are}", them))
    return None
