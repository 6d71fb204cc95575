"""Model files of strangers: none opens another file, none costs more than it is large."""

import copy
import io
import json
import pickle
import shutil
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
import yaml

from sleap_rt.errors import ModelError
from sleap_rt.legacy_files import read_model_files
from sleap_rt.models.legacy.config import read_config
from sleap_rt.models.legacy.h5 import read_keras_h5
from sleap_rt.models.legacy.keras_model import model_from_keras
from sleap_rt.models.native.checkpoint import load_checkpoint
from sleap_rt.models.native.load_native import load_native_model
from sleap_rt.models.network_summary import describe_network

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "samples/models/single_instance"
MB = 1 << 20
LONGEST = 1000  # characters of a message


def refused(call, *arguments):
    with pytest.raises(ModelError) as error:
        call(*arguments)
    assert len(str(error.value)) < LONGEST
    return str(error.value)


# --- best_model.h5 --------------------------------------------------------------------------------


def keras_file(path, change):
    """A file of one layer with one weight; `change` gets the group that should hold the weight."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": {}})
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = np.array([b"conv"])
        group = root.create_group("conv")
        group.attrs["weight_names"] = np.array([b"kernel"])
        change(group)
    return Path(path).read_bytes()


def external_link(group):
    group["kernel"] = h5py.ExternalLink("other.h5", "/secret")


def linked_layer(group):
    group.parent["conv2"] = h5py.ExternalLink("other.h5", "/")
    group["kernel"] = np.zeros(3, np.float32)


def virtual_dataset(group):
    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource("other.h5", "secret", shape=(4,))
    group.create_virtual_dataset("kernel", layout)


def raw_storage(group):
    group.create_dataset("kernel", (4,), "f4", external=[("other.h5", 0, 16)])


OTHER_FILES = {
    "external link": (external_link, "'model_weights/conv/kernel' is a link to another file"),
    "a linked group": (linked_layer, "'model_weights/conv2' is a link to another file"),
    "virtual dataset": (virtual_dataset, "the values of '/model_weights/conv/kernel' are in anoth"),
    "raw storage": (raw_storage, "the values of '/model_weights/conv/kernel' are in another file"),
}


@pytest.mark.parametrize("name", OTHER_FILES)
def test_weights_come_from_no_other_file(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with h5py.File("other.h5", "w") as other:
        other["secret"] = np.ones(4, np.float32)
    change, words = OTHER_FILES[name]
    assert words in refused(read_keras_h5, keras_file("model.h5", change), "best_model.h5")


def without_data(group):
    group.create_dataset("kernel", (3 << 28,), "f4", compression="gzip")


def one_large_chunk(group):
    group.create_dataset("kernel", (1,), "f4", chunks=(1 << 28,), maxshape=(None,))


def one_text_many_times(group):
    group["kernel"] = np.zeros(3, np.float32)
    names = np.array(["kernel"] * 600, dtype=object)
    group.attrs.create("weight_names", names, dtype=h5py.string_dtype())


def one_weight_many_times(group):
    group["kernel"] = np.zeros(MB, np.float32)
    group.attrs["weight_names"] = np.array([b"kernel"] * 400)


OVERSIZED = {
    "3 GB without data": (
        without_data,
        "'/model_weights/conv/kernel' would unpack to 3,221,225,472",
    ),
    "a chunk of 1 GB": (one_large_chunk, "would unpack to 1,073,741,824 bytes"),
    "one text 600 times": (one_text_many_times, "refers to 600 values"),
    "one weight 400 times": (one_weight_many_times, "would unpack to 4,194,304 bytes"),
}


@pytest.mark.parametrize("name", OVERSIZED)
def test_weights_are_no_larger_than_their_file_allows(name, tmp_path):
    change, words = OVERSIZED[name]
    content = keras_file(tmp_path / "model.h5", change)
    assert words in refused(read_keras_h5, content, "best_model.h5")


def test_compressed_weights_are_read(tmp_path):
    kernel = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    content = keras_file(
        tmp_path / "model.h5",
        lambda group: group.create_dataset("kernel", data=kernel, compression="gzip"),
    )
    found = read_keras_h5(content, "best_model.h5").weights["conv"]["kernel"]
    np.testing.assert_array_equal(found, kernel)


def test_an_architecture_nested_deep_is_refused(tmp_path):
    model = {"class_name": "Functional", "config": {"layers": [], "name": "x"}}
    for _ in range(60):
        model = {"class_name": "Functional", "config": {"layers": [model]}}
    path = tmp_path / "model.h5"
    content = keras_file(path, lambda group: group.create_dataset("kernel", (3,), "f4"))
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = json.dumps(model)
    assert "nested deeper than 100" in refused(read_keras_h5, path.read_bytes(), "best_model.h5")
    assert content


@pytest.mark.parametrize("layer", [None, [], {}, {"class_name": "Conv2D", "name": "a"}, "x", 7])
def test_layers_that_are_none_are_told(layer):
    config = {"layers": [layer], "output_layers": [["a", 0, 0]], "input_layers": [["a", 0, 0]]}
    architecture = {"class_name": "Functional", "config": config}
    assert "cannot be read" in refused(model_from_keras, architecture, {})


# --- training_config.json, and zips ---------------------------------------------------------------

CONFIGS = {
    "deep": ("[" * 100_000, "nested too deep"),
    "digits": ('{"a": ' + "1" * 10_000 + "}", "digits"),
    "open comments": ("/*" * 200_000, "line 1, column"),
    "open texts": ('"\\' * 200_000, "line 1, column"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_configurations_that_cost_too_much_are_refused(name):
    text, words = CONFIGS[name]
    assert words in refused(read_config, text.encode(), "training_config.json")


def test_a_skeleton_of_100000_nodes_is_refused_before_it_is_searched():
    nodes = [
        {"id": {"py/object": "Node", "py/state": {"py/tuple": [f"n{n}"]}}} for n in range(9999)
    ]
    skeleton = {"nodes": nodes, "links": [], "graph": {}}
    config = {
        "data": {"labels": {"skeletons": [skeleton]}},
        "model": {"heads": {"single_instance": {}}, "backbone": {"unet": {}}},
    }
    text = json.dumps(config).encode()
    assert "9,999 nodes" in refused(read_config, text, "training_config.json")


def legacy_zip(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return path


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    members = {"training_config.json": b"{}", "best_model.h5": bytes(100 * MB)}
    path = legacy_zip(tmp_path / "model.zip", **members)
    assert "would unpack to 104,857,600 bytes" in refused(read_model_files, path)


@pytest.mark.parametrize("name", ["../training_config.json", "/training_config.json", "a/../../b"])
def test_a_zip_does_not_lead_out_of_its_folder(tmp_path, name):
    path = legacy_zip(tmp_path / "model.zip", **{name: b"{}", "best_model.h5": b""})
    assert "leads out of its folder" in refused(read_model_files, path)


# --- best.ckpt ------------------------------------------------------------------------------------


def checkpoint(path, pickled, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickled)
        for name, content in members.items():
            archive.writestr(f"archive/{name.replace('__', '/')}", content)
    return path


class Storage:
    """What torch pickles as a reference to the file's numbers."""

    def __init__(self, n):
        self.n = n


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, Storage):
            return ("storage", torch.FloatStorage, "0", "cpu", value.n)
        return None


