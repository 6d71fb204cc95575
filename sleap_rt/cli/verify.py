"""`sleap-nn verify`: an exported model's stored sample, replayed on this machine."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sleap_rt.cli.options.arguments import OnceCommand
from sleap_rt.cli.options.engine import engine_options, tell_choice
from sleap_rt.cli.options.models import given_models, model_arguments
from sleap_rt.cli.terminal.documents import print_json
from sleap_rt.cli.terminal.messages import next_step
from sleap_rt.cli.terminal.program import as_called
from sleap_rt.cli.terminal.streams import say
from sleap_rt.errors import EngineError, OptionError
from sleap_rt.options import EngineOptions, filled
from sleap_rt.words import as_typed, counted, in_full

if TYPE_CHECKING:
    from sleap_rt.runtime.inspect.own_frames import OwnFrames
    from sleap_rt.runtime.inspect.verify import Verification


@click.command(
    "verify", cls=OnceCommand, short_help="Prove an exported model on this machine's engine."
)
@model_arguments("PATH")
@engine_options
@click.option(
    "-i",
    "--data_path",
    type=click.Path(path_type=Path),
    help="Compare the engine with ONNX Runtime on the CPU on frames of this video, too.",
)
@click.option(
    "--n_frames",
    type=int,
    metavar="N",
    help="With -i: frames from all over the video, at most.  [default: 16]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON array in place of text.")
def command(data_path: Path | None, n_frames: int | None, as_json: bool, **params: Any) -> None:
    """Run an exported model's stored sample here, and compare it with the certified result.

    PATH is an `.onnx` file or an export folder. Exit code 1 if a point or a score differs by more
    than the tolerance of the model's precision.

    \b
    sleap-nn verify exports/flies
    sleap-nn verify exports/flies --engine trt
    sleap-nn verify exports/flies --engine openvino -i video.mp4
    """
    (path,) = given_models(params, most=1)
    if n_frames is not None and data_path is None:
        raise OptionError("n_frames: no effect without data_path; leave it out")
    from sleap_rt.workflows.inspect.own_frames import USUAL_N_FRAMES, plan_comparison
    from sleap_rt.workflows.inspect.verify import plan_verification

    engine, comparison = filled(EngineOptions, params), None
    if data_path is None:
        plan = plan_verification(path, engine)
    else:
        n_frames = USUAL_N_FRAMES if n_frames is None else n_frames
        comparison = plan_comparison(path, engine, data_path, n_frames)
        plan = comparison.verification
    tell_choice(plan.choice)
    told = _Told(as_json=as_json)
    for graph, result in plan.run():
        told.add(graph, result, _line(result))
    if comparison is not None:
        compared = comparison.run()
        told.add(comparison.data_path, compared, _line_of_frames(comparison.data_path, compared))
    told.end()
    if not as_json:
        if comparison is None:
            _tell_what_was_compared(path, plan.choice.options)
        next_step(f"sleap-nn track -i VIDEO -m {as_typed(path)}", "run it")


class _Told:
    """Results, told at once as text, or together as JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._rows: list[dict[str, Any]] = []

    def add(self, path: Path, result: "Verification | OwnFrames", line: str) -> None:
        self._rows.append({**asdict(result), "path": in_full(path), "passed": result.passed})
        if not self._as_json:
            say(line)

    def end(self) -> None:
        """Raises:
        EngineError: a result did not pass.
        """
        if self._as_json:
            print_json(self._rows)
        n_failed = sum(not row["passed"] for row in self._rows)
        if n_failed:
            raise EngineError(
                f"{n_failed} of {len(self._rows)} checks differ from the certified result on this "
                "engine. Use another --engine, or report it with the lines above."
            )


def _tell_what_was_compared(path: Path, engine: EngineOptions) -> None:
    from sleap_rt.runtime.inspect.own_frames import is_the_reference

    frame = (
        "Compared was the one small frame that each file carries, with what the certified graph "
        f"found in it. What the export was compared on: `sleap-nn info {as_typed(path)}`"
    )
    say(as_called(frame))
    if not is_the_reference(engine):
        where = f"--engine {engine.engine} --device {engine.device}"
        command = f"sleap-nn verify {as_typed(path)} {where} -i VIDEO"
        next_step(command, "compare it on frames of your own")


def _line_of_frames(path: Path, result: "OwnFrames") -> str:
    allowed = result.tolerance
    return (
        f"{'OK' if result.passed else 'NOT OK'}  {path}, {counted(result.n_frames, 'frame')} with "
        f"{result.engine} on {result.device} against {result.reference}: "
        f"{counted(result.n_instances, 'instance')}, {result.n_missing} missing, "
        f"{result.n_extra} extra, {result.n_renamed} of another class; "
        f"{counted(result.n_points, 'point')}, {result.n_changed} of them found by one only; "
        f"99 % differ by at most {result.px:.1g} px (allowed {allowed.px:g}; all "
        f"{result.most_px:.1g} px) and {result.score:.1g} in score (allowed {allowed.score:g})"
    )


def _line(result: "Verification") -> str:
    allowed = result.tolerance
    return (
        f"{'OK' if result.passed else 'NOT OK'}  {result.path} ({result.precision}) with "
        f"{result.engine} on {result.device}: {counted(result.n_expected, 'point')}, "
        f"{result.n_missing} missing, {result.n_extra} extra; {allowed.share} differ by at "
        f"most {result.px:.1g} px (allowed {allowed.px:g}) and {result.score:.1g} in score "
        f"(allowed {allowed.score:g})"
    )
