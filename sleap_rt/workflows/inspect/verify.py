"""Replays the samples that exported graphs carry, on this machine."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sleap_rt.errors import OptionError
from sleap_rt.model_files import exported_graphs, is_model, model_source
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import EngineChoice, check_engine_options, choose_engine
from sleap_rt.runtime.inspect.verify import Verification, verify_graph
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.words import as_typed
from sleap_rt.workflows.pairs import pairs_among


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
        raise _is_trained([path])
    return GraphSet.read(exported_graphs(path))


def refuse_trained_pair(paths: Sequence[Path]) -> None:
    """Say of two trained models that run together what is taken in place of them.

    Raises:
        OptionError: as the summary says.
    """
    trained = [path for path in paths if is_model(path) and model_source(path) != "exported"]
    for pair in pairs_among(trained) if len(trained) == len(paths) else []:
        raise _is_trained(pair)


def _is_trained(paths: Sequence[Path]) -> OptionError:
    """That these are no export, and how they become one; where it lies, if they did."""
    from sleap_rt.export.beside import default_folder

    one = len(paths) == 1
    found = (
        f"{' and '.join(map(str, paths))} {'is a trained model' if one else 'are a trained pair'}"
    )
    for exported in dict.fromkeys((default_folder(paths), default_folder(paths[::-1]))):
        if any(exported.glob("*.onnx")):
            return OptionError(f"{found}; name {'its' if one else 'their'} export, {exported}")
    command = f"sleap-nn export {' '.join(map(as_typed, paths))}"
    return OptionError(f"{found}; export {'it' if one else 'the pair'} first: `{command}`")
