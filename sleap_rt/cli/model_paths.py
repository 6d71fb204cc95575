"""What `-m` accepts, to exported graphs."""

from collections.abc import Sequence
from pathlib import Path

import click

from sleap_rt.errors import ModelError, OptionError
from sleap_rt.model_files import ModelSource, exported_graphs, model_source, one_family
from sleap_rt.options import NO_OVERRIDES, ModelOverrides


def resolve_graphs(paths: Sequence[Path], overrides: ModelOverrides = NO_OVERRIDES) -> list[Path]:
    """Exported graphs of the models given; trained models are exported on first use.

    Args:
        paths: export folders, `.onnx` files or trained models.
        overrides: what is to differ from the training configurations.

    Raises:
        OptionError: an override has no effect, or the models are exported already and fixed.
        ModelError: a path is no model, or a model cannot be exported.
    """
    sources = {path: model_source(path) for path in paths}
    trained = [path for path in paths if sources[path] is not ModelSource.EXPORTED]
    if not trained:
        _refuse_overrides(overrides)
        return [graph for path in paths for graph in exported_graphs(path)]
    if len(trained) < len(paths):
        raise ModelError(
            "trained models and exported graphs were given together; give either, so that both "
            "stages are sure to fit each other"
        )
    one_family(trained)
    from sleap_rt.cli.training_extra import cached_graphs
    from sleap_rt.export.cache import is_cached

    if not is_cached(trained, overrides):
        click.echo("exporting the model once; later runs use the cached graphs ...", err=True)
    return cached_graphs(trained, overrides)


def _refuse_overrides(overrides: ModelOverrides) -> None:
    """An exported graph has these built in."""
    fixed = ", ".join(f"--{name}" for name in overrides.given)
    if fixed:
        raise OptionError(
            f"{fixed}: built into an exported graph, and only exported graphs were given; give the "
            "trained model's folder, or export it again with this option"
        )
