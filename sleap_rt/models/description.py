"""What a trained model is, by its configuration; reading it needs no torch."""

from dataclasses import dataclass, fields

from sleap_rt.contract import (
    CONTRACT_VERSION,
    CenterMethod,
    Decoding,
    Family,
    GraphContract,
    GraphPart,
    Preprocessing,
    Provenance,
)
from sleap_rt.kinds import ModelKind
from sleap_rt.skeleton import Skeleton


@dataclass(frozen=True, kw_only=True)
class ModelDescription:
    """A trained model without its network.

    Attributes:
        family: the software that trained it, whose rules it follows.
        kind: of the model.
        skeleton: nodes in the order of the confidence maps' channels.
        edges: (source, destination) node indices in the order of the part affinity fields.
        class_names: identities in the order of the class channels.
        anchor_part: node that the model's centroid stands on; None for the middle of the animal.
        center_method: how the middle of a labelled animal is computed.
        preprocessing: how a frame becomes the network's input.
        decoding: how the network's outputs become points.
        provenance: where the model comes from; without a hash of the weights if these were not
            read.
        notes: what a user should know about the model, one sentence each.
    """

    family: Family
    kind: ModelKind
    skeleton: Skeleton
    edges: tuple[tuple[int, int], ...] = ()
    class_names: tuple[str, ...] = ()
    anchor_part: str | None = None
    center_method: CenterMethod = "center_of_mass"
    preprocessing: Preprocessing
    decoding: Decoding
    provenance: Provenance
    notes: tuple[str, ...] = ()

    def contract(self, parts: tuple[GraphPart, ...] = ()) -> GraphContract:
        """Contract of the model's graph in float32, without its certificate.

        Args:
            parts: of the graph; none while it is yet to be made.
        """
        return GraphContract(
            version=CONTRACT_VERSION,
            precision="fp32",
            parts=parts,
            certificate=None,
            **{field.name: getattr(self, field.name) for field in fields(ModelDescription)},
        )
