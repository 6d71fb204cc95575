"""The skeleton in a `training_config.json`: a graph in which repeated objects are references."""

from typing import Any

from sleap_rt.errors import ModelError
from sleap_rt.skeleton import Skeleton

_BODY_EDGE, _SYMMETRY = 1, 2
_NODE_KEYS = {"name", "weight"}


def skeleton_from_json(found: Any) -> Skeleton:
    """Decode one skeleton.

    Objects that occur again are written as `{"py/id": n}`: the n-th new object, counted from 1 in
    the order of the text. Nodes and edge types count alike.

    Args:
        found: an entry of `data.labels.skeletons`, keys in the file's order.

    Raises:
        ModelError: it is no skeleton, or refers to an object that does not exist.
    """
    if isinstance(found, dict) and "nx_graph" in found:  # a template that ships with SLEAP
        found = found["nx_graph"]
    try:
        graph = _Objects().resolve(found)
        names = [str(node["id"]) for node in graph["nodes"]]
        links = [(int(link["type"]), _ends(link, names), link) for link in graph["links"]]
        body = [entry for entry in links if entry[0] == _BODY_EDGE]
        body.sort(key=lambda entry: int(entry[2].get("edge_insert_idx", 0)))
        symmetries = {tuple(sorted(ends)): None for kind, ends, _ in links if kind == _SYMMETRY}
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise ModelError(
            f"data.labels.skeletons cannot be read ({type(error).__name__}: {error}); give the "
            "training_config.json that SLEAP training wrote"
        ) from error
    return Skeleton(
        name=str((graph.get("graph") or {}).get("name") or "skeleton"),
        node_names=tuple(names),
        edge_inds=tuple(ends for _, ends, _ in body),
        symmetries=tuple((a, b) for a, b in symmetries),
    )


def _ends(link: dict[str, Any], names: list[str]) -> tuple[int, int]:
    return names.index(str(link["source"])), names.index(str(link["target"]))


class _Objects:
    """Replaces nodes by their names, edge types by their numbers, references by what they mean."""

    def __init__(self) -> None:
        self._seen: list[str | int] = []

    def resolve(self, found: Any) -> Any:
        if isinstance(found, list):
            return [self.resolve(item) for item in found]
        if not isinstance(found, dict):
            return found
        if "py/id" in found:
            return self._seen[_position(found["py/id"], len(self._seen))]
        if "py/reduce" in found:
            return self._remember(int(found["py/reduce"][1]["py/tuple"][0]))
        if "py/object" in found:
            return self._remember(_node_name(found))
        return {key: self.resolve(value) for key, value in found.items()}

    def _remember(self, new: str | int) -> str | int:
        self._seen.append(new)
        return new


def _position(number: Any, n_seen: int) -> int:
    if type(number) is not int or not 1 <= number <= n_seen:
        raise ValueError(f"reference to object {number!r} of {n_seen}")
    return number - 1


def _node_name(found: dict[str, Any]) -> str:
    state = found.get("py/state", {key: found[key] for key in _NODE_KEYS & set(found)})
    return str(state["py/tuple"][0] if "py/tuple" in state else state["name"])
