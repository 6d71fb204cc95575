"""What a training configuration says of a model's heads, in the words of both families."""

from collections.abc import Mapping
from typing import NamedTuple

from sleap_rt.contract import Decoding
from sleap_rt.errors import ModelError
from sleap_rt.kinds import KINDS, Head, ModelKind
from sleap_rt.models.config_values import Config
from sleap_rt.skeleton import Skeleton
from sleap_rt.untrusted import listed

_SECTIONS: Mapping[Head, str] = {"class_probs": "class_vectors"}  # the others have their own name


class HeadSettings(NamedTuple):
    """Heads as they are configured.

    Attributes:
        sections: head -> its section.
        edges: (source, destination) node indices; empty for models that do not group.
        class_names: identities in the order of the class channels; empty where there are none.
        n_channels: head -> its channels, or classes.
    """

    sections: Mapping[Head, Config]
    edges: tuple[tuple[int, int], ...]
    class_names: tuple[str, ...]
    n_channels: Mapping[Head, int]


def read_heads(
    kind: ModelKind, config: Config, skeleton: Skeleton, *, nested: bool = True
) -> HeadSettings:
    """The heads of a model.

    Args:
        kind: of the model.
        config: the section of that kind.
        skeleton: of the model.
        nested: each head has a section of its own; otherwise `config` is the only head's.

    Raises:
        ModelError: edges or classes are missing, or do not fit the skeleton.
    """
    row = KINDS[kind]
    sections = {
        head: config.section(_SECTIONS.get(head, head)) if nested else config for head in row.heads
    }
    edges = _edges(sections["pafs"], skeleton) if "pafs" in sections else ()
    of_classes = sections.get("class_maps") or sections.get("class_probs")
    names = _class_names(of_classes) if of_classes else ()
    n_peaks = 1 if row.is_one_node else skeleton.n_nodes
    n_channels: dict[Head, int] = {
        "confmaps": n_peaks,
        "offsets": 2 * n_peaks,
        "pafs": 2 * len(edges),
        "class_maps": len(names),
        "class_probs": len(names),
    }
    return HeadSettings(sections, edges, names, n_channels)


def other_part_names(kind: ModelKind, confmaps: Config, skeleton: Skeleton) -> str | None:
    """How a head names its channels, where the skeleton has other names; None where it does not."""
    names, nodes = confmaps.texts("part_names"), skeleton.node_names
    if not names or names == nodes or KINDS[kind].is_one_node:
        return None
    return (
        f"{confmaps.path('part_names')} ({listed(names)}) differ from the skeleton's nodes "
        f"({listed(nodes)})"
    )


def decoding_of(strides: Mapping[Head, int]) -> Decoding:
    """How outputs become points, by the network-input px per cell of each head."""
    return Decoding(
        confmaps_stride=strides["confmaps"],
        offsets="offsets" in strides,
        pafs_stride=strides.get("pafs"),
        class_maps_stride=strides.get("class_maps"),
    )


def _edges(pafs: Config, skeleton: Skeleton) -> tuple[tuple[int, int], ...]:
    found = pafs.raw("edges")
    if found is None:
        return skeleton.edge_inds
    try:
        names = skeleton.node_names
        return tuple((names.index(str(a)), names.index(str(b))) for a, b in found)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{pafs.path('edges')} does not fit the skeleton: {error}") from error


def _class_names(section: Config) -> tuple[str, ...]:
    names = section.texts("classes")
    if not names:
        raise ModelError(
            f"{section.path('classes')} is empty; an identity model needs its class names"
        )
    return names
