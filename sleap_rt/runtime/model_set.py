"""The models of a run, first stage first: their contracts, and their graphs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sleap_rt.contract import Family, GraphContract, Precision
from sleap_rt.errors import ModelError
from sleap_rt.kinds import CROP_KINDS, ModelKind, is_crop_model_alone, supported_set
from sleap_rt.model_files import MIXED_FAMILIES
from sleap_rt.runtime.graph_file import GraphFile, read_graph_file
from sleap_rt.skeleton import Skeleton


@dataclass(frozen=True)
class ModelSet:
    """One model, or the two of a top-down pair.

    Attributes:
        contracts: of each graph, also of one that is not exported yet.
    """

    contracts: tuple[GraphContract, ...]

    @classmethod
    def of(cls, contracts: Iterable[GraphContract]) -> "ModelSet":
        """Models given in any order.

        Raises:
            ModelError: they are not a supported set, or do not fit each other.
        """
        given = list(contracts)
        kinds = supported_set([contract.kind for contract in given])
        _check_fit(given)
        return ModelSet(tuple(sorted(given, key=lambda contract: kinds.index(contract.kind))))

    @property
    def kinds(self) -> tuple[ModelKind, ...]:
        return tuple(contract.kind for contract in self.contracts)

    @property
    def in_words(self) -> str:
        return " + ".join(self.kinds)

    @property
    def first(self) -> GraphContract:
        """Contract of the stage that sees whole frames, or of a crop model alone."""
        return self.contracts[0]

    @property
    def last(self) -> GraphContract:
        """Contract of the stage whose nodes the instances have."""
        return self.contracts[-1]

    @property
    def family(self) -> Family:
        return self.last.family

    @property
    def skeleton(self) -> Skeleton:
        return self.last.skeleton

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.last.class_names

    @property
    def precisions(self) -> frozenset[Precision]:
        """Number formats of the networks."""
        return frozenset(contract.precision for contract in self.contracts)

    @property
    def is_centroid_alone(self) -> bool:
        return self.kinds == ("centroid",)

    @property
    def finds_many(self) -> bool:
        """Whether a frame can have several animals."""
        return self.kinds != ("single_instance",)

    @property
    def needs_labels(self) -> bool:
        """Whether the set works on labelled animals: a crop model alone."""
        return is_crop_model_alone(self.kinds)


@dataclass(frozen=True)
class GraphSet(ModelSet):
    """Models that are exported.

    Attributes:
        paths: the `.onnx` files, in the order of `contracts`.
        trained: the trained models that a user gave in place of them, as given; else empty.
    """

    paths: tuple[Path, ...]
    trained: tuple[Path, ...] = ()

    @classmethod
    def read(cls, paths: Sequence[Path], trained: tuple[Path, ...] = ()) -> "GraphSet":
        """Read the contracts of graphs, given in any order.

        Args:
            paths: the `.onnx` files.
            trained: as the attribute.

        Raises:
            ModelError: a file is missing or not ours, or the models are not a supported set.
        """
        files = [read_graph_file(path) for path in paths]
        ordered = ModelSet.of(file.contract for file in files).contracts
        path_of = {file.contract.kind: file.path for file in files}
        return cls(ordered, tuple(path_of[contract.kind] for contract in ordered), trained)

    @property
    def files(self) -> tuple[GraphFile, ...]:
        return tuple(map(GraphFile, self.paths, self.contracts))


def _check_fit(contracts: Sequence[GraphContract]) -> None:
    """Refuse models of two families, and stages that were not exported for each other.

    Raises:
        ModelError: as the summary says.
    """
    if len({contract.family for contract in contracts}) > 1:
        described = ", ".join(f"{contract.kind} ({contract.family})" for contract in contracts)
        raise ModelError(f"{described}: {MIXED_FAMILIES}")
    if len(contracts) == 1:
        return
    centroid, instance = sorted(contracts, key=lambda contract: contract.kind in CROP_KINDS)
    first, second = centroid.preprocessing, instance.preprocessing
    sizes = [(spec.max_height, spec.max_width) for spec in (first, second)]
    together = (
        "Export the two models together: `sleap-nn export CENTROID_MODEL INSTANCE_MODEL -o FOLDER`."
    )
    if sizes[0] != sizes[1]:
        raise ModelError(
            f"The centroid model resizes frames to {sizes[0]}, the instance model to {sizes[1]} "
            f"(height, width). {together}"
        )
    if centroid.colours_its_crops and first.channels != second.channels:
        raise ModelError(
            f"The {instance.kind} model was exported for {second.channels} frames, but the "
            f"centroid model takes {first.channels} ones. {together}"
        )
