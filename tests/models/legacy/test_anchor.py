"""The anchor part of a legacy model: a node of its own skeleton, whatever model it runs with."""

import json
from typing import Any

import pytest
from keras_files import skeleton_json, training_config

from sleap_rt.models.legacy.config import LegacyConfig, read_config


def config_of(kind: str, nodes: list[str], anchor: str | None, center: str | None) -> LegacyConfig:
    config: dict[str, Any] = training_config(kind, {"anchor_part": anchor})
    config["data"]["labels"]["skeletons"] = [skeleton_json(nodes, [])]
    config["data"]["instance_cropping"] = {"crop_size": 64, "center_on_part": center}
    return read_config(json.dumps(config).encode(), "training_config.json")


def test_each_model_of_a_pair_looks_its_anchor_up_in_its_own_skeleton() -> None:
    centroid = config_of("centroid", ["middle", "tip"], "middle", "middle")
    crops = config_of("centered_instance", ["head", "thorax"], None, "thorax")
    assert (centroid.anchor_part, centroid.notes) == ("middle", ())
    assert (crops.anchor_part, crops.notes) == ("thorax", ())


def test_an_anchor_that_only_the_other_model_knows_is_ignored_and_noted() -> None:
    crops = config_of("centered_instance", ["head", "thorax"], None, "middle")
    assert crops.anchor_part is None
    (note,) = crops.notes
    assert "'middle' is no node of the skeleton and is ignored" in note


@pytest.mark.parametrize("kind", ["centroid", "centered_instance"])
@pytest.mark.parametrize("center", ["", None])
def test_an_anchor_of_no_letters_is_none(kind: str, center: str | None) -> None:
    config = config_of(kind, ["head", "thorax"], "", center)
    assert (config.anchor_part, config.notes) == (None, ())
