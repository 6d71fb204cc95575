"""What a model of sleap-nn is, by its `training_config.yaml`."""

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from sleap_rt.contract import CENTER_METHODS, CenterMethod, GraphContract, Preprocessing, Provenance
from sleap_rt.errors import ModelError, naming
from sleap_rt.kinds import CROP_KINDS, KINDS, MODEL_KINDS, ModelKind
from sleap_rt.model_files import (
    CHECKPOINT_NAME,
    CONFIG_NAME,
    check_checkpoint,
    native_folder,
    other_checkpoints,
)
from sleap_rt.models.config_values import Config
from sleap_rt.models.edges import check_edges
from sleap_rt.models.heads import decoding_of, other_part_names, read_heads
from sleap_rt.models.native.backbone_config import Backbone, read_backbone
from sleap_rt.models.native.head_config import head_specs
from sleap_rt.models.native.topology import HeadSpec
from sleap_rt.skeleton import Skeleton, check_counts
from sleap_rt.untrusted import listed, quoted
from sleap_rt.version import __version__


class NativeDescription(NamedTuple):
    """A model's description, and the topology of its network."""

    model: GraphContract
    backbone: Backbone
    heads: list[HeadSpec]


def describe_native(path: Path, *, has_weights: bool = True) -> GraphContract:
    """What a model is, by its configuration alone.

    Args:
        path: the model folder, or its configuration or checkpoint file.
        has_weights: its checkpoint must be there; it is not read.

    Raises:
        ModelError: as `read_description`; or the checkpoint is missing.
    """
    folder = native_folder(path)
    with naming(folder):
        described = read_description(folder).model
        if has_weights:
            check_checkpoint(folder / CHECKPOINT_NAME)
        return described


def read_description(folder: Path) -> NativeDescription:
    """What the configuration in a model's folder says; the weights are not read.

    Raises:
        ModelError: it is missing, damaged, contradictory, or describes what is not supported.
    """
    config_path = folder / CONFIG_NAME
    if not config_path.is_file():
        raise ModelError(f"No model there; looked for {CONFIG_NAME} and {CHECKPOINT_NAME}.")
    config, config_sha256 = Config.from_yaml(config_path)
    model_config = config.section("model_config")
    kind = _kind(model_config.section("head_configs"))
    head = model_config.section("head_configs").section(kind)
    skeleton = _skeleton(config.section("data_config"))
    heads = read_heads(kind, head, skeleton)
    notes = check_edges(heads.edges, skeleton) if "pafs" in KINDS[kind].heads else ()
    confmaps = heads.sections["confmaps"]
    notes = (*notes, *_part_names(kind, confmaps, skeleton))
    specs = head_specs(kind, heads)
    version = config.text("sleap_nn_version")
    backbone = read_backbone(model_config.section("backbone_config"))
    preprocessing = _preprocessing(
        config.section("data_config").section("preprocessing"),
        kind,
        in_channels=backbone.in_channels,
        max_stride=backbone.spec.max_stride,
    )
    if _cuts_from_scaled(kind, preprocessing, version):
        preprocessing = replace(preprocessing, crop_unit="scaled", resize="antialiased_float")
        notes = (*notes, _OLD_ORDER)
    model = GraphContract(
        family="native",
        kind=kind,
        skeleton=skeleton,
        edges=heads.edges,
        class_names=heads.class_names,
        anchor_part=confmaps.text("anchor_part"),
        center_method=_center_method(confmaps),
        preprocessing=preprocessing,
        decoding=decoding_of({spec.output: spec.output_stride for spec in specs}),
        provenance=Provenance(
            weights_sha256="",
            config_sha256=config_sha256,
            trained_with=f"sleap-nn {version or '(version not recorded)'}",
            exported_with=__version__,
            backbone=backbone.name,
        ),
        notes=(*notes, *_choice(folder)),
    )
    return NativeDescription(model, backbone, specs)


def _choice(folder: Path) -> tuple[str, ...]:
    """Which checkpoint was taken, where the folder has those of several trainings."""
    others = other_checkpoints(folder)
    if not others or not (folder / CHECKPOINT_NAME).is_file():
        return ()
    return (
        f"{CHECKPOINT_NAME} was used; {listed(others)} of another training into the same folder "
        "was not. To use that one, move it into a folder of its own with its "
        f"{CONFIG_NAME}, as {CHECKPOINT_NAME}.",
    )


_OLD_ORDER = (
    "trained with sleap-nn 0.0, which scaled the frame first and cut crop_size px out of that: "
    "crops are cut in this order here."
)


def _cuts_from_scaled(kind: ModelKind, spec: Preprocessing, version: str | None) -> bool:
    """Whether crops come from the scaled frame, as until sleap-nn 0.0.5.

    A model that does not say which version trained it is taken for a newer one.
    """
    is_old = (version or "").split(".")[:2] == ["0", "0"]
    return is_old and kind in CROP_KINDS and spec.input_scale != 1


