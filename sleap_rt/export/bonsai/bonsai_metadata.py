"""`export_metadata.json` as Bonsai.Sleap reads it: these keys, and no other."""

from collections.abc import Sequence
from typing import Any

from sleap_rt.contract import GraphContract
from sleap_rt.export.bonsai.kinds import BonsaiKind
from sleap_rt.export.metadata import metadata_of
from sleap_rt.options import DecodeOptions

_KEYS = (
    *("sleap_nn_version", "export_timestamp", "export_format", "model_type", "model_name"),
    *("checkpoint_path", "backbone", "n_nodes", "n_edges", "node_names", "edge_inds"),
    *("input_scale", "input_channels", "output_stride", "crop_size", "max_instances"),
    *("max_peaks_per_node", "max_batch_size", "precision", "peak_threshold", "input_dtype"),
    *("normalization", "n_classes", "class_names", "anchor_part", "training_config_embedded"),
    "training_config_hash",
)
_MOST_IMAGES = 32  # in a batch; Bonsai.Sleap refuses more


def bonsai_metadata(
    contracts: Sequence[GraphContract], kind: BonsaiKind, decode: DecodeOptions, channels: int
) -> dict[str, Any]:
    """The metadata; an unknown key is an error there, and null is one where a number is wanted.

    Args:
        contracts: of the graphs, first stage first.
        kind: what Bonsai.Sleap takes of them.
        decode: built in.
        channels: of the images.
    """
    ours = metadata_of(contracts)
    crop_size = contracts[-1].preprocessing.crop_size
    finds_many = "centroids" in kind.outputs
    class_names = list(contracts[-1].class_names)
    theirs = ours | {
        "model_type": kind.model_type,
        "checkpoint_path": "",
        "input_channels": channels,
        "crop_size": [] if crop_size is None else list(crop_size),
        "max_instances": decode.max_instances if finds_many else 1,
        "max_batch_size": _MOST_IMAGES,
        "peak_threshold": decode.peak_threshold,
        "normalization": "0_to_1",  # its only one: bytes go in
        "n_classes": len(class_names) or None,
        "class_names": class_names or None,
    }
    return {key: theirs[key] for key in _KEYS}
