"""`model_config.backbone_config` of a training configuration to the topology of a backbone."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from sleap_rt.errors import ModelError
from sleap_rt.models.config_values import Config
from sleap_rt.models.native.topology import (
    CONVNEXT_DEPTHS,
    SWIN_DEPTHS,
    BackboneSpec,
    ConvNeXtSpec,
    SwinSpec,
    UNetSpec,
)
from sleap_rt.untrusted import quoted

_SPECS: Mapping[str, type[BackboneSpec]] = {
    "unet": UNetSpec,
    "convnext": ConvNeXtSpec,
    "swint": SwinSpec,
}
_DEPTHS = {"convnext": CONVNEXT_DEPTHS, "swint": SWIN_DEPTHS}


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
            f"model_config.backbone_config sets no backbone; one of {', '.join(_SPECS)} is needed"
        )
    name = found[0]
    if name not in _SPECS:
        raise ModelError(
            f"Backbone {quoted(name)} is not supported; supported: {', '.join(_SPECS)}"
        )
    section = config.section(name)
    values: dict[str, Any] = {}
    if name in _DEPTHS:
        values["depths"] = _depths(section, _DEPTHS[name])
    for setting in fields(_SPECS[name]):
        if setting.name not in values:
            read: Any = section.flag if isinstance(setting.default, bool) else section.integer
            values[setting.name] = read(setting.name, setting.default)
    return Backbone(name, _SPECS[name](**values), section.integer("in_channels", 1))


def _depths(config: Config, sizes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """Blocks per stage: of the named size, else of `arch`, else of the smallest size."""
    named = sizes.get(config.text("model_type") or "")
    return named or config.section("arch").integers("depths", sizes["tiny"])
