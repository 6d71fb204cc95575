"""Skeletons as the original writes them, against sleap-io's reader and jsonpickle's own output."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras_files import training_config
from sleap_io.io.skeleton import decode_skeleton

from sleap_rt.errors import ModelError
from sleap_rt.models.legacy.config import read_config
from sleap_rt.models.legacy.skeleton import skeleton_from_json
from sleap_rt.skeleton import Skeleton

Json = dict[str, Any]
BODY, SYMMETRY = 1, 2

# What jsonpickle 1.2 made of a networkx graph with nodes A, B, C, D, edges B -> A and B -> C, and
# symmetry A, C. Objects are A, C, symmetry, B, body edge; D, which has no edge, stands among nodes.
BY_JSONPICKLE = """
{"directed": true, "graph": {"name": "s", "num_edges_inserted": 2}, "links": [
 {"key": 0,
  "source": {"py/object": "sleap.skeleton.Node", "py/state": {"py/tuple": ["A", 1.0]}},
  "target": {"py/object": "sleap.skeleton.Node", "py/state": {"py/tuple": ["C", 1.0]}},
  "type": {"py/reduce": [{"py/type": "sleap.skeleton.EdgeType"}, {"py/tuple": [2]}]}},
 {"edge_insert_idx": 0, "key": 0,
  "source": {"py/object": "sleap.skeleton.Node", "py/state": {"py/tuple": ["B", 1.0]}},
  "target": {"py/id": 1},
  "type": {"py/reduce": [{"py/type": "sleap.skeleton.EdgeType"}, {"py/tuple": [1]}]}},
 {"edge_insert_idx": 1, "key": 0, "source": {"py/id": 4}, "target": {"py/id": 2},
  "type": {"py/id": 5}},
 {"key": 0, "source": {"py/id": 2}, "target": {"py/id": 1}, "type": {"py/id": 3}}],
 "multigraph": true, "nodes": [{"id": {"py/id": 1}}, {"id": {"py/id": 4}}, {"id": {"py/id": 2}},
 {"id": {"py/object": "sleap.skeleton.Node", "py/state": {"py/tuple": ["D", 1.0]}}}]}
