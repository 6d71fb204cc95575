"""One description of a trained model, whatever it was stored as."""

from dataclasses import dataclass

from torch import nn

from sleap_rt.contract import CenterMethod, Decoding, Family, Preprocessing, Provenance
from sleap_rt.kinds import ModelKind
from sleap_rt.skeleton import Skeleton


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """A trained model: its description and its network.

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
        network: (batch, in_channels, height, width) float32 in [0, 1] to name -> output, for the
            heads of its kind; in evaluation mode, on the CPU.
        provenance: where the weights come from.
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
    network: nn.Module
    provenance: Provenance
    notes: tuple[str, ...] = ()
