"""The skeleton: named nodes and the edges between them."""

from dataclasses import dataclass
from typing import Any

from sleap_rt.errors import ModelError


@dataclass(frozen=True)
class Skeleton:
    """Nodes and edges of one kind of animal.

    Attributes:
        name: free text.
        node_names: in the order of the model's output channels.
        edge_inds: (source, destination) indices into `node_names`.
        symmetries: pairs of indices into `node_names` that mirror each other.

    Raises:
        ModelError: there is no node, a node name repeats, or an index points outside `node_names`.
    """

    name: str
    node_names: tuple[str, ...]
    edge_inds: tuple[tuple[int, int], ...] = ()
    symmetries: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if not self.node_names:
            raise ModelError("the skeleton has no nodes; at least one is needed")
        if len(set(self.node_names)) != len(self.node_names):
            raise ModelError(f"the skeleton repeats a node name: {', '.join(self.node_names)}")
        for pair in (*self.edge_inds, *self.symmetries):
            if not all(0 <= index < len(self.node_names) for index in pair):
                raise ModelError(
                    f"the skeleton refers to node {max(pair)}, but has {len(self.node_names)} nodes"
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
