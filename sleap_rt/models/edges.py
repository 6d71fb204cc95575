"""Checks that peaks can be grouped along the edges of a bottom-up model."""

from collections.abc import Sequence

from sleap_rt.errors import ModelError
from sleap_rt.skeleton import Skeleton

Edges = Sequence[tuple[int, int]]


def check_edges(edges: Edges, skeleton: Skeleton) -> tuple[str, ...]:
    """Check edges; returns notes on nodes that grouping can never reach, one sentence each.

    Peaks are joined along the tree that grows from the root, the first node that no edge leads to.

    Args:
        edges: (source, destination) node indices, in the order of the part affinity fields.
        skeleton: of the model.

    Raises:
        ModelError: there is only one node or no edge, or edges run in a circle.
    """
    names = skeleton.node_names
    if len(names) < 2 or not edges:
        raise ModelError(
            f"The skeleton has {len(names)} node(s) and {len(edges)} edge(s); a bottom-up model "
            "joins nodes along edges and needs two nodes and an edge. For animals of one node, "
            "use a centroid model."
        )
    circle = _circle(edges)
    if circle:
        raise ModelError(
            f"The edges run in a circle ({' -> '.join(names[node] for node in circle)}); a "
            "bottom-up model needs a tree to group peaks along. Train again without one of them."
        )
    root = next(a for a, _ in edges if all(a != b for _, b in edges))
    unreached = sorted(set(range(len(names))) - _reached(edges, root))
    if not unreached:
        return ()
    listed = ", ".join(names[node] for node in unreached)
    return (
        f"no edge leads from {names[root]} to {listed}: these nodes can never be joined to an "
        "animal and stay missing.",
    )


def _reached(edges: Edges, root: int) -> set[int]:
    reached, queue = {root}, [root]
    while queue:
        node = queue.pop()
        fresh = {b for a, b in edges if a == node} - reached
        reached |= fresh
        queue += fresh
    return reached


def _circle(edges: Edges) -> list[int]:
    """Nodes along a circle, the first one again at the end; empty where there is none."""
    left = list(edges)
    while left:  # edges that lead to a dead end are on no circle
        sources = {a for a, _ in left}
        shorter = [(a, b) for a, b in left if b in sources]
        if len(shorter) == len(left):
            break
        left = shorter
    if not left:
        return []
    path = [left[0][0]]
    while path[-1] not in path[:-1]:
        path.append(next(b for a, b in left if a == path[-1]))
    return path[path.index(path[-1]) :]
