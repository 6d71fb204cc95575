"""How models of each family are read: their configuration, what they are by it, and the network.

Only `load` needs torch, and imports what does.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sleap_rt.contract import Family, GraphContract
from sleap_rt.legacy_files import read_model_files
from sleap_rt.model_files import CONFIG_NAME, native_folder
from sleap_rt.models.config_values import Config
from sleap_rt.models.legacy.config import parse_config
from sleap_rt.models.legacy.describe_legacy import describe_legacy
from sleap_rt.models.native.describe_native import describe_native
from sleap_rt.options import ModelOverrides

if TYPE_CHECKING:
    from sleap_rt.models.trained import TrainedModel


class Reader(NamedTuple):
    """Reads the models of one family. All of it raises ModelError for what cannot be read.

    Attributes:
        configuration: path of a model -> the whole of its training configuration, unchecked.
        describe: path -> what the model is, by its configuration; the overrides say whether it
            needs weights of its own.
        load: paths -> the models with their networks; the overrides name other checkpoints.
        takes_overrides: settings of the training may be replaced.
    """

    configuration: Callable[[Path], Config]
    describe: Callable[[Path, ModelOverrides], GraphContract]
    load: Callable[[Sequence[Path], ModelOverrides], "list[TrainedModel]"]
    takes_overrides: bool


def _load_native(paths: Sequence[Path], overrides: ModelOverrides) -> "list[TrainedModel]":
    from sleap_rt.models.native.weights_for_set import load_native_models

    backbone, head = overrides.backbone_ckpt_path, overrides.head_ckpt_path
    return load_native_models(paths, backbone_ckpt=backbone, head_ckpt=head)


def _legacy_configuration(path: Path) -> Config:
    files = read_model_files(path)
    return parse_config(files.config, files.config_name)


def _load_legacy(paths: Sequence[Path], _: ModelOverrides) -> "list[TrainedModel]":
    from sleap_rt.models.legacy.load_legacy import load_legacy_model

    return list(map(load_legacy_model, paths))


READERS: Mapping[Family, Reader] = {
    "native": Reader(
        configuration=lambda path: Config.from_yaml(native_folder(path) / CONFIG_NAME)[0],
        describe=lambda path, overrides: describe_native(
            path, has_weights=overrides.backbone_ckpt_path is None
        ),
        load=_load_native,
        takes_overrides=True,
    ),
    "legacy": Reader(
        configuration=_legacy_configuration,
        describe=lambda path, _: describe_legacy(path),
        load=_load_legacy,
        takes_overrides=False,
    ),
}
