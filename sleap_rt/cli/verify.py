"""`sleap-nn verify`: an exported model's stored sample, replayed on this machine."""

from pathlib import Path
from typing import Any

import click

from sleap_rt.cli.options.arguments import OnceCommand
from sleap_rt.cli.options.engine import engine_options, tell_choice
from sleap_rt.errors import EngineError
from sleap_rt.options import EngineOptions, filled


@click.command(
    "verify", cls=OnceCommand, short_help="Prove an exported model on this machine's engine."
)
@click.argument("path", type=click.Path(path_type=Path))
@engine_options
def command(path: Path, **params: Any) -> None:
    """Run an exported model's stored sample here, and compare it with the certified result.

    PATH is an `.onnx` file or an export folder. Exit code 1 if a point or a score differs by more
    than the tolerance of the model's precision.

    \b
    sleap-nn verify exports/flies
    sleap-nn verify exports/flies --engine trt
    """
    from sleap_rt.runtime.inspect.verify import Verification
    from sleap_rt.workflows.inspect.verify import plan_verification

    plan = plan_verification(path, filled(EngineOptions, params))
    tell_choice(plan.choice)
    failed: list[Verification] = []
    for graph, result in plan.run():
        allowed = result.tolerance
        click.echo(
            f"{graph}: {result.precision}, engine {result.engine} on {result.device}: "
            f"{result.n_expected} points, {result.n_missing} missing, {result.n_extra} extra; "
            f"{allowed.share} differ by at most {result.px:.1e} px (allowed {allowed.px:g}) and "
            f"{result.score:.1e} in score (allowed {allowed.score:g}): "
            f"{'passed' if result.passed else 'FAILED'}"
        )
        failed += [] if result.passed else [result]
    if failed:
        raise EngineError(
            f"{len(failed)} of the graphs differ from the certified result on this engine. Use "
            "another --engine, or report it with the lines above."
        )
