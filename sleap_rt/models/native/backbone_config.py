"""`model_config.backbone_config` of a training configuration to the topology of a backbone."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from sleap_rt.errors import ModelError
from sleap_rt.models.config import Config
from sleap_rt.models.native.topology import (
    CONVNEXT_DEPTHS,
    SWIN_DEPTHS,
    BackboneSpec,
    ConvNeXtSpec,
    SwinSpec,
    UNetSpec,
)
from sleap_rt.untrusted import quoted


class Backbone(NamedTuple):
    """A backbone as the configuration describes it."""

    name: str
    spec: BackboneSpec
    in_channels: int


def read_backbone(config: Config) -> Backbone:
    """The backbone that `model_config.backbone_config` sets.

    Raises:
        ModelError: there is none, it is not supported, or a value is invalid.
    """
    found = config.set_keys()
    if not found:
        raise ModelError(
            f"model_config.backbone_config sets no backbone; one of {', '.join(_READERS)} is needed"
        )
    name = found[0]
    if name not in _READERS:
        raise ModelError(
            f"backbone {quoted(name)} is not supported; supported: {', '.join(_READERS)}"
        )
    section = config.section(name)
    return Backbone(name, _READERS[name](section), section.integer("in_channels", 1))


def _unet(config: Config) -> UNetSpec:
    return UNetSpec(
        max_stride=config.integer("max_stride", 16),
        output_stride=config.integer("output_stride", 1),
        stem_stride=config.integer("stem_stride", None),
        convs_per_block=config.integer("convs_per_block", 2),
        up_interpolate=config.flag("up_interpolate", True),
        middle_block=config.flag("middle_block", True),
        stacks=config.integer("stacks", 1),
    )


def _convnext(config: Config) -> ConvNeXtSpec:
    return ConvNeXtSpec(
        depths=_depths(config, CONVNEXT_DEPTHS),
        stem_stride=config.integer("stem_patch_stride", 2),
        max_stride=config.integer("max_stride", 32),
        output_stride=config.integer("output_stride", 1),
        convs_per_block=config.integer("convs_per_block", 2),
        up_interpolate=config.flag("up_interpolate", True),
    )


def _swint(config: Config) -> SwinSpec:
    return SwinSpec(
        depths=_depths(config, SWIN_DEPTHS),
        stem_stride=config.integer("stem_patch_stride", 2),
        window_size=config.integer("window_size", 7),
        max_stride=config.integer("max_stride", 32),
        output_stride=config.integer("output_stride", 1),
        convs_per_block=config.integer("convs_per_block", 2),
        up_interpolate=config.flag("up_interpolate", True),
    )


def _depths(config: Config, sizes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """Blocks per stage: of the named size, else of `arch`, else of the smallest size."""
    named = sizes.get(config.text("model_type") or "")
    return named or config.section("arch").integers("depths", sizes["tiny"])


_READERS: dict[str, Callable[[Config], BackboneSpec]] = {
    "unet": _unet,
    "convnext": _convnext,
    "swint": _swint,
}
