"""Loads a legacy model from disk as a `TrainedModel`."""

from pathlib import Path

from sleap_rt.errors import ModelError, naming
from sleap_rt.legacy_files import read_model_files
from sleap_rt.models.legacy.config import LegacyConfig, read_config
from sleap_rt.models.legacy.describe_legacy import NetworkFacts, described_by
from sleap_rt.models.legacy.h5 import read_keras_h5
from sleap_rt.models.legacy.keras_model import model_from_keras
from sleap_rt.models.legacy.network import LegacyNetwork, network_from_keras
from sleap_rt.models.trained import TrainedModel
from sleap_rt.untrusted import quoted


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
    with naming(path):
        files = read_model_files(path)
        config = read_config(files.config, files.config_name)
        keras = read_keras_h5(files.weights, files.weights_name)
        built = model_from_keras(keras.architecture, keras.weights)
        network = network_from_keras(built, config.kind)
        strides = {output: head.stride for output, head in network.heads.items()}
        facts = NetworkFacts(network.in_channels, network.max_stride, strides)
        described = described_by(config, facts, weights_sha256=keras.sha256)
        _check_channels(network, config)
        _check_fixed_size(network, config)
        notes = (*described.notes, *_stride_notes(facts, config), *_crop_notes(network, config))
        return TrainedModel.of(described, network, notes=notes)


def _check_channels(network: LegacyNetwork, config: LegacyConfig) -> None:
    for output, head in network.heads.items():
        expected = config.heads.n_channels[output]
        if head.n_channels != expected:
            raise ModelError(
                f"The network's output {quoted(head.layer)} has {head.n_channels} channels; nodes, "
                f"edges and classes of the configuration ask for {expected}. Do both files belong "
                "to the same training run?"
            )
    confmaps, offsets = network.heads["confmaps"], network.heads.get("offsets")
    if offsets and offsets.stride != confmaps.stride:
        raise ModelError(
            f"Offsets come at stride {offsets.stride}, confidence maps at {confmaps.stride}; the "
            "original reads both at the same cell"
        )


def _check_fixed_size(network: LegacyNetwork, config: LegacyConfig) -> None:
    size = config.crop_size
    if network.fixed_size is not None and network.fixed_size != (size, size):
        height, width = network.fixed_size
        raise ModelError(
            f"The network works only on images of {height} x {width} px (it flattens whole maps), "
            f"but the configuration's crop_size is {size}"
        )


def _stride_notes(facts: NetworkFacts, config: LegacyConfig) -> list[str]:
    found = {"max": facts.max_stride} | {str(head): at for head, at in facts.strides.items()}
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
