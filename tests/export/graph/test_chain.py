"""Whole graphs: cut where their contracts say, with frames as bytes, and with odd centers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from sleap_rt.contract import BYTES_NODE, GraphPart
from sleap_rt.kinds import KINDS, MODEL_KINDS
from sleap_rt.runtime.graph_file import read_graph_file, read_keeping_bytes

Feed = dict[str, np.ndarray]
CROP_SETS = [
    ("native", ("centered_instance",)),
    ("native", ("multi_class_topdown",)),
    ("native", ("centroid", "centered_instance")),
    ("native", ("centroid", "multi_class_topdown")),
    ("legacy", ("centroid", "centered_instance")),
    ("legacy", ("centroid", "topdown_multiclass")),
]
SETS = [
    *CROP_SETS,
    *(("native", (kind,)) for kind in MODEL_KINDS if not KINDS[kind].sees_crops),
    ("legacy", ("single_instance",)),
    ("legacy", ("bottomup",)),
    ("legacy", ("bottomup_multiclass",)),
]
SCALARS = {
    "peak_threshold": 0.05,
    "integral_refinement": 1.0,
    "max_edge_length_ratio": 0.25,
    "dist_penalty_weight": 1.0,
}
CENTERS = [[60, 60], [101.25, 80.5], [0, 0], [200, 140], [-500, 60]]  # (x, y) frame px
FAR = [[np.nan, 60], [60, np.nan], [np.nan, np.nan], [1e9, 60], [60, -1e9], [-1e9, 1e9]]
SIZE = (150, 211)  # (height, width) px; no model was trained with it


def in_words(value: object) -> str:
    return value if isinstance(value, str) else "+".join(value)


every_set = pytest.mark.parametrize(("family", "names"), SETS, ids=in_words)
every_crop_set = pytest.mark.parametrize(("family", "names"), CROP_SETS, ids=in_words)


@pytest.fixture
def graphs(request: pytest.FixtureRequest, family: str, names: tuple[str, ...]) -> list[Path]:
    if family == "native":
        return request.getfixturevalue("sample_graphs")(*names)
    folder = request.getfixturevalue("shared_data") / "legacy"
    return request.getfixturevalue("exported")([folder / name for name in names])


def opened(model: bytes) -> Callable[[Feed], Feed]:
    """A model as a function of all that it might take."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, settings, ["CPUExecutionProvider"])
    inputs, outputs = ([x.name for x in xs] for xs in (session.get_inputs(), session.get_outputs()))

    def run(feed: Feed) -> Feed:
        found = session.run(outputs, {name: feed[name] for name in inputs})
        return dict(zip(outputs, found, strict=True))

    return run


def frames_of(size: tuple[int, int], channels: int) -> np.ndarray:
    """Two frames of blobs, and of noise, in which every mistake shows."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[: size[0], : size[1]]
    blobs = np.stack([np.sin(x / 9.0 + i) * np.cos(y / 7.0) for i in range(2)])[..., None]
    noise = rng.uniform(-40, 40, (2, *size, channels))
    return (128 + 80 * blobs + noise).clip(0, 255).astype(np.uint8)


def feed_of(frames: np.ndarray, centers: object = CENTERS) -> Feed:
    centers = np.array(centers, np.float32).reshape(-1, 2)
    feed = {name: np.array(value, np.float32) for name, value in SCALARS.items()}
    return feed | {
        "frames": frames,
        "centers": centers,
        "frame_index": np.arange(len(centers)) % len(frames),
        "slots": np.zeros(40, np.float32),
    }


def feeds(graph: Path) -> Iterator[Feed]:
    """Frames of the trained size and of another, gray and in colour."""
    spec = read_graph_file(graph).contract.preprocessing
    trained = (spec.max_height or SIZE[0], spec.max_width or SIZE[1])
    for size in dict.fromkeys([SIZE, trained]):
        for channels in (1, 3):
            yield feed_of(frames_of(size, channels))


def assert_same(found: Feed, expected: Feed) -> None:
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


@every_set
def test_frames_may_stay_bytes(graphs: list[Path]) -> None:
    for graph in graphs:
        kept = read_keeping_bytes(graph)
        assert kept is not None
        in_floats, in_bytes = opened(graph.read_bytes()), opened(kept)
        for feed in feeds(graph):
            assert_same(in_bytes(feed), in_floats(feed))


def test_frames_of_an_int8_graph_may_stay_bytes(int8_graph: Path) -> None:
    kept = read_keeping_bytes(int8_graph)
    assert kept is not None
    in_floats, in_bytes = opened(int8_graph.read_bytes()), opened(kept)
    for feed in feeds(int8_graph):
        assert_same(in_bytes(feed), in_floats(feed))


@every_set
def test_one_cast_takes_the_bytes(graphs: list[Path]) -> None:
    """Some engines take bytes in no other operator."""
    for graph in graphs:
        model = onnx.load(graph)
        (taker,) = (node for node in nodes_within(model.graph) if "frames" in node.input)
        assert (taker.name, taker.op_type) == (BYTES_NODE, "Cast")
        assert model.graph.node[0] == taker
        casts = [node for node in nodes_within(model.graph) if node.op_type == "Cast"]
        types = {attribute.i for node in casts for attribute in node.attribute}
        assert onnx.TensorProto.UINT8 not in types


def nodes_within(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """Nodes of a graph and of the branches in it."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from nodes_within(attribute.g)


