"""Graphs cut in front of their network and behind it: run in a row, the pieces are the graph."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleap_rt.kinds import KINDS
from sleap_rt.runtime.engines._cut import cut
from sleap_rt.runtime.graph_file import read_graph_file, read_keeping_bytes
from sleap_rt.runtime.inspect.verify import read_sample
from sleap_rt.runtime.protobuf import fields, message, varint

KIND_OF = {"centered_instance": "centroid", "multi_class_topdown": "centroid"}  # its first stage


@pytest.fixture(params=KINDS)
def graph(request, sample_graphs) -> Path:
    kind = request.param
    first = [KIND_OF[kind]] if kind in KIND_OF else []
    return sample_graphs(*first, kind)[-1]


def run(content: bytes, values, outputs):
    session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
    feed = {given.name: values[given.name] for given in session.get_inputs()}
    return dict(zip(outputs, session.run(list(outputs), feed), strict=True))


def test_pieces_in_a_row_compute_what_the_whole_graph_does(graph):
    """To the bit, on the sample that the file carries, and with frames of another size."""
    contract, sample = read_graph_file(graph).contract, read_sample(graph)
    content = read_keeping_bytes(graph)
    pieces = cut(content, contract.parts)
    outputs = [value.name for value in onnx.load(graph).graph.output]
    frames = sample.feed["frames"]
    for some in (frames, frames[:, 3:-8, :-5]):
        feed = {**sample.feed, "frames": np.ascontiguousarray(some)}
        expected = run(content, feed, outputs)
        values = dict(feed)
        for piece in (pieces.before, pieces.network, pieces.after):
            values |= run(piece.content, values, piece.outputs)
        for name in outputs:
            np.testing.assert_array_equal(values[name], expected[name], err_msg=name)


def test_every_piece_has_the_nodes_of_its_parts_and_no_weights_of_others(graph):
    contract = read_graph_file(graph).contract
    pieces = cut(graph.read_bytes(), contract.parts)
    whole = onnx.load(graph).graph
    network = onnx.load_from_string(pieces.network.content).graph
    assert {node.name for node in network.node} == {
        node.name for node in whole.node if node.name.startswith("network")
    }
    assert pieces.network.inputs == ("image",)
    weights = {name for node in network.node for name in node.input}
    assert {item.name for item in network.initializer} <= weights
    for piece in (pieces.before, pieces.after):
        nodes = onnx.load_from_string(piece.content).graph.node
        assert not any(node.op_type.startswith("Conv") for node in nodes)
        assert len(piece.content) < len(pieces.network.content) / 2


numbers = st.integers(0, 2**40)


@given(st.lists(st.tuples(st.integers(1, 500), st.one_of(numbers, st.binary(max_size=300)))))
def test_messages_are_read_back(values):
    content = message(*values)
    found = []
    for (_, value), (field, place) in zip(values, fields(content, 0, len(content)), strict=True):
        raw = content[slice(*place)]
        found.append((field, varint(content, place[0])[0] if isinstance(value, int) else raw))
    assert found == values


def test_messages_are_those_of_onnx():
    entry = onnx.StringStringEntryProto(key="k" * 200, value="é")
    assert message((1, b"k" * 200), (2, "é".encode())) == entry.SerializeToString()
    opset = onnx.OperatorSetIdProto(domain="ai", version=2**35)
    assert message((1, b"ai"), (2, 2**35)) == opset.SerializeToString()
