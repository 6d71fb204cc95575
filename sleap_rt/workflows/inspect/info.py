"""What a model is, trained or exported, in plain values."""

from pathlib import Path
from typing import Any

from sleap_rt.kinds import KINDS
from sleap_rt.model_files import exported_graphs, model_source
from sleap_rt.runtime.graph_file import read_graph_file
from sleap_rt.runtime.inspect.info import describe_graph
from sleap_rt.workflows.export_extra import needs_export_extra
from sleap_rt.workflows.pairs import naming_pairs


def describe(path: Path, *, with_network: bool = False) -> list[dict[str, Any]]:
    """One description for each model, first stage first.

    Args:
        path: an export folder, an `.onnx` file or a trained model.
        with_network: of a trained model, load the weights as well and count parameters and
            operations. That takes seconds; its configuration alone is read at once.

    Raises:
        ModelError: the path is not a model, or it cannot be read; or its weights are wanted and
            the export extra is not installed.
    """
    with naming_pairs([path]):
        family = model_source(path)
    if family == "exported":
        found = [describe_graph(read_graph_file(graph)) for graph in exported_graphs(path)]
        return sorted(found, key=lambda model: bool(KINDS[model["kind"]].sees_crops))
    with needs_export_extra():
        from sleap_rt.models.summary import describe_model
        from sleap_rt.workflows.inspect.training.facts import describe_training  # loads sleap-io

        model = describe_model(path, family)
        model["training"] = describe_training(path, family)
        if with_network:
            from sleap_rt.models.network_summary import describe_network

            model |= describe_network(path, family)
    return [model]
