"""Reads from a `training_config.json` what inference needs, and nothing else.

Missing keys take the defaults of the original software. Keys that only training uses are not read,
so odd values there do no harm.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sleap_rt.errors import ModelError
from sleap_rt.kinds import KINDS, Kind, ModelKind
from sleap_rt.models.config_values import Config
from sleap_rt.models.heads import HeadSettings, other_part_names, read_heads
from sleap_rt.models.legacy.skeleton import skeleton_from_json
from sleap_rt.skeleton import Skeleton
from sleap_rt.untrusted import quoted
from sleap_rt.untrusted.json_text import parse_json

_KINDS: dict[str, ModelKind] = {
    "single_instance": "single_instance",
    "centroid": "centroid",
    "centered_instance": "centered_instance",
    "multi_instance": "bottomup",
    "multi_class_bottomup": "multi_class_bottomup",
    "multi_class_topdown": "multi_class_topdown",
}
# What is never closed goes on to the end: to search again from each start would take minutes.
_STRING_OR_COMMENT = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL
)


@dataclass(frozen=True, kw_only=True)
class LegacyConfig:
    """The settings of a training configuration that inference needs.

    Attributes:
        kind: of the model.
        skeleton: nodes in the order of the confidence maps' channels.
        heads: of the network.
        anchor_part: node that a centroid stands on; None for the middle of the animal.
        input_scale: network-input px per sized px.
        pad_to_stride: px; only the centroid stage pads to it.
        match_size: whether frames are resized to one common size.
        target_height: rows of that size; None for the largest of the videos.
        target_width: the same for columns.
        crop_size: side of the crop, px after scaling; None for models of whole frames.
        backbone: its family, e.g. `unet`.
        strides: of heads (and `max`) as configured; where the network differs, the network counts.
        sleap_version: that trained the model, where it was recorded.
        sha256: of the file.
        notes: what a user should know, one sentence each.
    """

    kind: ModelKind
    skeleton: Skeleton
    heads: HeadSettings
    anchor_part: str | None
    input_scale: float
    pad_to_stride: int | None
    match_size: bool
    target_height: int | None
    target_width: int | None
    crop_size: int | None
    backbone: str
    strides: Mapping[str, int]
    sleap_version: str | None
    sha256: str
    notes: tuple[str, ...] = field(default=())


def read_config(content: bytes, name: str) -> LegacyConfig:
    """Read a training configuration.

    Args:
        content: the file's bytes.
        name: the file's name, for messages.

    Raises:
        ModelError: it is not JSON, older than SLEAP 1.0, or a setting that inference needs is
            missing.
    """
    document = parse_config(content, name)
    data, model = document.section("data"), document.section("model")
    if "data" not in document.set_keys() or "heads" not in model.set_keys():
        raise ModelError(
            f"{name}: this configuration format is older than SLEAP 1.0 and not supported. Train "
            "again with SLEAP 1.0 or later, or with sleap-nn."
        )
    head_key = model.section("heads").only_key(_KINDS)
    if head_key not in _KINDS:
        raise ModelError(f"model.heads.{head_key:.80}: no such kind; known: {', '.join(_KINDS)}")
    kind, head = _KINDS[head_key], model.section("heads").section(head_key)
    row = KINDS[kind]
    backbone_key = model.section("backbone").only_key()
    backbone = model.section("backbone").section(backbone_key)
    skeleton = _skeleton(data)
    heads = read_heads(kind, head, skeleton, nested=len(row.heads) > 1)
    confmaps = heads.sections["confmaps"]
    notes: list[str] = []
    scaling, cropping = data.section("preprocessing"), data.section("instance_cropping")
    if words := other_part_names(kind, confmaps, skeleton):
        notes.append(f"{words}; channels go by their position in the skeleton.")
    if scaling.raw("imagenet_mode") is not None:
        notes.append("preprocessing.imagenet_mode is set; the original ignores it at inference.")
    return LegacyConfig(
        kind=kind,
        skeleton=skeleton,
        heads=heads,
        anchor_part=_anchor(row, confmaps, cropping, skeleton, notes),
        input_scale=scaling.number("input_scaling", 1.0),
        pad_to_stride=scaling.integer("pad_to_stride", None),
        match_size=scaling.flag("resize_and_pad_to_target", True),
        target_height=scaling.integer("target_height", None),
        target_width=scaling.integer("target_width", None),
        crop_size=_crop_size(cropping) if row.sees_crops else None,
        backbone=backbone_key,
        strides=_strides(row, heads, backbone),
        sleap_version=document.text("sleap_version"),
        sha256=hashlib.sha256(content).hexdigest(),
        notes=tuple(notes),
    )


def parse_config(content: bytes, name: str) -> Config:
    """The whole of a training configuration, unchecked.

    Raises:
        ModelError: it is not JSON, or no object.
    """
    try:
        text = _STRING_OR_COMMENT.sub(_blank_comment, content.decode("utf-8-sig"))
        found = parse_json(text)
    except UnicodeDecodeError as error:
        raise ModelError(f"{name}: not a text file in UTF-8 ({error})") from error
    except json.JSONDecodeError as error:
        raise ModelError(
            f"{name}: not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    except ValueError as error:
        raise ModelError(f"{name}: not JSON that can be read: {error}") from error
    return Config.whole(found, name)


def _blank_comment(match: re.Match[str]) -> str:
    """Comments become blanks, so that a later error still has the right line and column."""
    text = match.group()
    return text if text.startswith('"') else re.sub(r"[^\n]", " ", text)


def _skeleton(data: Config) -> Skeleton:
    found = data.section("labels").raw("skeletons")
    if not isinstance(found, list) or not found:
        raise ModelError(
            "data.labels.skeletons is empty; give the training_config.json that training wrote "
            "(initial_config.json and training profiles do not hold the skeleton)"
        )
    return skeleton_from_json(found[0])


def _anchor(
    row: Kind, confmaps: Config, cropping: Config, skeleton: Skeleton, notes: list[str]
) -> str | None:
    anchor = None if "pafs" in row.heads else confmaps.text("anchor_part")
    if row.sees_crops:
        anchor = cropping.text("center_on_part") or anchor
    if not anchor:
        return None
    if anchor not in skeleton.node_names:
        notes.append(f"the anchor part {quoted(anchor)} is no node of the skeleton and is ignored.")
        return None
    return anchor


def _crop_size(cropping: Config) -> int:
    size = cropping.integer("crop_size", 0)
    if size < 1:
        raise ModelError(
            f"{cropping.path('crop_size')} is missing; a model that sees crops needs its crop "
            "size. Give the training_config.json that training wrote."
        )
    return size


def _strides(row: Kind, heads: HeadSettings, backbone: Config) -> dict[str, int]:
    found: dict[str, int | None] = {
        head: heads.sections[head].integer("output_stride", None) for head in row.maps
    }
    found["max"] = backbone.integer("max_stride", None)
    return {name: stride for name, stride in found.items() if stride is not None}