"""
READ = Skeleton("s", ("A", "B", "C", "D"), ((1, 0), (1, 2)), ((0, 2),))


def node(name: Any) -> Json:
    return {"py/object": "sleap.skeleton.Node", "py/state": {"py/tuple": [name, 1.0]}}


def edge_type(number: Any) -> Json:
    return {"py/reduce": [{"py/type": "sleap.skeleton.EdgeType"}, {"py/tuple": [number]}]}


def ref(number: Any) -> Json:
    return {"py/id": number}


def link(source: Any, target: Any, kind: Any, insertion: int | None = 0) -> Json:
    found = {"key": 0, "source": source, "target": target, "type": kind}
    return found if insertion is None else {"edge_insert_idx": insertion, **found}


def graph(links: Sequence[Any], nodes: Sequence[Any]) -> Json:
    return {
        "directed": True,
        "graph": {"name": "s", "num_edges_inserted": len(links)},
        "links": list(links),
        "multigraph": True,
        "nodes": [{"id": one} for one in nodes],
    }


A_TO_B = link(node("A"), node("B"), edge_type(BODY))  # objects 1, 2 and 3


def turned(found: Any) -> Any:
    """The same values, the keys of every mapping in the opposite order."""
    if isinstance(found, dict):
        return {key: turned(found[key]) for key in reversed(found)}
    return [turned(one) for one in found] if isinstance(found, list) else found


# What the original writes


def test_what_jsonpickle_wrote_is_read() -> None:
    assert skeleton_from_json(json.loads(BY_JSONPICKLE)) == READ


def test_the_order_of_keys_in_the_text_changes_nothing() -> None:
    # The original's jsonpickle goes through keys by the alphabet, whatever rewrote the file.
    assert skeleton_from_json(turned(json.loads(BY_JSONPICKLE))) == READ


@pytest.mark.parametrize("state", [{"name": "A", "weight": 1.0}, {"py/tuple": ["A", 1.0]}])
def test_both_states_of_a_node_are_read(state: Json) -> None:
    one = {"py/object": "sleap.skeleton.Node", "py/state": state}
    assert skeleton_from_json(graph([], [one])).node_names == ("A",)


def test_links_out_of_order_are_sorted_by_their_insertion() -> None:
    links = [
        link(node("A"), node("B"), edge_type(BODY), 7),
        link(ref(2), node("C"), ref(3), 2),  # C is object 4
        link(ref(1), ref(4), ref(3), 5),
    ]
    skeleton = skeleton_from_json(graph(links, [ref(4), ref(1), ref(2)]))
    assert skeleton.node_names == ("C", "A", "B")
    assert skeleton.edge_inds == ((2, 0), (1, 0), (1, 2))


def test_insertions_that_tie_go_by_the_source_as_in_the_original_graph() -> None:
    links = [A_TO_B, link(ref(2), node("C"), ref(3))]
    skeleton = skeleton_from_json(graph(links, [ref(2), ref(1), ref(4)]))
    assert skeleton.edge_inds == ((0, 2), (1, 0))  # B -> C, A -> B: B is listed first


def test_an_edge_type_in_full_again_is_one_more_object() -> None:
    links = [
        A_TO_B,
        link(ref(2), ref(1), edge_type(BODY), 1),  # object 4
        link(ref(1), node("C"), ref(4), 2),  # object 5
    ]
    skeleton = skeleton_from_json(graph(links, [ref(1), ref(2), ref(5)]))
    assert skeleton.edge_inds == ((0, 1), (1, 0), (0, 2))


@st.composite
def animals(draw: st.DrawFn) -> Skeleton:
    """Nodes in any order, edges between any of them, pairs that mirror each other."""
    n_nodes = draw(st.integers(1, 6))
    pairs = [(a, b) for a in range(n_nodes) for b in range(n_nodes) if a != b]
    some = st.lists(st.sampled_from(pairs), unique=True, max_size=6) if pairs else st.just([])
    edges = draw(some)
    mirrored = {(min(pair), max(pair)) for pair in draw(some)}
    names = draw(st.permutations([f"node {i}" for i in range(n_nodes)]))
    return Skeleton("s", tuple(names), tuple(edges), tuple(sorted(mirrored)))


def written(skeleton: Skeleton) -> Json:
    """As the original does: what was met before is a reference, links ahead of nodes."""
    seen: dict[str | int, int] = {}

    def one(key: str | int) -> Json:
        if key in seen:
            return ref(seen[key])
        seen[key] = len(seen) + 1
        return edge_type(key) if isinstance(key, int) else node(key)

    names = skeleton.node_names
    body = [(a, b, BODY, i) for i, (a, b) in enumerate(skeleton.edge_inds)]
    mirrors = [
        pair
        for a, b in skeleton.symmetries
        for pair in ((a, b, SYMMETRY, None), (b, a, SYMMETRY, None))
    ]
    links = [
        link(one(names[a]), one(names[b]), one(kind), i) for a, b, kind, i in [*mirrors, *body]
    ]
    return graph(links, [one(name) for name in names])


@given(animals())
def test_any_skeleton_is_read_as_it_was_and_as_sleap_io_reads_it(skeleton: Skeleton) -> None:
    found = written(skeleton)
    assert skeleton_from_json(found) == skeleton
    assert skeleton_from_json(turned(found)) == skeleton
    _assert_as_sleap_io(found)


def _assert_as_sleap_io(found: Json) -> None:
    skeleton, theirs = skeleton_from_json(found), decode_skeleton(found)
    assert not isinstance(theirs, list)
    assert list(skeleton.node_names) == theirs.node_names
    assert [list(pair) for pair in skeleton.edge_inds] == [list(pair) for pair in theirs.edge_inds]
    assert {frozenset(pair) for pair in skeleton.symmetries} == {
        frozenset(theirs.index(one) for one in symmetry.nodes) for symmetry in theirs.symmetries
    }


def test_real_models_are_read_as_sleap_io_reads_them(shared_data: Path) -> None:
    paths = sorted(shared_data.glob("legacy*/*/training_config.json"))
    assert len(paths) >= 6
    for path in paths:
        _assert_as_sleap_io(json.loads(path.read_text())["data"]["labels"]["skeletons"][0])


# What it does not write


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (graph([A_TO_B], [ref(1), ref(2), ref(9)]), "reference to object 9, where 3 came before"),
        (graph([A_TO_B], [ref(1), ref(2), ref(True)]), "reference to object True"),
        (graph([link(ref(2), node("B"), edge_type(1))], [ref(1)]), "object 2, where 0 came before"),
        (graph([A_TO_B], [ref(1), ref(3)]), "a node was expected where an edge type is named"),
        (graph([link(node("A"), node("B"), ref(1))], [ref(1), ref(2)]), "edge type .* node 'A'"),
        (graph([A_TO_B], [ref(1)]), "'B', which the nodes do not list"),
        (graph([A_TO_B], [ref(1), ref(2), ref(1)]), "repeats a node name: A, B, A"),
        (graph([A_TO_B], [node("A"), ref(2)]), "two different nodes are named 'A'"),
        (graph([], [node("A"), node("A")]), "two different nodes are named 'A'"),
        (graph([A_TO_B, link(ref(1), ref(2), ref(3), 1)], [ref(1), ref(2)]), "edge A -> B repeats"),
        (graph([link(node("A"), node("B"), edge_type(3))], [ref(1), ref(2)]), "edge type 3; known"),
        (graph([link(node("A"), node("B"), edge_type("1"))], [ref(1), ref(2)]), "edge type '1'"),
        (graph([{**A_TO_B, "edge_insert_idx": None}], [ref(1), ref(2)]), "number, found None"),
        (graph([{**A_TO_B, "edge_insert_idx": math.inf}], [ref(1), ref(2)]), "number, found inf"),
        (
            graph([link(node("A"), node("B"), edge_type(BODY), None)], [ref(1), ref(2)]),
            "'edge_insert_idx' is missing",
        ),
        (graph([{"key": 0, "source": node("A"), "target": node("B")}], [ref(1)]), "'type' is miss"),
        (graph([{**A_TO_B, "label": node("C")}], [ref(1), ref(2)]), "link holds 'label'"),
        ({**graph([A_TO_B], [ref(1), ref(2)]), "graph": {"of": [node("C")]}}, "graph holds 'of'"),
        (graph([], [{"py/object": "sleap.skeleton.Node"}]), "'name' is missing"),
        (graph([], [node(None)]), "name must be text, found None"),
        (graph([], [node(3)]), "name must be text, found 3"),
        (graph([], [node({"py/id": 1})]), r"name must be text, found \{'py/id': 1\}"),
        (graph([], [0, 1]), "a node or an edge type was expected, found 0"),
        (graph([], ["A", "B"]), "a node or an edge type was expected, found 'A'"),
        (graph([], []), "no nodes"),
        ({"links": []}, "'nodes' is missing"),
        ({"nodes": []}, "'links' is missing"),
        ({"nx_graph": 3}, "cannot be read"),
        ("A", "cannot be read"),
        (None, "cannot be read"),
        ([graph([A_TO_B], [ref(1), ref(2)])], "cannot be read"),
        (graph([], [{"py/object": "Node", "py/state": None}]), "cannot be read"),
        (graph([], [{"py/object": "Node", "py/state": {"py/tuple": []}}]), "cannot be read"),
        (graph([link(node("A"), node("B"), {"py/reduce": [3]})], [ref(1)]), "cannot be read"),
        (graph([3], []), "cannot be read"),
    ],
)
def test_other_graphs_are_refused_in_words(found: Any, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        skeleton_from_json(found)


def nested(depth: int) -> Any:
    """Mappings in mappings, deeper than Python's stack."""
    found: Any = node("A")
    for _ in range(depth):
        found = {"py/object": "Node", "py/state": found}
    return found


@pytest.mark.parametrize("where", ["links", "nodes", "graph", "name"])
def test_deep_nesting_is_refused_in_short_words(where: str) -> None:
    deep = nested(100_000)
    found = {
        "links": graph([{**A_TO_B, "source": deep}], [ref(1), ref(2)]),
        "nodes": graph([A_TO_B], [ref(1), ref(2), deep]),
        "graph": {**graph([], [node("A")]), "graph": {"name": deep}},
        "name": graph([], [node(deep)]),
    }[where]
    with pytest.raises(ModelError, match="cannot be read") as refused:
        skeleton_from_json(found)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    "value", ["[" * 200_000, '{"a":' * 200_000, "1" * 5000], ids=["lists", "mappings", "digits"]
)
def test_a_file_that_python_cannot_read_is_refused(value: str) -> None:
    text = json.dumps(training_config()).replace('"1.3.4"', value)
    with pytest.raises(ModelError, match=r"training_config\.json: not JSON that can be read"):
        read_config(text.encode(), "training_config.json")
