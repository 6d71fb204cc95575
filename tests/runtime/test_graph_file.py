"""Exported files of strangers, and those that were damaged: told before an engine opens them."""

import json
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from sleap_rt.contract import CONTRACT_VERSION
from sleap_rt.errors import ModelError
from sleap_rt.export.graph import part
from sleap_rt.export.onnx_file import save
from sleap_rt.runtime.graph_file import read_graph_file, read_metadata
from sleap_rt.runtime.graph_operators import OPERATORS
from sleap_rt.runtime.graph_seal import SEAL_KEY, seal
from sleap_rt.runtime.inspect.verify import SAMPLE_KEY, Sample, read_sample

EXPORT = Path(part.__file__).parents[1]


@pytest.fixture
def graph(sample_graphs):
    (path,) = sample_graphs("single_instance")
    return path


@pytest.fixture
def changed(graph, tmp_path):
    """A copy of a graph, changed and sealed again, as a stranger could."""

    def make(change):
        model = onnx.load(graph)
        change(model)
        path = tmp_path / "changed.onnx"
        onnx.save(model, path)
        seal(path)
        return path

    return make


def refused(path):
    with pytest.raises(ModelError) as error:
        read_graph_file(path)
    assert str(path) in str(error.value)
    assert len(str(error.value)) < 1000
    return str(error.value)


# --- the checksum ---------------------------------------------------------------------------------


def test_a_flipped_bit_anywhere_is_told(graph, tmp_path):
    content = graph.read_bytes()
    path = tmp_path / "damaged.onnx"
    for at in np.random.default_rng(0).integers(0, len(content), 100):
        damaged = bytearray(content)
        damaged[at] ^= 1 << int(at) % 8
        path.write_bytes(damaged)
        refused(path)
    damaged = bytearray(content)
    damaged[len(content) // 2] ^= 1  # among the weights, where nothing else would tell
    path.write_bytes(damaged)
    assert "is damaged, or was changed since it was exported" in refused(path)


def test_a_graph_that_another_program_wrote_anew_is_told(graph, tmp_path):
    model = onnx.load(graph)
    kept = [entry for entry in model.metadata_props if entry.key != SEAL_KEY]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    onnx.save(model, tmp_path / "anew.onnx")
    assert "does not end in its checksum" in refused(tmp_path / "anew.onnx")


def test_a_graph_is_sealed_once(graph, tmp_path):
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(graph.read_bytes())
    seal(copy)
    assert copy.read_bytes() == graph.read_bytes()
    assert [entry.key for entry in onnx.load(copy).metadata_props].count(SEAL_KEY) == 1


def test_weights_beside_a_graph_are_sealed_too(graph, tmp_path, monkeypatch):
    monkeypatch.setattr("sleap_rt.export.onnx_file._LARGEST_BYTES", 1000)
    path = tmp_path / "large.onnx"
    save(onnx.load(graph), read_graph_file(graph).contract, path)
    assert read_graph_file(path).contract.kind == "single_instance"
    beside = tmp_path / "large.onnx.data"
    content = bytearray(beside.read_bytes())
    content[-1] ^= 1
    beside.write_bytes(content)
    assert "is damaged" in refused(path)
    beside.unlink()
    assert "is damaged" in refused(path)


# --- what a graph may hold ------------------------------------------------------------------------


def test_the_operators_are_those_that_export_writes():
    written = {"QuantizeLinear", "DequantizeLinear"}  # by ONNX Runtime's quantizer
    for file in EXPORT.rglob("*.py"):
        text = file.read_text(encoding="utf8")
        written |= set(re.findall(r"\bop\.([A-Z][A-Za-z]+)\(", text))
        written |= set(re.findall(r"^_function\(\"([A-Z][A-Za-z]+)\"", text, re.MULTILINE))
    assert {name for name in written if onnx.defs.has(name)} == OPERATORS


def add(*nodes):
    return lambda model: model.graph.node.extend(nodes)


def loop(model):
    body = helper.make_graph([], "body", [], [])
    steps = helper.make_tensor("steps", TensorProto.INT64, [], [1 << 62])
    model.graph.initializer.append(steps)
    model.graph.node.append(helper.make_node("Loop", ["steps", ""], [], body=body))


def huge_constant(model):
    model.graph.initializer.append(helper.make_tensor("size", TensorProto.INT64, [1], [3 << 28]))
    model.graph.node.append(helper.make_node("ConstantOfShape", ["size"], ["huge"]))


def in_a_branch(model):
    inner = helper.make_graph([helper.make_node("Scan", [], [])], "inner", [], [])
    node = helper.make_node("If", ["c"], [], then_branch=inner, else_branch=inner)
    model.graph.node.append(node)


def another_body(model):
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("If", ["c"], [], body=body))


def deep_branches(model):
    inner = helper.make_graph([], "inner", [], [])
    for _ in range(9):
        node = helper.make_node("If", ["c"], [], then_branch=inner, else_branch=inner)
        inner = helper.make_graph([node], "inner", [], [])
    model.graph.node.extend(inner.node)


def a_function(model):
    model.functions.append(helper.make_function("x", "f", [], [], [], []))


