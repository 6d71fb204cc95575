"""`sleap-nn verify`: an exported model's stored sample, replayed on this machine."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from sleap_rt.cli.options.arguments import OnceCommand
from sleap_rt.cli.options.engine import engine_options, tell_choice
from sleap_rt.cli.options.models import given_models, model_arguments
from sleap_rt.errors import EngineError
from sleap_rt.options import EngineOptions, filled

if TYPE_CHECKING:
    from sleap_rt.runtime.inspect.verify import Verification


@click.command(
    "verify", cls=OnceCommand, short_help="Prove an exported model on this machine's engine."
)
@model_arguments("PATH")
@engine_options
@click.option("--json", "as_json", is_flag=True, help="One JSON array in place of text.")
def command(as_json: bool, **params: Any) -> None:
    """Run an exported model's stored sample here, and compare it with the certified result.

    PATH is an `.onnx` file or an export folder. Exit code 1 if a point or a score differs by more
    than the tolerance of the model's precision.

    \b
    sleap-nn verify exports/flies
    sleap-nn verify exports/flies --engine trt
    """
    (path,) = given_models(params, most=1)
    from sleap_rt.workflows.inspect.verify import plan_verification

    plan = plan_verification(path, filled(EngineOptions, params))
    tell_choice(plan.choice)
    results = []
    for _, result in plan.run():
        results.append(result)
        if not as_json:
            click.echo(_line(result))
    if as_json:
        rows = [{**asdict(one), "path": str(one.path), "passed": one.passed} for one in results]
        click.echo(json.dumps(rows, indent=2))
    n_failed = sum(not result.passed for result in results)
    if n_failed:
        raise EngineError(
            f"{n_failed} of the graphs differ from the certified result on this engine. Use "
            "another --engine, or report it with the lines above."
        )


def _line(result: "Verification") -> str:
    allowed = result.tolerance
    return (
        f"{'OK' if result.passed else 'NOT OK'}  {result.path} ({result.precision}) with "
        f"{result.engine} on {result.device}: {result.n_expected} points, "
        f"{result.n_missing} missing, {result.n_extra} extra; {allowed.share} differ by at "
        f"most {result.px:.1g} px (allowed {allowed.px:g}) and {result.score:.1g} in score "
        f"(allowed {allowed.score:g})"
    )
