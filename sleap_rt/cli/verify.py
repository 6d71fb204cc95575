"""`sleap-nn verify`: an exported model's stored sample, replayed on this machine."""

from pathlib import Path
from typing import Any

import click

from sleap_rt.cli.engine_options import engine_options, engine_options_from
from sleap_rt.errors import EngineError
from sleap_rt.options import EngineOptions, filled


@click.command("verify", short_help="Prove an exported model on this machine's engine.")
@click.argument("path", type=click.Path(path_type=Path))
@engine_options
def command(path: Path, **params: Any) -> None:
    """Run an exported model's stored sample here, and compare with the certified result.

    PATH is an `.onnx` file or an export folder. Exit code 1 if a point or a score differs by more
    than the tolerance of the model's precision.

    \b
    sleap-nn verify exports/flies
    sleap-nn verify exports/flies --engine trt
    """
    from sleap_rt.model_files import ModelSource, exported_graphs, model_source
    from sleap_rt.runtime.engines import check_engine_options
    from sleap_rt.runtime.inspect.verify import Verification, verify_graph

    check_engine_options(filled(EngineOptions, params))
    if model_source(path) is not ModelSource.EXPORTED:
        raise click.UsageError(
            f"{path} is a trained model; export it first, `sleap-nn export` compares it on the way"
        )
    graphs = exported_graphs(path)
    options = engine_options_from(params, graphs)
    failed: list[Verification] = []
    for graph in graphs:
        result = verify_graph(graph, options)
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
