"""The skeleton in a `training_config.json`: JSON in which repeated objects are references."""

from collections.abc import Mapping
from typing import Any

from sleap_rt.errors import ModelError
from sleap_rt.skeleton import Skeleton, check_counts
from sleap_rt.untrusted import quoted

_BODY_EDGE, _SYMMETRY = 1, 2
_LINK_OBJECTS = ("source", "target", "type")


def skeleton_from_json(found: Any) -> Skeleton:
    """Decode one skeleton.

    An object that occurs again is written as `{"py/id": n}`: the n-th new object, counted from 1.
    Nodes and edge types count alike. They count in the order in which the original (jsonpickle 1.2)
    reads and writes, not in the order of the text: keys are sorted, so links come before nodes, and
    in a link source, target, type.

    Args:
        found: an entry of `data.labels.skeletons`.

    Raises:
        ModelError: it is not a skeleton, or not one that the original writes: a reference to no
            object or to one of another kind, nodes or edges that repeat, an edge's end that is not
            a node.
    """
    try:
        return _skeleton(found)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ModelError(
            f"data.labels.skeletons cannot be read: {reason}; give the training_config.json that "
            "SLEAP training wrote"
        ) from error


def _skeleton(found: Any) -> Skeleton:
    stored = found.get("nx_graph", found)  # templates that ship with SLEAP wrap it
    about = stored.get("graph") or {}
    _refuse_objects_in(about, "graph")
    check_counts(len(stored["nodes"]), len(stored["links"]))
    objects = _Objects()
    ends = [_link_objects(link, objects) for link in stored["links"]]
    names = [objects.node(entry["id"]) for entry in stored["nodes"]]
    objects.check_names()
    insertions: dict[tuple[int, int], int] = {}  # of body edges
    symmetries: dict[tuple[int, int], None] = {}  # in order, each once
    for link, (source, target, kind) in zip(stored["links"], ends, strict=True):
        pair = _index(source, names), _index(target, names)
        if kind == _SYMMETRY:
            symmetries[min(pair), max(pair)] = None
        elif pair in insertions:
            raise ValueError(f"the edge {source} -> {target} repeats")
        else:
            insertions[pair] = _insertion(link)
    return Skeleton(
        name=str(about.get("name") or "skeleton"),
        node_names=tuple(names),
        # If insertion numbers tie, the original lists edges by their source.
        edge_inds=tuple(sorted(insertions, key=lambda pair: (insertions[pair], pair[0]))),
        symmetries=tuple(symmetries),
    )


def _link_objects(link: Mapping[str, Any], objects: "_Objects") -> tuple[str, str, int]:
    rest = {key: value for key, value in link.items() if key not in _LINK_OBJECTS}
    _refuse_objects_in(rest, "a link")
    source, target = objects.node(link["source"]), objects.node(link["target"])
    return source, target, objects.edge_type(link["type"])


def _refuse_objects_in(values: Mapping[str, Any], where: str) -> None:
    """Refuse objects where only plain values belong: they would change the count of objects."""
    for key, value in values.items():
        if isinstance(value, dict | list):
            raise ValueError(f"{where} holds {quoted(key)}, which is no plain value")


def _index(node: str, names: list[str]) -> int:
    if node not in names:
        raise ValueError(f"an edge leads to or from {quoted(node)}, which the nodes do not list")
    return names.index(node)


def _insertion(link: Mapping[str, Any]) -> int:
    number = link["edge_insert_idx"]
    if type(number) is not int:
        raise ValueError(f"edge_insert_idx must be a whole number, found {quoted(number)}")
    return number


class _Objects:
    """The objects read so far, names of nodes and edge types, in the original's order."""

    def __init__(self) -> None:
        self._seen: list[str | int] = []

    def node(self, found: Any) -> str:
        node = self._object(found)
        if isinstance(node, int):
            raise ValueError("a node was expected where an edge type is named")
        return node

    def edge_type(self, found: Any) -> int:
        kind = self._object(found)
        if isinstance(kind, str):
            raise ValueError(f"an edge type was expected where node {quoted(kind)} is named")
        return kind

    def check_names(self) -> None:
        """Refuse two nodes of one name: to the original, a node written in full is a new one."""
        names = [one for one in self._seen if isinstance(one, str)]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two different nodes are named {quoted(name)}")

    def _object(self, found: Any) -> str | int:
        if not isinstance(found, dict) or not found.keys() & {"py/id", "py/reduce", "py/object"}:
            raise ValueError(f"a node or an edge type was expected, found {quoted(found)}")
        if "py/id" in found:
            return self._seen[_position(found["py/id"], len(self._seen))]
        self._seen.append(_edge_type(found) if "py/reduce" in found else _node(found))
        return self._seen[-1]


def _position(number: Any, n_seen: int) -> int:
    if type(number) is not int or not 1 <= number <= n_seen:
        raise ValueError(f"a reference to object {quoted(number)}, where {n_seen} came before")
    return number - 1


def _edge_type(found: dict[str, Any]) -> int:
    number = found["py/reduce"][1]["py/tuple"][0]
    if type(number) is not int or number not in (_BODY_EDGE, _SYMMETRY):
        raise ValueError(f"edge type {quoted(number)}; known: 1 (body), 2 (symmetry)")
    return number


def _node(found: dict[str, Any]) -> str:
    state = found.get("py/state", found)
    name = state["py/tuple"][0] if "py/tuple" in state else state["name"]
    if not isinstance(name, str):
        raise ValueError(f"a node's name must be text, found {quoted(name)}")
    return name
