"""What users give as models, to exported graphs."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from sleap_rt import training_extra
from sleap_rt.contract import GraphContract, OnContracts
from sleap_rt.errors import ModelError, OptionError
from sleap_rt.model_files import ModelSource, exported_graphs, model_source, one_family
from sleap_rt.options import NO_OVERRIDES, ModelOverrides
from sleap_rt.runtime.graph_file import read_graph_file

_log = logging.getLogger(__name__)


def graphs_of(
    paths: Sequence[Path],
    overrides: ModelOverrides = NO_OVERRIDES,
    announce: Callable[[str], None] = _log.info,
    check: OnContracts | None = None,
) -> list[Path]:
    """Exported graphs of the models given; trained models are exported on first use.

    Exporting needs PyTorch, which the runtime does not: `training_extra` looks that part up by
    name, and only where a trained model is given.

    Args:
        paths: export folders, `.onnx` files or trained models.
        overrides: what is to differ from the training configurations.
        announce: is told when an export begins, which takes a while.
        check: is told what the graphs are, before an export what they will be, and may raise.

    Raises:
        OptionError: an override has no effect, or the models are exported already and fixed.
        ModelError: a path is no model, or a model cannot be exported.
    """
    sources = {path: model_source(path) for path in paths}
    trained = [path for path in paths if sources[path] is not ModelSource.EXPORTED]
    if not trained:
        _refuse_overrides(overrides)
        graphs = [graph for path in paths for graph in exported_graphs(path)]
        _check(graphs, check)
        return graphs
    if len(trained) < len(paths):
        raise ModelError(
            "trained models and exported graphs were given together; give either, so that both "
            "stages are sure to fit each other"
        )
    one_family(trained)

    def on_start(contracts: Sequence[GraphContract]) -> None:
        if check is not None:
            check(contracts)
        announce("exporting the model once; later runs use the cached graphs ...")

    graphs = training_extra.cached_graphs(trained, overrides, on_start)
    _check(graphs, check)
    if overrides.backbone_ckpt_path is not None or overrides.head_ckpt_path is not None:
        for contract in (read_graph_file(graph).contract for graph in graphs):
            for note in contract.notes:  # of a pair, one model has other weights: say which
                announce(f"{contract.kind}: {note}")
    return graphs


def _check(graphs: Sequence[Path], check: OnContracts | None) -> None:
    if check is not None:
        check([read_graph_file(graph).contract for graph in graphs])


def _refuse_overrides(overrides: ModelOverrides) -> None:
    """An exported graph has these built in."""
    fixed = ", ".join(f"--{name}" for name in overrides.given)
    if fixed:
        raise OptionError(
            f"{fixed}: built into an exported graph, and only exported graphs were given; give the "
            "trained model's folder, or export it again with this option"
        )
