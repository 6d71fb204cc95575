"""Loads a sleap-nn model folder (`training_config.yaml`, `best.ckpt`) as a `TrainedModel`."""

from dataclasses import replace
from pathlib import Path

from sleap_rt.errors import naming
from sleap_rt.model_files import CHECKPOINT_NAME, native_folder
from sleap_rt.models.native.checkpoint import Checkpoint, load_checkpoint, replace_weights
from sleap_rt.models.native.describe_native import read_description
from sleap_rt.models.native.networks import Weights, build_network
from sleap_rt.models.trained import TrainedModel


def load_native_model(
    path: Path, *, backbone_ckpt: Path | None = None, head_ckpt: Path | None = None
) -> TrainedModel:
    """Load a model trained with sleap-nn.

    Args:
        path: the model folder, or its configuration or checkpoint file.
        backbone_ckpt: weights to use in place of the model's; see `replace_weights`. The model
            needs no `best.ckpt` then.
        head_ckpt: the same for the heads alone.

    Returns:
        The model, its network in float32 on the CPU.

    Raises:
        ModelError: something is missing, damaged, contradictory or not supported.
    """
    folder = native_folder(path)
    with naming(folder):
        described, backbone, heads = read_description(folder)
        checkpoint = _checkpoint(folder, backbone_ckpt, head_ckpt)
        network = build_network(
            backbone.spec, heads, Weights(checkpoint.weights), in_channels=backbone.in_channels
        )
    return TrainedModel.of(
        described,
        network,
        provenance=replace(described.provenance, weights_sha256=checkpoint.sha256),
        notes=(*described.notes, *_notes(backbone_ckpt, head_ckpt)),
    )


def _notes(backbone: Path | None, head: Path | None) -> tuple[str, ...]:
    whose = "backbone" if head is not None else "network"
    notes = {
        f"weights of the {whose} from another checkpoint (backbone_ckpt_path)": backbone,
        "weights of the heads from another checkpoint (head_ckpt_path)": head,
    }
    return tuple(note for note, path in notes.items() if path is not None)


def _checkpoint(folder: Path, backbone: Path | None, head: Path | None) -> Checkpoint:
    own = folder / CHECKPOINT_NAME
    if backbone is not None and not own.is_file():
        own, backbone = backbone, None
    checkpoint = load_checkpoint(own)
    if backbone is None and head is None:
        return checkpoint
    return replace_weights(checkpoint, backbone=backbone, head=head)
