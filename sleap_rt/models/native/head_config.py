"""Heads as a training configuration of sleap-nn describes them to the topology of a network's."""

from sleap_rt.kinds import KINDS, Head, ModelKind
from sleap_rt.models.heads import HeadSettings
from sleap_rt.models.native.topology import HeadSpec


def head_specs(kind: ModelKind, settings: HeadSettings) -> list[HeadSpec]:
    """The heads, in the order of the checkpoint's `head_layers`.

    Raises:
        ModelError: a value has another type.
    """
    return [_spec(head, layer, settings) for head, layer in KINDS[kind].heads.items()]


def _spec(head: Head, layer: str, settings: HeadSettings) -> HeadSpec:
    section, gives_vector = settings.sections[head], head == "class_probs"
    asks_for_sigmoid = head == "confmaps" and section.flag("use_sigmoid_activation", False)
    return HeadSpec(
        output=head,
        layer=layer,
        output_stride=1 if gives_vector else section.integer("output_stride", 1),
        n_channels=settings.n_channels[head],
        has_sigmoid=asks_for_sigmoid or head == "class_maps",
        n_fc_layers=section.integer("num_fc_layers", 1) if gives_vector else 0,
    )
