"""A skeleton whose pairs name nodes that there are not is refused, and the node is named."""

import pytest

from sleap_rt.errors import ModelError
from sleap_rt.skeleton import Skeleton


@pytest.mark.parametrize("pair", [(0, 2), (2, 1)])
def test_a_node_beyond_the_last_is_named(pair):
    for pairs in ({"edge_inds": (pair,)}, {"symmetries": (pair,)}):
        with pytest.raises(ModelError, match="node 2, but its 2 nodes are counted from 0"):
            Skeleton("s", ("a", "b"), **pairs)


def test_a_negative_node_is_named():
    with pytest.raises(ModelError, match="refers to node -1,"):
        Skeleton("s", ("a", "b"), ((1, -1),))
