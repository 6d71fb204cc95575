"""The skeleton: named nodes and the edges between them."""

from dataclasses import dataclass
from typing import Any

from sleap_rt.errors import ModelError
from sleap_rt.untrusted import listed

_MOST_NODES, _MOST_EDGES = 2_000, 20_000


def check_counts(n_nodes: int, n_edges: int) -> None:
    """Refuse a skeleton so large that matching its names would take minutes.

    Raises:
        ModelError: more than 2,000 nodes, or more than 20,000 edges.
    """
    if n_nodes > _MOST_NODES or n_edges > _MOST_EDGES:
        raise ModelError(
            f"The skeleton has {n_nodes:,} nodes and {n_edges:,} edges; at most "
            f"{_MOST_NODES:,} and {_MOST_EDGES:,} are supported"
        )


@dataclass(frozen=True)
class Skeleton:
    """Nodes and edges of one kind of animal.

    Attributes:
        name: free text.
        node_names: in the order of the model's output channels.
        edge_inds: (source, destination) indices into `node_names`.
        symmetries: pairs of indices into `node_names` that mirror each other.

    Raises:
        ModelError: there is no node, or far too many, a node name repeats, or an index points
            outside `node_names`.
    """

    name: str
    node_names: tuple[str, ...]
    edge_inds: tuple[tuple[int, int], ...] = ()
    symmetries: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        check_counts(len(self.node_names), max(len(self.edge_inds), len(self.symmetries)))
        if not self.node_names:
            raise ModelError("The skeleton has no nodes; at least one is needed")
        if len(set(self.node_names)) != len(self.node_names):
            raise ModelError(f"The skeleton repeats a node name: {listed(self.node_names)}")
        for pair in (*self.edge_inds, *self.symmetries):
            for index in pair:
                if not 0 <= index < len(self.node_names):
                    raise ModelError(
                        f"The skeleton refers to node {index}, but its {len(self.node_names)} "
                        "nodes are counted from 0"
                    )

    @property
    def n_nodes(self) -> int:
        return len(self.node_names)

    def in_words(self) -> dict[str, list[Any]]:
        """Nodes, edges and symmetries by name, for people and for JSON."""
        names = self.node_names
        return {
            "nodes": list(names),
            "edges": [[names[a], names[b]] for a, b in self.edge_inds],
            "symmetries": [[names[a], names[b]] for a, b in self.symmetries],
        }
