"""Folders and checkpoints as retraining, torch.compile and parallel training leave them."""

import shutil
from pathlib import Path

import pytest
import torch
import yaml

from sleap_rt.errors import ModelError
from sleap_rt.export.source_hashes import fingerprint
from sleap_rt.models.native.load_native import load_native_model

SAMPLE = Path(__file__).resolve().parents[2] / "samples/models/bottomup"


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(SAMPLE, tmp_path / "bottomup")


def rename(folder, new_name):
    found = torch.load(folder / "best.ckpt", map_location="cpu", weights_only=False)
    state = {new_name(name): value for name, value in found["state_dict"].items()}
    torch.save({"state_dict": state}, folder / "best.ckpt")


@pytest.mark.parametrize(
    "new_name",
    [
        lambda name: f"_orig_mod.{name}",
        lambda name: f"module.{name}",
        lambda name: f"module._orig_mod.{name}",
        lambda name: name.replace("model.", "model._orig_mod.", 1),
        lambda name: name.replace("model.", "model.module.", 1),
        lambda name: name.replace("backbone.", "backbone._orig_mod.", 1),
        lambda name: "_orig_mod." + name.removeprefix("model."),
    ],
)
def test_names_of_wrapped_weights_are_unwrapped(folder, new_name):
    rename(folder, new_name)
    found, expected = (load_native_model(path).network.state_dict() for path in (folder, SAMPLE))
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_which_of_several_checkpoints_is_used_is_said(folder):
    alone = fingerprint(folder)
    shutil.copy(folder / "best.ckpt", folder / "best-v1.ckpt")
    (note,) = load_native_model(folder).notes
    assert note.startswith("best.ckpt was used; best-v1.ckpt of another training")
    assert fingerprint(folder) != alone  # a cached export without the note is not this one
    shutil.copy(folder / "best.ckpt", folder / "last.ckpt")
    assert load_native_model(folder).notes == (note,)


def named(folder, names):
    path = folder / "training_config.yaml"
    document = yaml.safe_load(path.read_text())
    document["model_config"]["head_configs"]["bottomup"]["confmaps"]["part_names"] = names
    path.write_text(yaml.safe_dump(document))
    return load_native_model(folder)


def test_channels_go_by_the_skeleton_and_other_part_names_are_a_note(folder):
    nodes = list(load_native_model(SAMPLE).skeleton.node_names)
    model = named(folder, nodes[::-1])
    assert model.skeleton.node_names == tuple(nodes)
    (note,) = model.notes
    assert f"({', '.join(nodes[::-1])}) differ from the skeleton's nodes" in note
    assert named(folder, nodes).notes == ()
    with pytest.raises(ModelError, match=r"part_names \(.*, tip\) differ .* one channel for each"):
        named(folder, [*nodes, "tip"])
