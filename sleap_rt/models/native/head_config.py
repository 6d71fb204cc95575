"""Heads as a training configuration of sleap-nn describes them to the topology of a network's."""

from collections.abc import Mapping
from typing import Literal

from sleap_rt.kinds import KINDS, Head, ModelKind
from sleap_rt.models.heads import HeadSettings
from sleap_rt.models.native.topology import HeadSpec

_ACTIVATIONS: Mapping[Head, Literal["sigmoid", "softmax"]] = {
    "class_maps": "sigmoid",
    "class_probs": "softmax",
}


def head_specs(kind: ModelKind, settings: HeadSettings) -> list[HeadSpec]:
    """The heads, in the order of the checkpoint's `head_layers`.

    Raises:
        ModelError: a value has another type.
    """
    return [_spec(head, layer, settings) for head, layer in KINDS[kind].heads.items()]


def _spec(head: Head, layer: str, settings: HeadSettings) -> HeadSpec:
    section, gives_vector = settings.sections[head], head == "class_probs"
    is_sigmoid = head == "confmaps" and section.flag("use_sigmoid_activation", False)
    return HeadSpec(
        output=head,
        layer=layer,
        output_stride=1 if gives_vector else section.integer("output_stride", 1),
        n_channels=settings.n_channels[head],
        activation="sigmoid" if is_sigmoid else _ACTIVATIONS.get(head, "none"),
        n_fc_layers=section.integer("num_fc_layers", 1) if gives_vector else 0,
    )
