"""What `-m` accepts, to exported graphs."""

from collections.abc import Sequence
from pathlib import Path

import click

from sleap_rt.contract import OnContracts
from sleap_rt.options import NO_OVERRIDES, ModelOverrides


def resolve_graphs(
    paths: Sequence[Path],
    overrides: ModelOverrides = NO_OVERRIDES,
    check: OnContracts | None = None,
) -> list[Path]:
    """As `graphs_of`; says on standard error that a model is being exported."""
    from sleap_rt.workflows.resolve import graphs_of

    return graphs_of(paths, overrides, lambda text: click.echo(text, err=True), check)
