"""Edges that peaks can be grouped along, and those that are refused."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sleap_rt.errors import ModelError
from sleap_rt.models.edges import check_edges
from sleap_rt.models.native.load_native import load_native_model
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.predictors.grouping import group_peaks
from sleap_rt.skeleton import Skeleton

BOTTOMUP = Path(__file__).resolve().parents[2] / "samples/models/bottomup"
ANIMAL = Skeleton("animal", ("nose", "thorax", "tail", "foot"))
Edges = list[tuple[int, int]]


@pytest.mark.parametrize(
    "edges",
    [
        [(1, 0), (1, 2), (2, 3)],
        [(2, 3), (1, 0), (1, 2)],  # the root is not in the first edge
        [(0, 1), (0, 2), (1, 3), (2, 3)],  # two ways to a node are no circle
        [(1, 0), (1, 2), (1, 2), (2, 3)],
    ],
)
def test_edges_that_reach_every_node_need_no_words(edges: Edges) -> None:
    assert check_edges(edges, ANIMAL) == ()


@pytest.mark.parametrize(
    ("edges", "words"),
    [
        ([(1, 0), (1, 2)], "from thorax to foot:"),  # a node without any edge
        ([(1, 0), (2, 3)], "from thorax to tail, foot:"),  # the second of two trees
        ([(1, 0), (2, 0), (0, 3)], "from thorax to tail:"),  # a second parent
        ([(0, 3), (1, 3), (1, 0), (2, 1)], None),
        ([(0, 3), (1, 3), (1, 2)], "from nose to thorax, tail:"),  # the first of two roots
    ],
)
def test_nodes_that_no_edge_leads_to_are_named(edges: Edges, words: str | None) -> None:
    notes = check_edges(edges, ANIMAL)
    assert len(notes) == (words is not None)
    assert all(f"no edge leads {words}" in note for note in notes)


@pytest.mark.parametrize(
    ("edges", "words"),
    [
        ([], r"4 node\(s\) and 0 edge\(s\)"),
        ([(0, 0)], r"in a circle \(nose -> nose\)"),
        ([(0, 1), (1, 0)], r"in a circle \(nose -> thorax -> nose\)"),
        ([(0, 1), (1, 2), (2, 0), (0, 3)], r"\(nose -> thorax -> tail -> nose\)"),
        ([(2, 0), (0, 1), (1, 0)], r"\(nose -> thorax -> nose\)"),  # reached through a tail
        ([(2, 3), (0, 1), (1, 0)], r"\(nose -> thorax -> nose\)"),  # beside a tree
        ([(0, 1), (1, 0), (1, 2), (2, 3)], r"\(nose -> thorax -> nose\)"),  # that leads to a tree
    ],
)
def test_edges_that_form_no_tree_are_refused(edges: Edges, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        check_edges(edges, ANIMAL)


@pytest.mark.parametrize("edges", [[], [(0, 0)]])
def test_animals_of_one_node_are_refused(edges: Edges) -> None:
    with pytest.raises(ModelError, match=r"1 node\(s\) and .*use a centroid model"):
        check_edges(edges, Skeleton("point", ("centroid",)))


# Against grouping


@st.composite
def edges_without_circle(draw: st.DrawFn) -> tuple[int, Edges]:
    """Forests, and graphs whose nodes have several parents: edges lead one way along some order."""
    n_nodes = draw(st.integers(2, 7))
    order = draw(st.permutations(range(n_nodes)))
    pairs = [(a, b) for i, a in enumerate(order) for b in order[i + 1 :]]
    if draw(st.booleans()):
        return n_nodes, draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=8))
    parents = {b: draw(st.sampled_from([None, *order[:i]])) for i, b in enumerate(order) if i}
    forest = [(a, b) for b, a in parents.items() if a is not None]
    return n_nodes, draw(st.permutations(forest)) if forest else [pairs[0]]


@given(edges_without_circle())
def test_nodes_named_are_those_that_grouping_never_joins(drawn: tuple[int, Edges]) -> None:
    n_nodes, edges = drawn
    notes = check_edges(edges, Skeleton("s", tuple(f"node{i}" for i in range(n_nodes))))
    named = [re.findall(r"node(\d+)", note.partition(" to ")[2]) for note in notes]
    assert {int(number) for numbers in named for number in numbers} == _left_over(n_nodes, edges)


def _left_over(n_nodes: int, edges: Edges) -> set[int]:
    """Nodes that stay missing where every node has one peak and every connection is perfect."""
    peaks = np.zeros((n_nodes, 1, 2), np.float32)
    grouped = group_peaks(
        peaks,
        np.ones((n_nodes, 1), np.float32),
        np.ones((len(edges), 1, 1), np.float32),
        tuple(edges),
        DecodeOptions(),
    )
    (points,) = grouped.points
    return set(np.flatnonzero(np.isnan(points[:, 0])).tolist())


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=9))
def test_circles_are_found_where_grouping_refuses_them(edges: Edges) -> None:
    skeleton = Skeleton("s", tuple(f"node{i}" for i in range(6)))
    try:
        _left_over(6, edges)
    except ModelError:
        with pytest.raises(ModelError, match="in a circle") as refused:
            check_edges(edges, skeleton)
        around = [int(number) for number in re.findall(r"node(\d)", str(refused.value))]
        assert around[0] == around[-1]
        assert all(pair in edges for pair in pairwise(around))
    else:
        check_edges(edges, skeleton)


# Models on disk

TREE = [("thorax", "head"), ("head", "nose"), ("thorax", "abdomen"), ("abdomen", "tail")]
FEET = [("thorax", "foot_left"), ("thorax", "foot_right")]


def native_model(folder: Path, edges: list[tuple[str, str]], *, in_head: bool) -> Path:
    """The sample model with other edges: the head's, or the skeleton's where the head has none."""
    config: dict[str, Any] = yaml.safe_load((BOTTOMUP / "training_config.yaml").read_text())
    pafs = config["model_config"]["head_configs"]["bottomup"]["pafs"]
    pafs["edges"] = [list(edge) for edge in edges] if in_head else None
    if not in_head:
        config["data_config"]["skeletons"][0]["edges"] = [
            {"source": {"name": a}, "destination": {"name": b}} for a, b in edges
        ]
    (folder / "training_config.yaml").write_text(yaml.safe_dump(config))
    (folder / "best.ckpt").symlink_to(BOTTOMUP / "best.ckpt")
    return folder


@pytest.mark.parametrize("in_head", [True, False])
@pytest.mark.parametrize(
    ("edges", "notes"),
    [
        ([*TREE, *FEET], []),
        ([*TREE, FEET[0], ("nose", "foot_left")], ["from thorax to foot_right"]),
        ([*TREE, FEET[0], ("foot_right", "foot_left")], ["from thorax to foot_right"]),
        ([("foot_right", "foot_left"), *TREE, FEET[0]], ["from foot_right to nose, head, thorax,"]),
    ],
)
def test_a_native_model_notes_nodes_out_of_reach(
    edges: list[tuple[str, str]], notes: list[str], in_head: bool, tmp_path: Path
) -> None:
    found = load_native_model(native_model(tmp_path, edges, in_head=in_head)).notes
    assert len(found) == len(notes)
    assert all(words in note for words, note in zip(notes, found, strict=True))


@pytest.mark.parametrize("in_head", [True, False])
@pytest.mark.parametrize(
    ("edges", "words"),
    [
        ([], r"7 node\(s\) and 0 edge\(s\)"),
        ([*TREE, FEET[0], ("nose", "head")], r"\(head -> nose -> head\)"),
        ([*TREE, FEET[0], ("tail", "thorax")], r"\(thorax -> abdomen -> tail -> thorax\)"),
    ],
)
def test_a_native_model_without_a_tree_is_refused(
    edges: list[tuple[str, str]], words: str, in_head: bool, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=words) as refused:
        load_native_model(native_model(tmp_path, edges, in_head=in_head))
    assert str(tmp_path) in str(refused.value)
