"""`backbone_config` to a specification: sizes by name, custom sizes, defaults, refusals."""

from typing import Any

import pytest

from sleap_rt.errors import ModelError
from sleap_rt.models.config_values import Config
from sleap_rt.models.native.backbone_config import read_backbone
from sleap_rt.models.native.topology import ConvNeXtSpec, SwinSpec, UNetSpec


def spec_of(name: str, **section: Any) -> Any:
    return read_backbone(Config({"unet": None, name: section})).spec


@pytest.mark.parametrize(
    ("name", "size", "depths"),
    [
        ("convnext", "tiny", (3, 3, 9, 3)),
        ("convnext", "small", (3, 3, 27, 3)),
        ("convnext", "base", (3, 3, 27, 3)),
        ("convnext", "large", (3, 3, 27, 3)),
        ("swint", "tiny", (2, 2, 6, 2)),
        ("swint", "small", (2, 2, 18, 2)),
        ("swint", "base", (2, 2, 18, 2)),
    ],
)
def test_a_named_size_wins_over_arch(name: str, size: str, depths: tuple[int, ...]) -> None:
    found = spec_of(name, model_type=size, arch={"depths": [1, 1, 1, 1]}, in_channels=1)
    assert found.depths == depths


@pytest.mark.parametrize("name", ["convnext", "swint"])
def test_arch_counts_where_no_size_is_named(name: str) -> None:
    assert spec_of(name, model_type="custom", arch={"depths": [1, 2, 3, 4]}).depths == (1, 2, 3, 4)


def test_absent_and_null_values_take_their_defaults() -> None:
    assert spec_of("convnext", model_type=None, arch=None) == ConvNeXtSpec(
        depths=(3, 3, 9, 3),
        stem_patch_stride=2,
        max_stride=32,
        output_stride=1,
        convs_per_block=2,
        up_interpolate=True,
    )
    assert spec_of("swint", window_size=None) == SwinSpec(
        depths=(2, 2, 6, 2),
        stem_patch_stride=2,
        max_stride=32,
        output_stride=1,
        convs_per_block=2,
        up_interpolate=True,
        window_size=7,
    )


def test_weights_to_start_training_from_are_not_looked_at() -> None:
    section = {"model_type": "tiny", "pre_trained_weights": "ConvNeXt_Tiny_Weights"}
    assert spec_of("convnext", **section) == spec_of("convnext", model_type="tiny")


def test_the_first_backbone_that_is_set_counts() -> None:
    found = read_backbone(Config({"convnext": None, "unet": {"in_channels": 3}, "swint": {}}))
    assert (found.name, found.in_channels) == ("unet", 3)
    assert isinstance(found.spec, UNetSpec)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"unet": None}, "sets no backbone; one of unet, convnext, swint is needed"),
        ({"pretrained": {"source": "hf"}}, "'pretrained' is not supported; supported: unet, conv"),
        ({"convnext": {"stem_patch_stride": 3}}, "stem_patch_stride must be a power of two, got 3"),
        ({"convnext": {"max_stride": 48}}, "max_stride must be a power of two, got 48"),
        ({"swint": {"output_stride": 64}}, "output_stride 64 exceeds max_stride 32"),
        ({"swint": {"output_stride": 64, "max_stride": 64}}, "or the bottleneck's stride 32"),
        ({"swint": {"window_size": 0}}, "window_size must be positive, got 0"),
        ({"convnext": {"convs_per_block": 0}}, "convs_per_block must be 1 or more, got 0"),
        (
            {"convnext": {"model_type": "custom", "arch": {"depths": [3, 3, 9]}}},
            r"depths must be 4 block counts, got \[3, 3, 9\]",
        ),
        (
            {"swint": {"model_type": "custom", "arch": {"depths": "2, 2, 6, 2"}}},
            "swint.arch.depths: expected a list of whole numbers, found '2, 2, 6, 2'",
        ),
    ],
)
def test_what_cannot_be_built_is_refused_in_words(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        read_backbone(Config(config))
