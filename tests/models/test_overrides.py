"""Overrides: which values a model gets, which are refused, and that each is another export."""

from dataclasses import replace
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
import torch
from fakes import graph_contract
from torch import nn

from sleap_rt.contract import Decoding
from sleap_rt.errors import ModelError, OptionError
from sleap_rt.export import cache
from sleap_rt.models.native.checkpoint import load_checkpoint, replace_weights
from sleap_rt.models.native.weights_for_set import load_native_models
from sleap_rt.models.overrides import override_models
from sleap_rt.models.trained import TrainedModel
from sleap_rt.options import NO_OVERRIDES, ModelOverrides
from sleap_rt.skeleton import Skeleton
from sleap_rt.workflows.resolve import resolve_models


def trained(kind: str, **preprocessing: Any) -> TrainedModel:
    values = {
        "channels": "as_is",
        "in_channels": 1,
        "max_height": 100,
        "max_width": 200,
        "input_scale": 0.5,
        "max_stride": 16,
        "crop_size": (64, 64) if kind == "centered_instance" else None,
    }
    nodes = {"skeleton": Skeleton("animal", ("nose", "tail")), "anchor_part": "nose"}
    return TrainedModel.of(graph_contract(kind, **nodes, **(values | preprocessing)), nn.Identity())


def test_without_overrides_a_model_stays_as_it_is():
    model = trained("centroid")
    assert override_models([model], NO_OVERRIDES) == [model]
    assert NO_OVERRIDES.given == ()


def test_a_pair_takes_each_override_where_it_belongs():
    pair = [trained("centroid"), trained("centered_instance")]
    overrides = ModelOverrides(
        max_height=30, input_scale=0.25, crop_size=48, anchor_part="tail", integral_patch_size=7
    )
    centroid, instance = override_models(pair, overrides)
    common = {"max_height": 30, "input_scale": 0.25}
    assert centroid.preprocessing == replace(pair[0].preprocessing, **common)
    assert instance.preprocessing == replace(pair[1].preprocessing, **common, crop_size=(48, 48))
    for model in (centroid, instance):
        assert model.anchor_part == "tail"
        assert model.decoding == Decoding(confmaps_stride=2, integral_patch_size=7)


@pytest.mark.parametrize(
    ("configured", "rgb", "grayscale", "expected"),
    [
        ("as_is", None, None, "as_is"),
        ("rgb", None, None, "rgb"),
        ("as_is", True, None, "rgb"),
        ("as_is", None, True, "grayscale"),
        ("grayscale", True, None, "rgb"),
        ("rgb", False, None, "as_is"),
        ("grayscale", None, False, "as_is"),
        ("grayscale", False, None, "grayscale"),
        ("rgb", False, True, "grayscale"),
    ],
)
def test_channel_conversion_has_three_states_each(configured, rgb, grayscale, expected):
    overrides = ModelOverrides(ensure_rgb=rgb, ensure_grayscale=grayscale)
    (model,) = override_models([trained("centroid", channels=configured)], overrides)
    assert model.preprocessing.channels == expected


@pytest.mark.parametrize(
    ("kind", "overrides", "words"),
    [
        ("bottomup", {"crop_size": 64}, "crop_size: no effect with bottomup"),
        ("single_instance", {"anchor_part": "nose"}, "anchor_part: no effect"),
        ("centroid", {"n_points": 5}, "n_points: no effect"),
        ("centroid", {"anchor_part": "wing"}, "its nodes are nose, tail"),
    ],
)
def test_an_override_that_cannot_take_effect_is_refused(kind, overrides, words):
    with pytest.raises(OptionError, match=words):
        override_models([trained(kind)], ModelOverrides(**overrides))


@pytest.mark.parametrize(
    "values",
    [
        {"ensure_rgb": True, "ensure_grayscale": True},
        {"max_height": 0},
        {"max_width": -1},
        {"crop_size": 0},
        {"n_points": 1},
        {"integral_patch_size": 0},
        {"input_scale": 0.0},
        {"input_scale": float("nan")},
    ],
)
def test_values_that_mean_nothing_are_refused(values):
    with pytest.raises(OptionError):
        ModelOverrides(**values)


def test_an_exported_graph_takes_no_other_setting(sample_graphs):
    graphs = sample_graphs("bottomup")
    overrides = ModelOverrides(n_points=5, ensure_rgb=True, input_scale=0.5)
    told = r"^ensure_rgb True \(it has False\); n_points 5 \(it has 10\): built into an exported"
    with pytest.raises(OptionError, match=told):
        resolve_models(graphs, overrides)
    same = ModelOverrides(n_points=10, ensure_rgb=False, input_scale=0.5)
    assert resolve_models(graphs, same).graphs is not None


def test_every_override_is_another_entry_of_the_cache(tmp_path: Path):
    (tmp_path / "training_config.yaml").write_text("model_config: {}")
    weights = [save(tmp_path / f"{i}.ckpt", i) for i in range(2)]
    save(tmp_path / "best.ckpt", 9)
    overrides = [
        NO_OVERRIDES,
        ModelOverrides(max_height=10),
        ModelOverrides(max_width=10),
        ModelOverrides(input_scale=0.5),
        ModelOverrides(ensure_rgb=True),
        ModelOverrides(ensure_rgb=False),
        ModelOverrides(backbone_ckpt_path=weights[0]),
        ModelOverrides(backbone_ckpt_path=weights[1]),
        ModelOverrides(head_ckpt_path=weights[1]),
    ]
    keys = [cache._key([tmp_path], item) for item in overrides]
    assert len(set(keys)) == len(keys)
    same = ModelOverrides(backbone_ckpt_path=copyfile(weights[0], tmp_path / "copy.ckpt"))
    assert cache._key([tmp_path], same) == keys[6]  # named by content, not by path