def outside(location):
    def change(model):
        tensor = model.graph.initializer.add(name="w", data_type=TensorProto.FLOAT, dims=[4])
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)

    return change


def no_input(model):
    del model.graph.input[0]


CONTENT = {
    "a loop": (loop, "the operator 'Loop'"),
    "a constant of 3 GB": (huge_constant, "the operator 'ConstantOfShape'"),
    "a scan in a branch": (in_a_branch, "the operator 'Scan'"),
    "another kind of body": (another_body, "control flow other than"),
    "branches in branches": (deep_branches, "branches nested deeper than 4"),
    "an operator of an engine": (
        add(helper.make_node("Add", [], [], domain="com.microsoft")),
        "operator of 'com.microsoft'",
    ),
    "a function": (a_function, "functions or training"),
    "weights of any path": (outside("/etc/hostname"), "in another file, '/etc/hostname'"),
    "weights above": (outside("../w.data"), "in another file, '../w.data'"),
    "weights beside": (outside("changed.onnx.data"), "in another file, 'changed.onnx.data'"),
    "no input": (no_input, "not those of a single_instance model"),
}


@pytest.mark.parametrize("name", CONTENT)
def test_a_graph_with_what_no_export_has_is_refused(changed, name):
    change, words = CONTENT[name]
    message = refused(changed(change))
    assert "is no graph of ours: " in message
    assert words in message


# --- its description of itself --------------------------------------------------------------------


def described(model, change):
    for entry in model.metadata_props:
        if entry.key == "sleap_rt":
            entry.value = change(entry.value)


def with_value(*path_and_value):
    *path, value = path_and_value

    def change(text):
        found = json.loads(text)
        place = found
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        return json.dumps(found)

    return change


DESCRIPTIONS = {
    "deep": (lambda text: "[" * 100_000, "nested too deep"),
    "digits": (lambda text: text.replace('"version":', '"version":' + "6" * 9999), "digits"),
    "long": (lambda text: " " * (5 << 20), "5,242,880 characters"),
    "many fields": (
        lambda text: json.dumps({"version": CONTRACT_VERSION} | {f"f{n}": 0 for n in range(9999)}),
        "and 9991 more",
    ),
    "wide": (with_value("preprocessing", "max_width", 10**9), "x 1,000,000,000 px was found"),
    "scaled": (with_value("preprocessing", "input_scale", 999.0), "px on a side"),
    "no scale": (with_value("preprocessing", "input_scale", float("nan")), "must be positive"),
    "stride": (with_value("preprocessing", "max_stride", 0), "max_stride is 0; 1 to"),
    "cells": (with_value("decoding", "confmaps_stride", 10**30), "confmaps_stride is 1000"),
    "points": (with_value("decoding", "n_points", 10**9), "n_points is 1000000000"),
    "channels": (with_value("preprocessing", "in_channels", 7), "takes 7 channels"),
    "a kind": (with_value("kind", ["x" * 9999]), "is none of"),
    "nodes": (
        with_value("skeleton", "node_names", [f"n{n}" for n in range(9999)]),
        "9,999 nodes",
    ),
}


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_a_description_out_of_all_proportion_is_refused(changed, name):
    change, words = DESCRIPTIONS[name]
    assert words in refused(changed(lambda model: described(model, change)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x72\x05\x0a\x03key", "has no key or no value"),
        (b"\x72\x07\x12\x05value", "has no key or no value"),
        (b"\xff" * 300_000, "longer than ten bytes"),
        (b"\x08" + b"\xff" * 10_000_000, "longer than ten bytes"),
        (b"\xff\xff\xff\xff\xff\x01\x00", "does not follow"),
        (b"\x72\x08\x0a\x02\xff\xfe\x12\x02ab", "decode"),
    ],
)
def test_damaged_messages_are_told_at_once(tmp_path, content, words):
    (tmp_path / "a.onnx").write_bytes(content)
    assert words in refused(tmp_path / "a.onnx")


# --- its sample -----------------------------------------------------------------------------------


def test_a_sample_that_unpacks_to_gigabytes_is_refused():
    feed = {"frames": np.zeros((1, 10_000, 10_000, 1), np.uint8)}
    with pytest.raises(ModelError, match="would unpack to"):
        Sample.from_text(Sample(feed, {}).to_text())


def test_a_sample_of_another_graph_is_refused(graph, changed):
    from sleap_rt.options import EngineOptions
    from sleap_rt.runtime.inspect.verify import verify_graph

    sample = read_sample(graph)
    first = next(iter(sample.expected))
    shorter = {name: value[:0] for name, value in sample.expected.items()}
    for other in ({}, {first: sample.expected[first]}, shorter):
        text = Sample(sample.feed, other).to_text()

        def change(model, text=text):
            for entry in model.metadata_props:
                if entry.key == SAMPLE_KEY:
                    entry.value = text

        path = changed(change)
        assert read_metadata(path)[SAMPLE_KEY] == text
        with pytest.raises(ModelError, match="is not of this graph"):
            verify_graph(path, EngineOptions(engine="ort", device="cpu"))
