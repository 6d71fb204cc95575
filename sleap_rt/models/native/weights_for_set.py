"""Loads the native models of one set, with weights of other checkpoints if these are given."""

from collections.abc import Sequence
from pathlib import Path

from sleap_rt.errors import ModelError, OptionError
from sleap_rt.model_files import CHECKPOINT_NAME, native_folder
from sleap_rt.models.native.checkpoint import load_checkpoint, replaces_all
from sleap_rt.models.native.load_native import load_native_model
from sleap_rt.models.trained import TrainedModel


def load_native_models(
    paths: Sequence[Path], *, backbone_ckpt: Path | None = None, head_ckpt: Path | None = None
) -> list[TrainedModel]:
    """Load one model or a pair.

    Args:
        paths: the models.
        backbone_ckpt: as for `load_native_model`. Of a pair, the one model whose weights the
            checkpoints can replace completely gets them, and says so in its notes.
        head_ckpt: the same for the heads alone; goes to the same model.

    Raises:
        OptionError: the checkpoints fit both models of a pair, or neither.
        ModelError: as `load_native_model`; or both models of a pair lack their checkpoint.
    """
    if backbone_ckpt is None and head_ckpt is None:
        return [load_native_model(path) for path in paths]
    meant = paths[0] if len(paths) == 1 else _meant(paths, backbone_ckpt, head_ckpt)
    return [
        load_native_model(path, backbone_ckpt=backbone_ckpt, head_ckpt=head_ckpt)
        if path == meant
        else load_native_model(path)
        for path in paths
    ]


def _meant(paths: Sequence[Path], backbone: Path | None, head: Path | None) -> Path:
    """The model that the checkpoints are for."""
    own = {path: native_folder(path) / CHECKPOINT_NAME for path in paths}
    lacking = [path for path in paths if not own[path].is_file()]
    if lacking and backbone is not None:
        if len(lacking) > 1:
            raise ModelError(
                f"{', '.join(map(str, lacking))}: none holds {CHECKPOINT_NAME}, and one checkpoint "
                "cannot stand in for all; put each into its model's folder."
            )
        return lacking[0]
    fitting = [
        path
        for path in paths
        if replaces_all(load_checkpoint(own[path]), backbone=backbone, head=head)
    ]
    if len(fitting) == 1:
        return fitting[0]
    given = {"backbone_ckpt_path": backbone, "head_ckpt_path": head}
    names = " and ".join(name for name, path in given.items() if path is not None)
    if fitting:
        raise OptionError(
            f"{names}: fits more than one of the models, and which is meant would be a guess; put "
            f"each checkpoint into its model's folder as {CHECKPOINT_NAME} instead"
        )
    raise OptionError(
        f"{names}: of none of the models does it have all weights that it is to replace, in the "
        "same shapes; give a checkpoint of one of these networks"
    )
