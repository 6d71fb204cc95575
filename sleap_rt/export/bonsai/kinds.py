"""Which models Bonsai.Sleap has operators for, and what these read, in their order."""

from collections.abc import Sequence
from dataclasses import dataclass

from sleap_rt.errors import ModelError
from sleap_rt.kinds import ModelKind


@dataclass(frozen=True)
class BonsaiKind:
    """What one operator of Bonsai.Sleap takes.

    Attributes:
        model_type: in the metadata.
        operator: of Bonsai.Sleap.
        outputs: of the graph. All but those of single_instance have an axis for the batch and one
            for instances first; `valid` says which of these are there.
    """

    model_type: str
    operator: str
    outputs: tuple[str, ...]

    @property
    def file_name(self) -> str:
        return f"{self.model_type}.onnx"


_OF_SETS: dict[tuple[ModelKind, ...], BonsaiKind] = {
    ("single_instance",): BonsaiKind(
        "single_instance", "PredictSinglePose", ("peaks", "peak_vals")
    ),
    ("centroid",): BonsaiKind(
        "centroid", "PredictCentroids", ("centroids", "centroid_vals", "has_centroid")
    ),
    ("centroid", "centered_instance"): BonsaiKind(
        "topdown", "PredictPoses", ("centroids", "centroid_vals", "peaks", "peak_vals", "valid")
    ),
    ("centroid", "multi_class_topdown"): BonsaiKind(
        "multi_class_topdown_combined",
        "PredictPoseIdentities",
        ("centroids", "centroid_vals", "peaks", "peak_vals", "class_probs", "valid"),
    ),
}


def bonsai_kind(kinds: Sequence[ModelKind]) -> BonsaiKind:
    """What Bonsai.Sleap takes of models of these kinds, first stage first.

    Raises:
        ModelError: it has no operator for them.
    """
    found = _OF_SETS.get(tuple(kinds))
    if found is None:
        there = "; ".join(" + ".join(taken) for taken in _OF_SETS)
        raise ModelError(
            f"Bonsai.Sleap has no operator for {' + '.join(kinds)}; it has some for: {there}."
        )
    return found
