"""Loads a legacy model from disk as a `TrainedModel`."""

from pathlib import Path

from sleap_rt.contract import Decoding, Preprocessing, Provenance
from sleap_rt.errors import ModelError
from sleap_rt.legacy_files import ModelFiles, read_model_files
from sleap_rt.models.edges import check_edges
from sleap_rt.models.legacy.config import LegacyConfig, read_config
from sleap_rt.models.legacy.graph import graph_from_keras
from sleap_rt.models.legacy.h5 import read_keras_h5
from sleap_rt.models.legacy.network import Head, LegacyNetwork, network_from_graph
from sleap_rt.models.trained import TrainedModel
from sleap_rt.untrusted import quoted
from sleap_rt.version import __version__


def load_legacy_model(path: Path) -> TrainedModel:
    """Load a model trained with SLEAP 1.4 or earlier.

    Args:
        path: the training folder, its `best_model.h5` (or another `.h5` of the folder), its
            `training_config.json`, or a zip of the folder.

    Returns:
        The model, its network in float32 on the CPU.

    Raises:
        ModelError: something is missing, damaged, contradictory or not supported.
    """
    try:
        return _load(read_model_files(path))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def _load(files: ModelFiles) -> TrainedModel:
    config = read_config(files.config, files.config_name)
    keras = read_keras_h5(files.weights, files.weights_name)
    network = network_from_graph(graph_from_keras(keras.architecture, keras.weights), config.kind)
    _check_channels(network, config)
    _check_fixed_size(network, config)
    unreached = check_edges(config.edges, config.skeleton) if network.head("pafs") else ()
    return TrainedModel(
        family="legacy",
        kind=config.kind,
        skeleton=config.skeleton,
        edges=config.edges,
        class_names=config.class_names,
        anchor_part=config.anchor_part,
        center_method="bbox_center",
        preprocessing=_preprocessing(network, config),
        decoding=_decoding(network),
        network=network,
        provenance=Provenance(
            weights_sha256=keras.sha256,
            config_sha256=config.sha256,
            trained_with=f"SLEAP {config.sleap_version or '(version not recorded)'}",
            exported_with=__version__,
            backbone=config.backbone,
        ),
        notes=(
            *config.notes,
            *unreached,
            *_stride_notes(network, config),
            *_crop_notes(network, config),
        ),
    )


def _check_channels(network: LegacyNetwork, config: LegacyConfig) -> None:
    if network.in_channels not in (1, 3):
        raise ModelError(f"the network takes {network.in_channels} channels; 1 or 3 are supported")
    n_peaks = 1 if config.kind == "centroid" else config.skeleton.n_nodes
    expected = {
        "confmaps": n_peaks,
        "offsets": 2 * n_peaks,
        "pafs": 2 * len(config.edges),
        "class_maps": len(config.class_names),
        "class_probs": len(config.class_names),
    }
    for head in network.heads:
        if head.n_channels != expected[head.output]:
            raise ModelError(
                f"the network's output {quoted(head.layer)} has {head.n_channels} channels; nodes, "
                "edges "
                f"and classes of the configuration ask for {expected[head.output]}. Do both files "
                "belong to the same training run?"
            )
    confmaps, offsets = _required(network, "confmaps"), network.head("offsets")
    if offsets and offsets.stride != confmaps.stride:
        raise ModelError(
            f"offsets come at stride {offsets.stride}, confidence maps at {confmaps.stride}; the "
            "original reads both at the same cell"
        )


def _check_fixed_size(network: LegacyNetwork, config: LegacyConfig) -> None:
    size = config.crop_size
    if network.fixed_size is not None and network.fixed_size != (size, size):
        height, width = network.fixed_size
        raise ModelError(
            f"the network works only on images of {height} x {width} px (it flattens whole maps), "
            f"but the configuration's crop_size is {size}"
        )


def _required(network: LegacyNetwork, output: str) -> Head:
    return next(head for head in network.heads if head.output == output)


def _preprocessing(network: LegacyNetwork, config: LegacyConfig) -> Preprocessing:
    """Pre-processing of the model by itself; in a pair, the first stage decides (`pairs.py`)."""
    # A target with one side counts as none; the original then takes the largest video's size, for
    # every kind but `multi_class_topdown`.
    matches_size = config.match_size and config.kind != "multi_class_topdown"
    has_target = bool(matches_size and config.target_height and config.target_width)
    return Preprocessing(
        channels="grayscale" if network.in_channels == 1 else "rgb",
        in_channels=network.in_channels,
        max_height=config.target_height if has_target else None,
        max_width=config.target_width if has_target else None,
        input_scale=config.input_scale,
        max_stride=_pad_stride(network, config),
        crop_size=None if config.crop_size is None else (config.crop_size, config.crop_size),
        crop_unit="scaled",
        resize="bilinear",
        fit_largest=matches_size and not has_target,
    )


def _pad_stride(network: LegacyNetwork, config: LegacyConfig) -> int:
    """Whole frames are padded to multiples of this, px; 1 for crops, which are not padded."""
    if config.crop_size is not None:
        return 1  # crops are cut at the size the network was trained with
    if config.kind == "centroid":
        return config.pad_to_stride or network.max_stride
    return network.max_stride


def _decoding(network: LegacyNetwork) -> Decoding:
    strides = {head.output: head.stride for head in network.heads}
    return Decoding(
        confmaps_stride=strides["confmaps"],
        offsets="offsets" in strides,
        pafs_stride=strides.get("pafs"),
        class_maps_stride=strides.get("class_maps"),
    )


def _stride_notes(network: LegacyNetwork, config: LegacyConfig) -> list[str]:
    found = {"max": network.max_stride} | {head.output: head.stride for head in network.heads}
    return [
        f"the configuration says stride {said} for {name}, the network has {found[name]}; the "
        "network is right."
        for name, said in config.strides.items()
        if said != found[name]
    ]


def _crop_notes(network: LegacyNetwork, config: LegacyConfig) -> list[str]:
    size = config.crop_size
    if size is None or size % network.max_stride == 0:
        return []
    return [f"crop_size {size} is not a multiple of the network's stride {network.max_stride}."]
