"""What `-m` accepts, to exported graphs."""

from collections.abc import Sequence
from pathlib import Path

import click

from sleap_rt.errors import ModelError
from sleap_rt.model_files import ModelSource, exported_graphs, model_source, one_family


def resolve_graphs(paths: Sequence[Path]) -> list[Path]:
    """Exported graphs of the models given; trained models are exported on first use.

    Args:
        paths: export folders, `.onnx` files or trained models.

    Raises:
        ModelError: a path is no model, or a model cannot be exported.
    """
    sources = {path: model_source(path) for path in paths}
    trained = [path for path in paths if sources[path] is not ModelSource.EXPORTED]
    if not trained:
        return [graph for path in paths for graph in exported_graphs(path)]
    if len(trained) < len(paths):
        raise ModelError(
            "trained models and exported graphs were given together; give either, so that both "
            "stages are sure to fit each other"
        )
    one_family(trained)
    from sleap_rt.cli.training_extra import cached_graphs
    from sleap_rt.export.cache import is_cached

    if not is_cached(trained):
        click.echo("exporting the model once; later runs use the cached graphs ...", err=True)
    return cached_graphs(trained)
