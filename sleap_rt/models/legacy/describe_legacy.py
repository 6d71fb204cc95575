"""What a legacy model is, by its configuration and what is known of its network."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sleap_rt.contract import GraphContract, Preprocessing, Provenance
from sleap_rt.errors import naming
from sleap_rt.kinds import KINDS, Head
from sleap_rt.legacy_files import read_model_files
from sleap_rt.models.edges import check_edges
from sleap_rt.models.heads import decoding_of
from sleap_rt.models.legacy.config import LegacyConfig, read_config
from sleap_rt.models.legacy.h5 import read_architecture, reading_architecture
from sleap_rt.version import __version__

OFFSETS_LAYER = "OffsetRefinementHead"


class NetworkFacts(NamedTuple):
    """What a description takes from the network.

    Attributes:
        in_channels: of its input.
        max_stride: network-input px per cell of the coarsest maps.
        strides: output -> network-input px per cell.
    """

    in_channels: int
    max_stride: int
    strides: Mapping[Head, int]


def describe_legacy(path: Path) -> GraphContract:
    """What a model is, without reading its weights or building its network.

    Strides are those of the configuration. Where the network has others, the network is right, and
    loading it says so.

    Args:
        path: as `load_legacy_model` takes.

    Raises:
        ModelError: a file is missing or damaged, or describes what is not supported.
    """
    with naming(path):
        files = read_model_files(path)
        config = read_config(files.config, files.config_name)
        architecture = read_architecture(files.weights, files.weights_name)
        return described_by(config, _configured(config, architecture))


def _configured(config: LegacyConfig, architecture: Mapping[str, Any]) -> NetworkFacts:
    """What the files say of the network."""
    with reading_architecture():
        layers = architecture["config"]["layers"]
        (entry,) = [layer for layer in layers if layer["class_name"] == "InputLayer"]
        in_channels = int(entry["config"]["batch_input_shape"][-1])
        outputs = [str(output[0]) for output in architecture["config"]["output_layers"]]
    strides: dict[Head, int] = {
        head: config.strides.get(head, config.strides.get("confmaps", 1))
        for head in KINDS[config.kind].heads
    }
    if any(OFFSETS_LAYER in name for name in outputs):
        strides["offsets"] = strides["confmaps"]
    return NetworkFacts(in_channels, config.strides.get("max", 1), strides)


def described_by(
    config: LegacyConfig, facts: NetworkFacts, *, weights_sha256: str = ""
) -> GraphContract:
    """The description of a model.

    Raises:
        ModelError: its edges cannot be grouped along, or sizes are out of range.
    """
    unreached = check_edges(config.heads.edges, config.skeleton) if "pafs" in facts.strides else ()
    return GraphContract(
        family="legacy",
        kind=config.kind,
        skeleton=config.skeleton,
        edges=config.heads.edges,
        class_names=config.heads.class_names,
        anchor_part=config.anchor_part,
        center_method="bbox_center",
        preprocessing=_preprocessing(facts, config),
        decoding=decoding_of(facts.strides),
        provenance=Provenance(
            weights_sha256=weights_sha256,
            config_sha256=config.sha256,
            trained_with=f"SLEAP {config.sleap_version or '(version not recorded)'}",
            exported_with=__version__,
            backbone=config.backbone,
        ),
        notes=(*config.notes, *unreached),
    )


def _preprocessing(facts: NetworkFacts, config: LegacyConfig) -> Preprocessing:
    """Pre-processing of the model by itself; in a pair, the first stage decides (`pairs.py`)."""
    # A target with one side counts as none; the original then takes the largest video's size, for
    # every kind but `multi_class_topdown`.
    matches_size = config.match_size and "class_probs" not in KINDS[config.kind].heads
    has_target = bool(matches_size and config.target_height and config.target_width)
    return Preprocessing(
        channels="grayscale" if facts.in_channels == 1 else "rgb",
        in_channels=facts.in_channels,
        max_height=config.target_height if has_target else None,
        max_width=config.target_width if has_target else None,
        input_scale=config.input_scale,
        max_stride=_pad_stride(facts, config),
        crop_size=None if config.crop_size is None else (config.crop_size, config.crop_size),
        crop_unit="scaled",
        resize="bilinear",
        fit_largest=matches_size and not has_target,
    )


def _pad_stride(facts: NetworkFacts, config: LegacyConfig) -> int:
    """Whole frames are padded to multiples of this, px; 1 for crops, which are not padded."""
    if config.crop_size is not None:
        return 1  # crops are cut at the size the network was trained with
    if KINDS[config.kind].is_one_node:
        return config.pad_to_stride or facts.max_stride
    return facts.max_stride
