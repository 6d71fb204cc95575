"""What users give as models, to exported graphs."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path


def graphs_of(paths: Sequence[Path]) -> list[Path]:
    """Exported graphs of the models given; trained models are exported on first use.

    Exporting needs PyTorch, which the runtime does not; so that part is looked up by name, and only
    where a trained model is given.

    Raises:
        ModelError: a path is no model, or a model cannot be exported.
    """
    graphs: list[Path] = import_module("sleap_rt.cli.model_paths").resolve_graphs(paths)
    return graphs
