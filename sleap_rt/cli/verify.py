"""`sleap-nn verify`: an exported model's stored sample, replayed on this machine."""

from typing import Any

import click

from sleap_rt.cli.options.arguments import OnceCommand
from sleap_rt.cli.options.engine import engine_options, tell_choice
from sleap_rt.cli.options.models import given_models, model_arguments
from sleap_rt.errors import EngineError
from sleap_rt.options import EngineOptions, filled


@click.command(
    "verify", cls=OnceCommand, short_help="Prove an exported model on this machine's engine."
)
@model_arguments("PATH")
@engine_options
def command(**params: Any) -> None:
    """Run an exported model's stored sample here, and compare it with the certified result.

    PATH is an `.onnx` file or an export folder. Exit code 1 if a point or a score differs by more
    than the tolerance of the model's precision.

    \b
    sleap-nn verify exports/flies
    sleap-nn verify exports/flies --engine trt
    """
    (path,) = given_models(params, most=1)
    from sleap_rt.runtime.inspect.verify import Verification
    from sleap_rt.workflows.inspect.verify import plan_verification

    plan = plan_verification(path, filled(EngineOptions, params))
    tell_choice(plan.choice)
    failed: list[Verification] = []
    for graph, result in plan.run():
        allowed = result.tolerance
        click.echo(
            f"{'OK' if result.passed else 'NOT OK'}  {graph} ({result.precision}) with "
            f"{result.engine} on {result.device}: {result.n_expected} points, "
            f"{result.n_missing} missing, {result.n_extra} extra; {allowed.share} differ by at "
            f"most {result.px:.1g} px (allowed {allowed.px:g}) and {result.score:.1g} in score "
            f"(allowed {allowed.score:g})"
        )
        failed += [] if result.passed else [result]
    if failed:
        raise EngineError(
            f"{len(failed)} of the graphs differ from the certified result on this engine. Use "
            "another --engine, or report it with the lines above."
        )