@every_set
def test_parts_give_what_the_whole_graph_gives(graphs: list[Path]) -> None:
    for graph in graphs:
        assert_chained(graph)


def test_parts_of_an_int8_graph_do_so_too(int8_graph: Path) -> None:
    assert_chained(int8_graph)


def assert_chained(graph: Path) -> None:
    model, parts = onnx.load(graph), read_graph_file(graph).contract.parts
    whole = opened(graph.read_bytes())
    links = [opened(cut(model, part).SerializeToString()) for part in parts]
    for feed in feeds(graph):
        expected, values = whole(feed), dict(feed)
        for link, part in zip(links, parts, strict=True):
            found = link(values)
            assert tuple(found) == part.outputs
            values |= found
        assert_same({name: values[name] for name in expected}, expected)


@every_set
def test_nodes_are_named_by_their_part(graphs: list[Path]) -> None:
    for graph in graphs:
        names = {part.name for part in read_graph_file(graph).contract.parts}
        nodes = onnx.load(graph).graph.node
        assert nodes[0].name == BYTES_NODE
        assert {node.name.split("/")[0] for node in nodes[1:]} == names


def cut(model: onnx.ModelProto, part: GraphPart) -> onnx.ModelProto:
    """The nodes between the tensors at the ends of a part, as a model by itself."""
    makers = {name: i for i, node in enumerate(model.graph.node) for name in node.output}
    constants = {item.name: item for item in model.graph.initializer}
    types = {value.name: value for value in (*model.graph.input, *model.graph.output)}
    reached, open_ends, used = set(), list(part.outputs), []
    while open_ends:
        name = open_ends.pop()
        if name in part.inputs:
            continue
        if name in constants:
            used.append(name)
            continue
        assert name in makers, f"{part.name} also takes {name}"
        if makers[name] not in reached:
            reached.add(makers[name])
            open_ends += taken_by(model.graph.node[makers[name]])
    inputs, outputs = (
        [types.get(name, floats(name)) for name in names] for names in (part.inputs, part.outputs)
    )
    nodes = [model.graph.node[i] for i in sorted(reached)]
    weights = [constants[name] for name in dict.fromkeys(used)]
    graph = onnx.helper.make_graph(nodes, part.name, inputs, outputs, weights)
    return onnx.helper.make_model(
        graph, opset_imports=model.opset_import, ir_version=model.ir_version
    )


def floats(name: str) -> onnx.ValueInfoProto:
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)


def taken_by(node: onnx.NodeProto) -> set[str]:
    """Values that a node takes, also inside its branches."""
    taken = {name for name in node.input if name}
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            branch = attribute.g
            made = {name for inner in branch.node for name in inner.output}
            made |= {item.name for item in branch.initializer}
            inside = [taken_by(inner) for inner in branch.node]
            taken |= set().union(*inside, {value.name for value in branch.output}) - made
    return taken


@every_crop_set
def test_no_centers_give_no_crops(graphs: list[Path]) -> None:
    graph = graphs[-1]
    for model in (graph.read_bytes(), read_keeping_bytes(graph)):
        run = opened(model)
        for feed in feeds(graph):
            some, none = run(feed), run(feed | feed_of(feed["frames"], []))
            for name, values in some.items():
                assert none[name].shape == (0, *values.shape[1:]), name


@every_crop_set
def test_centers_far_off_give_black_crops(graphs: list[Path]) -> None:
    """So do missing centers."""
    graph = graphs[-1]
    contract = read_graph_file(graph).contract
    (part, *_) = contract.parts
    entry = opened(cut(onnx.load(graph), part).SerializeToString())
    for model in (graph.read_bytes(), read_keeping_bytes(graph)):
        run = opened(model)
        for feed in feeds(graph):
            far = feed_of(feed["frames"], FAR)
            assert not entry(far)["image"].any()
            beside = run(feed_of(feed["frames"], [[-5000, -5000]] * len(FAR)))
            found = run(far)
            for name in KINDS[contract.kind].heads:
                np.testing.assert_array_equal(found[name], beside[name], err_msg=name)


@every_set
def test_the_sum_shows_what_is_no_number(graphs: list[Path]) -> None:
    """In the maps themselves it looks as if nothing were there."""
    rng = np.random.default_rng(3)
    for graph in graphs:
        contract = read_graph_file(graph).contract
        *_, network, decoding = contract.parts
        feed = feed_of(frames_of(SIZE, 1))
        for part in contract.parts[:-1]:
            feed |= opened(cut(onnx.load(graph), part).SerializeToString())(feed)
        decode = opened(cut(onnx.load(graph), decoding).SerializeToString())
        heads = [name for name in decoding.inputs if name in network.outputs]
        assert set(heads) >= set(KINDS[contract.kind].heads)
        plain = sum(feed[name].astype(float).reshape(len(feed[name]), -1).sum(1) for name in heads)
        np.testing.assert_allclose(decode(feed)["map_sums"], plain, rtol=1e-4, atol=0.05)
        for name in heads:
            for value in (np.nan, np.inf, -np.inf):
                damaged = feed[name].copy()
                place = rng.integers(damaged[1].size)
                damaged[1].reshape(-1)[place] = value
                found = np.isfinite(decode(feed | {name: damaged})["map_sums"])
                assert found.tolist() == [number != 1 for number in range(len(damaged))]
