"""`sleap-nn verify`: does an exported model compute here what its checkpoint does?"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sleap_rt.cli.engine_options import device_option, engine_option
from sleap_rt.options import EngineOptions

if TYPE_CHECKING:
    from sleap_rt.runtime.verify import Verification


@click.command("verify", short_help="Check an exported model on this machine's engine and device.")
@click.argument("path", type=click.Path(path_type=Path))
@engine_option()
@device_option
def command(path: Path, engine: str, device: str) -> int:
    """Replay the sample that an exported model carries, and compare with its checkpoint.

    PATH is an `.onnx` file or an export folder. Every file holds a small frame and what the
    checkpoint finds in it; both were put there by `export`. Exit code 1 if what is found here is
    further off than its precision allows.

    \b
    sleap-nn verify exports/flies
    sleap-nn verify exports/flies/centroid.onnx --engine openvino
    """
    options = EngineOptions(engine=engine, device=device)
    from sleap_rt.model_files import ModelSource, exported_graphs, model_source
    from sleap_rt.runtime.engines import check_engine_options, choose_engine
    from sleap_rt.runtime.verify import verify_graph

    check_engine_options(options)
    if model_source(path) is not ModelSource.EXPORTED:
        raise click.UsageError(f"{path} is a trained model; `sleap-nn export` it first")
    choice = choose_engine(options)
    if engine == "auto":
        click.echo(f"engine {choice.options.engine}: {choice.reason}", err=True)
    passed = True
    for graph in exported_graphs(path):
        verification = verify_graph(graph, choice.options)
        click.echo(_line(verification, choice.options.engine))
        passed = passed and verification.passed
    return 0 if passed else 1


def _line(found: "Verification", engine: str) -> str:
    seen, allowed = found.differences, found.tolerance
    n_found = seen.n_expected - seen.n_lost
    counts = f"{n_found} of {seen.n_expected} instances"
    if seen.n_extra:
        counts += f" and {seen.n_extra} that should not be there"
    if seen.n_other_nodes:
        counts += f", {seen.n_other_nodes} nodes found only in one of the two"
    px = f"{seen.p99_px:.5f} px (99 %)"
    bound = f"{allowed.p99_px} px"
    if allowed.max_px is not None:
        px, bound = f"{seen.max_px:.5f} px", f"{allowed.max_px} px"
    verdict = "ok" if found.passed else "FAILED"
    return (
        f"{found.path}: {verdict} on {engine} ({found.device}): {counts}, off by {px}, "
        f"{seen.max_score:.1e} in score; allowed {bound}, {allowed.max_score:.0e}"
    )
