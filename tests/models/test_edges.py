"""Edges that peaks can be grouped along, and those that are refused."""

import pytest

from sleap_rt.errors import ModelError
from sleap_rt.models.edges import check_edges
from sleap_rt.skeleton import Skeleton

ANIMAL = Skeleton("animal", ("nose", "thorax", "tail"))


def test_a_tree_that_reaches_every_node_needs_no_words() -> None:
    assert check_edges([(1, 0), (1, 2)], ANIMAL) == ()
    assert check_edges([(0, 1), (0, 2), (1, 2)], ANIMAL) == ()  # two ways to a node are no circle


def test_nodes_that_no_edge_leads_to_are_named() -> None:
    (note,) = check_edges([(0, 1)], ANIMAL)
    assert "no edge leads from nose to tail" in note


@pytest.mark.parametrize(
    ("edges", "words"),
    [
        ([], r"3 node\(s\) and 0 edge\(s\)"),
        ([(0, 1), (1, 0)], "in a circle"),
        ([(2, 0), (0, 1), (1, 0)], "in a circle .*thorax -> nose"),
    ],
)
def test_edges_that_form_no_tree_are_refused(edges: list[tuple[int, int]], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        check_edges(edges, ANIMAL)