def save(path: Path, value: float, **others: torch.Tensor) -> Path:
    tensors = {
        "model.backbone.conv.weight": torch.full((2, 3), float(value)),
        "model.head_layers.0.conv.weight": torch.full((4,), float(value)),
        **others,
    }
    torch.save({"state_dict": tensors}, path)
    return path


@pytest.mark.parametrize(
    ("backbone", "head", "expected"),
    [(1, None, (1, 1)), (None, 2, (0, 2)), (1, 2, (1, 2))],
)
def test_other_checkpoints_replace_what_they_are_given_for(backbone, head, expected, tmp_path):
    own = load_checkpoint(save(tmp_path / "best.ckpt", 0))
    files = {
        name: None if value is None else save(tmp_path / f"{name}.ckpt", value)
        for name, value in (("backbone", backbone), ("head", head))
    }
    found = replace_weights(own, **files)
    values = [found.weights[key].unique().tolist() for key in sorted(found.weights)]
    assert values == [[value] for value in expected]
    assert found.sha256 != own.sha256


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"model.other.weight": torch.zeros(2)}, "none of its weights"),
        ({"model.backbone.conv.weight": torch.zeros(2, 4)}, r"\(2, 4\), the model's has \(2, 3\)"),
    ],
)
def test_another_networks_checkpoint_is_refused(other, words, tmp_path):
    own = load_checkpoint(save(tmp_path / "best.ckpt", 0))
    torch.save({"state_dict": other}, tmp_path / "other.ckpt")
    with pytest.raises(ModelError, match=words):
        replace_weights(own, backbone=tmp_path / "other.ckpt", head=None)


SAMPLES = Path(__file__).resolve().parents[2] / "samples/models"
PAIR = [SAMPLES / "centroid", SAMPLES / "centered_instance"]


def doubled(model: Path, to: Path) -> Path:
    """The model's own weights, each times two, as another checkpoint."""
    weights = load_checkpoint(model / "best.ckpt").weights
    torch.save({"state_dict": {f"model.{n}": 2 * weights[n] for n in weights}}, to)
    return to


def factors(model: TrainedModel, path: Path) -> dict[str, float]:
    """By how much the model's weights are larger than those in the folder."""
    own = load_checkpoint(path / "best.ckpt").weights
    now = dict(model.network.named_parameters())

    def total(weights: dict[str, torch.Tensor], prefix: str) -> float:
        return sum(float(w.abs().sum()) for name, w in weights.items() if name.startswith(prefix))

    return {
        "backbone": round(total(now, "backbone.") / total(own, "backbone."), 3),
        "heads": round(total(now, "heads.") / total(own, "head_layers."), 3),
    }


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("backbone_ckpt",), {"backbone": 2, "heads": 2}),
        (("head_ckpt",), {"backbone": 1, "heads": 2}),
        (("backbone_ckpt", "head_ckpt"), {"backbone": 2, "heads": 2}),
    ],
)
def test_of_a_pair_the_model_that_a_checkpoint_fits_gets_it(which, given, expected, tmp_path):
    other = doubled(PAIR[which], tmp_path / "other.ckpt")
    for paths in (PAIR, PAIR[::-1]):
        models = load_native_models(paths, **dict.fromkeys(given, other))
        for model, path in zip(models, paths, strict=True):
            meant = path == PAIR[which]
            assert factors(model, path) == (expected if meant else {"backbone": 1, "heads": 1})
            assert len(model.notes) == (len(given) if meant else 0)


def test_a_checkpoint_stands_in_for_the_one_that_a_model_of_a_pair_lacks(tmp_path):
    bare = tmp_path / "centroid"
    bare.mkdir()
    copyfile(PAIR[0] / "training_config.yaml", bare / "training_config.yaml")
    models = load_native_models([PAIR[1], bare], backbone_ckpt=PAIR[0] / "best.ckpt")
    assert factors(models[1], PAIR[0]) == {"backbone": 1, "heads": 1}
    assert [bool(model.notes) for model in models] == [False, True]
    with pytest.raises(ModelError, match=r"one checkpoint cannot stand in for all"):
        load_native_models([bare, bare], backbone_ckpt=PAIR[0] / "best.ckpt")


@pytest.mark.parametrize("given", ["backbone_ckpt", "head_ckpt"])
def test_a_checkpoint_that_fits_neither_model_of_a_pair_is_refused(given):
    with pytest.raises(OptionError, match=f"{given}_path: of none of the models"):
        load_native_models(PAIR, **{given: SAMPLES / "bottomup/best.ckpt"})


def test_checkpoints_for_two_models_at_once_are_refused():
    given = {"backbone_ckpt": PAIR[0] / "best.ckpt", "head_ckpt": PAIR[1] / "best.ckpt"}
    with pytest.raises(OptionError, match=r"backbone_ckpt_path and head_ckpt_path: of none of the"):
        load_native_models(PAIR, **given)
