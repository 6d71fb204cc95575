"""Which layers of a graph are brought to int8, on a graph put down by hand and on a real one."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from sleap_rt.export.precision.quantize import layers_to_quantize, quantized
from sleap_rt.export.proof.graph_run import Feed


def graph(*nodes: onnx.NodeProto) -> onnx.GraphProto:
    """These nodes, weights `w`, an input `frames` and outputs `confmaps` and `pafs`."""
    tensors = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in ("frames", "confmaps", "pafs")
    ]
    weights = numpy_helper.from_array(np.ones((1, 1, 1, 1), np.float32), "w")
    return helper.make_graph(nodes, "made", tensors[:1], tensors[1:], [weights])


def node(name: str, inputs: list[str], output: str) -> onnx.NodeProto:
    return helper.make_node(name.split("/")[-1].split("_")[0], inputs, [output], name=name)


MADE = graph(
    node("resize/MatMul_0", ["frames", "w"], "image"),
    node("network/first/Conv_1", ["image", "w"], "a"),
    node("network/act/Relu_2", ["a"], "a_relu"),
    node("network/second/Conv_3", ["a_relu", "w"], "b"),
    node("network/up/ConvTranspose_4", ["b", "w"], "up"),
    node("network/attention/MatMul_5", ["up", "b"], "mixed"),
    node("network/join/Concat_6", ["mixed", "a_relu"], "joined"),
    node("network/linear/MatMul_7", ["joined", "w"], "c"),
    node("network/head_a/Conv_8", ["c", "w"], "raw"),
    node("network/head_a/Sigmoid_9", ["raw"], "confmaps"),
    node("network/head_b/Conv_10", ["b", "w"], "pafs"),
    node("decode/Conv_11", ["confmaps", "w"], "unused"),
)


def test_the_networks_inner_layers_are_chosen_by_structure() -> None:
    """Not the first, not those ahead of outputs, nothing outside, no product of two activations."""
    assert layers_to_quantize(MADE) == [
        "network/second/Conv_3",
        "network/up/ConvTranspose_4",
        "network/linear/MatMul_7",
    ]


def test_a_sample_graph_is_quantized_inside_its_network_only(int8_graph, sample_graphs) -> None:
    made = onnx.load(int8_graph).graph
    (path,) = sample_graphs("bottomup")
    of_float = {node.name: node for node in onnx.load(path).graph.node}
    from_int8 = {n.output[0] for n in made.node if n.op_type == "DequantizeLinear"}
    in_int8 = {n.name for n in made.node if n.name in of_float and from_int8 & set(n.input[:1])}
    convolutions = {name for name, n in of_float.items() if n.op_type == "Conv"}
    left = {
        "network/backbone.encoder.0.0",
        "network/heads.confmaps.conv",
        "network/heads.pafs.conv",
    }
    assert {name.rpartition("/")[0] for name in convolutions - in_int8} == left
    assert in_int8 < convolutions
    assert len(in_int8) == 15


def test_ranges_are_symmetric_weights_have_one_per_channel_and_biases_stay(int8_graph) -> None:
    made = onnx.load(int8_graph).graph
    constants = {item.name: numpy_helper.to_array(item) for item in made.initializer}
    producers = {name: node for node in made.node for name in node.output}
    n_layers = 0
    for layer in made.node:
        if layer.op_type != "Conv" or layer.input[0] not in producers:
            continue
        data, weights = producers[layer.input[0]], producers.get(layer.input[1])
        if data.op_type != "DequantizeLinear" or weights is None:
            continue
        n_layers += 1
        kernel, scale, zero = (constants[name] for name in weights.input)
        assert kernel.dtype == np.int8
        assert scale.shape == (kernel.shape[0],)
        assert not zero.any()
        assert constants[data.input[1]].shape == ()
        assert constants[data.input[2]] == 0
        assert constants[data.input[2]].dtype == np.int8
        assert constants[layer.input[2]].dtype == np.float32
    assert n_layers == 15


def test_what_branches_read_is_computed_ahead_of_them(sample_graphs) -> None:
    """The crops of a quantized graph are cut in a branch, at corners computed outside."""
    _, path = sample_graphs("centroid", "centered_instance")
    feed: Feed = {
        "frames": np.zeros((1, 250, 324, 1), np.uint8),
        "centers": np.array([[120, 100]], np.float32),
        "frame_index": np.zeros(1, np.int64),
        "peak_threshold": np.array(0.2, np.float32),
        "integral_refinement": np.array(1, np.float32),
    }
    onnx.checker.check_model(quantized(path, [feed]))  # refuses other orders
