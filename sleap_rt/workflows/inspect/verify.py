"""Replays the samples that exported graphs carry, on this machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sleap_rt.errors import OptionError
from sleap_rt.model_files import exported_graphs, model_source
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import EngineChoice, check_engine_options, choose_engine
from sleap_rt.runtime.inspect.verify import Verification, verify_graph
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.words import as_typed


@dataclass(frozen=True, kw_only=True)
class VerificationPlan:
    """What will be verified.

    Attributes:
        graphs: to run.
        choice: the engine that runs them, and why.
    """

    graphs: GraphSet
    choice: EngineChoice

    def run(self) -> Iterator[tuple[Path, Verification]]:
        """Yield each graph and the result of its replay."""
        for path in self.graphs.paths:
            yield path, verify_graph(path, self.choice.options)


def plan_verification(path: Path, engine: EngineOptions) -> VerificationPlan:
    """Find the graphs of an export, and the engine for them.

    Args:
        path: an `.onnx` file or an export folder.
        engine: as asked for.

    Raises:
        OptionError: the path is a trained model, or there is no such engine.
        ModelError: the path is not a model.
    """
    check_engine_options(engine)
    graphs = exported_only(path)
    return VerificationPlan(graphs=graphs, choice=choose_engine(engine, graphs.precisions))


def exported_only(path: Path) -> GraphSet:
    """The graphs of an export.

    Raises:
        OptionError: the path is a trained model.
        ModelError: the path is not a model.
    """
    if model_source(path) != "exported":
        from sleap_rt.export.beside import default_folder

        exported = default_folder([path])
        if any(exported.glob("*.onnx")):
            raise OptionError(f"{path} is a trained model; name its export, {exported}")
        raise OptionError(
            f"{path} is a trained model; export it first: `sleap-nn export {as_typed(path)}`"
        )
    return GraphSet.read(exported_graphs(path))
