"""`model_config.head_configs` of a training configuration to the heads of a network."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from sleap_rt.errors import ModelError
from sleap_rt.kinds import KINDS, Head, ModelKind
from sleap_rt.models.config import Config
from sleap_rt.models.native.topology import HeadSpec
from sleap_rt.skeleton import Skeleton


class Heads(NamedTuple):
    """Attributes:
    specs: in the order of the checkpoint's `head_layers`.
    edges: (source, destination) node indices; empty for models that do not group.
    class_names: identities; empty for models that tell none.
    """

    specs: list[HeadSpec]
    edges: tuple[tuple[int, int], ...]
    class_names: tuple[str, ...]


def read_heads(kind: ModelKind, config: Config, skeleton: Skeleton) -> Heads:
    """The heads of a model.

    Args:
        kind: of the model.
        config: the section of that kind.
        skeleton: of the model.

    Raises:
        ModelError: edges or classes are missing, or do not fit the skeleton.
    """
    row = KINDS[kind]
    edges: tuple[tuple[int, int], ...] = ()
    names: tuple[str, ...] = ()
    specs = []
    for head, layer in row.heads.items():
        section = config.section(_SECTIONS.get(head, head))
        if head == "pafs":
            edges = _edges(section, skeleton)
        elif head in _CLASSES:
            names = _class_names(section)
        n_nodes = 1 if row.is_one_node else skeleton.n_nodes
        n_channels = {"confmaps": n_nodes, "pafs": 2 * len(edges)}.get(head, len(names))
        specs.append(_SPECS[head](section, layer, n_channels))
    return Heads(specs, edges, names)


_SECTIONS: Mapping[Head, str] = {"class_probs": "class_vectors"}
_CLASSES: tuple[Head, ...] = ("class_maps", "class_probs")


def _confmaps(section: Config, layer: str, n_channels: int) -> HeadSpec:
    sigmoid = section.flag("use_sigmoid_activation", False)
    return HeadSpec(
        output="confmaps",
        layer=layer,
        output_stride=_stride(section),
        n_channels=n_channels,
        activation="sigmoid" if sigmoid else "none",
    )


def _pafs(section: Config, layer: str, n_channels: int) -> HeadSpec:
    return HeadSpec(
        output="pafs", layer=layer, output_stride=_stride(section), n_channels=n_channels
    )


def _class_maps(section: Config, layer: str, n_channels: int) -> HeadSpec:
    return HeadSpec(
        output="class_maps",
        layer=layer,
        output_stride=_stride(section),
        n_channels=n_channels,
        activation="sigmoid",
    )


def _class_vectors(section: Config, layer: str, n_channels: int) -> HeadSpec:
    return HeadSpec(
        output="class_probs",
        layer=layer,
        output_stride=1,
        n_channels=n_channels,
        activation="softmax",
        n_fc_layers=section.integer("num_fc_layers", 1),
    )


_SPECS: Mapping[Head, Callable[[Config, str, int], HeadSpec]] = {
    "confmaps": _confmaps,
    "pafs": _pafs,
    "class_maps": _class_maps,
    "class_probs": _class_vectors,
}


def _stride(section: Config) -> int:
    return section.integer("output_stride", 1)


def _class_names(section: Config) -> tuple[str, ...]:
    names = section.texts("classes")
    if not names:
        raise ModelError(
            f"{section.path('classes')} is empty; an identity model needs its class names"
        )
    return names


def _edges(pafs: Config, skeleton: Skeleton) -> tuple[tuple[int, int], ...]:
    found = pafs.raw("edges")
    if found is None:
        return skeleton.edge_inds
    try:
        names = skeleton.node_names
        return tuple((names.index(str(a)), names.index(str(b))) for a, b in found)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{pafs.path('edges')} does not fit the skeleton: {error}") from error