def _kind(head_configs: Config) -> ModelKind:
    found = head_configs.only_key(MODEL_KINDS)
    for kind in MODEL_KINDS:
        if kind == found:
            return kind
    raise ModelError(
        f"Models of type {quoted(found)} are not supported{_why(found)}; supported: "
        f"{', '.join(MODEL_KINDS)}"
    )


def _why(head: str) -> str:
    """The reason, for heads of other releases that give no poses."""
    others = {"segmentation": "masks", "bbox": "boxes", "embedding": "embeddings"}
    for word, outcome in others.items():
        if word in head:
            return f": it gives {outcome}, not poses"
    return ""


def _skeleton(data_config: Config) -> Skeleton:
    found = data_config.raw("skeletons")
    if isinstance(found, dict) and found:  # layout of sleap-nn 0.0.1: name -> skeleton
        name, entry = next(iter(found.items()))
        entry = {"name": name, **(entry or {})}
    elif isinstance(found, list) and found:
        entry = found[0]
    else:
        raise ModelError("data_config.skeletons is empty; a pose model needs its skeleton there")
    try:
        names = tuple(str(node["name"]) for node in entry["nodes"])
        check_counts(len(names), len(entry.get("edges") or ()))
        edges = tuple(
            (names.index(_end(edge["source"])), names.index(_end(edge["destination"])))
            for edge in entry.get("edges") or ()
        )
        symmetries = tuple(
            (names.index(_end(a)), names.index(_end(b))) for a, b in entry.get("symmetries") or ()
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"data_config.skeletons cannot be read: {quoted(error)}") from error
    return Skeleton(str(entry.get("name") or "skeleton"), names, edges, symmetries)


def _part_names(kind: ModelKind, confmaps: Config, skeleton: Skeleton) -> tuple[str, ...]:
    """A note where the head names its channels otherwise than the skeleton does.

    Raises:
        ModelError: it names another number of them.
    """
    words = other_part_names(kind, confmaps, skeleton)
    if words is None:
        return ()
    if len(confmaps.texts("part_names") or ()) != skeleton.n_nodes:
        raise ModelError(f"{words}; a network has one channel for each node")
    return (f"{words}; channels go by their position in the skeleton.",)


def _end(node: dict[str, Any]) -> str:
    return str(node["name"])


def _center_method(confmaps: Config) -> CenterMethod:
    """How training computed the middle of a labelled animal; newer releases have a choice."""
    named = confmaps.text("centroid_method") or "center_of_mass"
    if named == "anchor":  # the anchor part says so already; this is for animals without it
        named = confmaps.text("centroid_fallback") or "center_of_mass"
    for method in CENTER_METHODS:
        if method == named:
            return method
    raise ModelError(
        f"{confmaps.path('centroid_method')} is {quoted(named)}; supported: anchor, "
        f"{', '.join(CENTER_METHODS)}"
    )


def _preprocessing(
    config: Config, kind: ModelKind, *, in_channels: int, max_stride: int
) -> Preprocessing:
    rgb, gray = config.flag("ensure_rgb", False), config.flag("ensure_grayscale", False)
    if rgb and gray:
        raise ModelError("ensure_rgb and ensure_grayscale are both true; only one can hold")
    if config.section("tiling").flag("enabled", False):
        raise ModelError("The model was trained for tiled inference, which is not supported")
    scale = config.raw("scale")
    if isinstance(scale, list):
        if len(scale) != 1:
            raise ModelError(
                f"{config.path('scale')}: one number was expected, found {quoted(scale)}"
            )
        config = Config({"scale": scale[0]}, config.path("scale"))
    return Preprocessing(
        channels="rgb" if rgb else "grayscale" if gray else "as_is",
        in_channels=in_channels,
        max_height=config.integer("max_height", None),
        max_width=config.integer("max_width", None),
        input_scale=config.number("scale", 1.0),
        max_stride=max_stride,
        crop_size=_crop_size(config) if kind in CROP_KINDS else None,
    )


def _crop_size(config: Config) -> tuple[int, int]:
    if config.text("crop_mode") not in (None, "fixed"):
        raise ModelError(
            f"{config.path('crop_mode')} is {quoted(config.text('crop_mode'))}; only crops of a "
            "fixed size are supported"
        )
    pair = config.raw("crop_hw")  # sleap-nn 0.0.1
    size = config.integer("crop_size", None)
    crop = (size, size) if size else tuple(pair) if isinstance(pair, list) else ()
    if len(crop) != 2 or not all(isinstance(n, int) and n > 0 for n in crop):
        raise ModelError(f"{config.path('crop_size')} is missing; a crop model needs its crop size")
    return crop[0], crop[1]