class Tensor:
    def __init__(self, storage, size, stride):
        self.arguments = (storage, 0, size, stride, False, {})

    def __reduce__(self):
        return torch._utils._rebuild_tensor_v2, self.arguments


def pickled(state):
    buffer = io.BytesIO()
    Pickler(buffer, 2).dump({"state_dict": state})
    return buffer.getvalue()


CHECKPOINTS = {
    "stride 0": (
        pickled({"model.a": Tensor(Storage(4), (1 << 15, 1 << 15), (0, 0))}),
        {"data__0": bytes(16)},
        "a tensor would unpack to 4,294,967,296 bytes",
    ),
    "many of one storage": (
        pickled({f"model.{n}": Tensor(Storage(MB), (MB,), (1,)) for n in range(99)}),
        {"data__0": bytes(4 * MB)},
        "a tensor would unpack to 4,194,304 bytes",
    ),
    "bomb in a storage": (
        pickled({"model.a": Tensor(Storage(25 * MB), (25 * MB,), (1,))}),
        {"data__0": bytes(100 * MB)},
        "'archive/data/0' would unpack to 104,857,600 bytes",
    ),
    "bomb in byteorder": (pickled({}), {"byteorder": bytes(MB)}, "at most 100 are read"),
    "2^62 bytes": (b"\x80\x04\x8e" + bytes(7) + b"\x40.", {}, "expected"),
    "a place far off": (b"\x80\x02Nr\xff\xff\xff\x7f.", {}, "place in a table"),
    "tuples in tuples as a key": (b"\x80\x02})" + b"\x85" * 99_999 + b"Ns.", {}, "tuples"),
    "beyond the storage": (
        pickled({"model.a": Tensor(Storage(4), (1 << 10,), (1,))}),
        {"data__0": bytes(16)},
        "not a checkpoint",
    ),
    "more than is stored": (
        pickled({"model.a": Tensor(Storage(1 << 40), (4,), (1,))}),
        {"data__0": bytes(16)},
        "not a checkpoint",
    ),
    "a negative size": (
        pickled({"model.a": Tensor(Storage(4), (-(1 << 40), 1 << 40), (1, 1))}),
        {"data__0": bytes(16)},
        "not a checkpoint",
    ),
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_checkpoints_are_no_larger_than_their_file_allows(name, tmp_path):
    data, members, words = CHECKPOINTS[name]
    path = checkpoint(tmp_path / "best.ckpt", data, **members)
    assert words in refused(load_checkpoint, path)


def test_views_of_one_storage_are_read(tmp_path):
    """Weights that a network shares are stored once."""
    numbers = np.arange(6, dtype=np.float32)
    state = {
        "model.a": Tensor(Storage(6), (2, 3), (3, 1)),
        "model.b": Tensor(Storage(6), (3, 2), (1, 3)),
    }
    path = checkpoint(tmp_path / "best.ckpt", pickled(state), data__0=numbers.tobytes())
    found = load_checkpoint(path).weights
    np.testing.assert_array_equal(found["a"], numbers.reshape(2, 3))
    np.testing.assert_array_equal(found["b"], numbers.reshape(2, 3).T)


# --- training_config.yaml -------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(MODEL, tmp_path / "model")
    return tmp_path / "model"


def numbers_in(values, path=()):
    """Paths of all numbers of a configuration that inference reads."""
    for key, value in values.items() if isinstance(values, dict) else enumerate(values):
        if isinstance(value, dict | list):
            yield from numbers_in(value, (*path, key))
        elif type(value) in (int, float):
            yield (*path, key)


CONFIG = yaml.safe_load((MODEL / "training_config.yaml").read_text())
NUMBERS = [path for path in numbers_in(CONFIG) if path[0] in ("model_config", "data_config")]
ODD = [
    10**9,
    10**6,
    0,
    -1,
    1e308,
    float("nan"),
    float("inf"),
    10**400,
    0.5,
    "[[[[1]]]]",
    "x" * 9999,
]


@pytest.mark.parametrize("path", NUMBERS, ids=".".join)
def test_odd_numbers_are_refused_or_do_no_harm(folder, path):
    for odd in ODD:
        config = copy.deepcopy(CONFIG)
        place = config
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = odd
        text = yaml.safe_dump(config)
        (folder / "training_config.yaml").write_text(text)
        words = ""
        try:
            describe_network(folder, "native")
        except ModelError as error:
            words = str(error)
        assert len(words) < LONGEST


@pytest.mark.parametrize("side", [10**6, 10**9, 40_000])
def test_absurd_training_sizes_are_refused(folder, side):
    path = folder / "training_config.yaml"
    config = copy.deepcopy(CONFIG)
    config["data_config"]["preprocessing"] |= {"max_height": side, "max_width": side}
    path.write_text(yaml.safe_dump(config))
    words = refused(load_native_model, folder)
    assert f"A size of {side:,} x {side:,} px was found; at most 32,768 px on a side" in words


def test_an_alias_bomb_in_a_message_is_refused(folder):
    lines = ["b0: &b0 [lol]"]
    lines += [f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 10)}]" for n in range(1, 11)]
    path = folder / "training_config.yaml"
    path.write_text("\n".join([*lines, "model_config: *b10"]))
    assert "aliases repeat" in refused(load_native_model, folder)


def test_many_keys_are_listed_in_short(folder):
    config = copy.deepcopy(CONFIG)
    config["model_config"]["head_configs"] = {f"head{n}": {} for n in range(10_000)}
    (folder / "training_config.yaml").write_text(yaml.safe_dump(config))
    assert " and 9992 more; exactly one" in refused(load_native_model, folder)
