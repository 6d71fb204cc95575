"""`sleap-nn export`: trained models to ONNX graphs."""

from pathlib import Path
from typing import Any

import click

from sleap_rt.cli.override_options import override_options, overrides_from


@click.command("export", short_help="Turn trained models into ONNX graphs.")
@click.argument("models", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the graphs.  [default: <first model>/exported; for a pair "
    "<first model>/exported_topdown]",
)
@override_options
def command(models: tuple[Path, ...], output: Path | None, **params: Any) -> None:
    """Turn one trained model, or the two of a top-down pair, into ONNX graphs.

    Each graph holds the whole method: raw frames in, poses in frame pixels out. It is compared with
    the checkpoint on the way, and what was measured is stored in the file. Where an option below is
    not given, the training configuration decides.

    \b
    sleap-nn export models/bottomup -o exports/flies
    sleap-nn export models/centroid models/centered_instance -o exports/flies
    sleap-nn export models/bottomup -o exports/half --input_scale 0.5
    """
    if len(models) > 2:
        raise click.UsageError(f"{len(models)} models were given; one, or a pair, is exported")
    overrides = overrides_from(params)
    from sleap_rt.cli.training_extra import export_models
    from sleap_rt.runtime import read_graph_file

    folder = output or models[0] / ("exported" if len(models) == 1 else "exported_topdown")
    click.echo("exporting; every graph is compared with its checkpoint ...", err=True)
    for path in export_models(models, folder, overrides):
        certificate = read_graph_file(path).contract.certificate
        assert certificate is not None  # export does not finish without one
        click.echo(
            f"{path}: {certificate.n_instances} instances in {certificate.n_frames} frames equal "
            f"to the checkpoint's within {certificate.max_px:.5f} px, "
            f"{certificate.max_score:.1e} in score"
        )
