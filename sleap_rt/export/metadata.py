"""`export_metadata.json`: what readers of sleap-nn's exports look for beside the graphs."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone

from sleap_rt.contract import GraphContract
from sleap_rt.kinds import name_of_set
from sleap_rt.version import __version__

METADATA_NAME = "export_metadata.json"


def metadata_of(contracts: Sequence[GraphContract]) -> dict[str, object]:
    """The metadata of one model, or of a pair whose contracts are given first stage first."""
    first, last = contracts[0], contracts[-1]
    return {
        "model_family": last.family,
        "sleap_nn_version": last.provenance.trained_with,
        "sleap_rt_version": __version__,
        "export_timestamp": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "export_format": "onnx",
        "model_type": name_of_set([contract.kind for contract in contracts]),
        "model_name": "+".join(contract.kind for contract in contracts),
        "checkpoint_path": None,
        "backbone": last.provenance.backbone,
        "n_nodes": last.skeleton.n_nodes,
        "n_edges": len(last.skeleton.edge_inds),
        "node_names": list(last.skeleton.node_names),
        "edge_inds": [list(edge) for edge in last.skeleton.edge_inds],
        "input_scale": first.preprocessing.input_scale,
        "input_channels": first.preprocessing.in_channels,
        "output_stride": last.decoding.confmaps_stride,
        "crop_size": last.preprocessing.crop_size,
        "max_instances": None,
        "max_peaks_per_node": None,
        "max_batch_size": None,
        "precision": last.precision,
        "certificates": {
            contract.kind: asdict(contract.certificate)
            for contract in contracts
            if contract.certificate is not None
        },
        "peak_threshold": None,
        "input_dtype": "uint8",
        "normalization": "in graph",
        "n_classes": len(last.class_names),
        "class_names": list(last.class_names),
        "anchor_part": last.anchor_part,
        "training_config_embedded": False,
        "training_config_hash": last.provenance.config_sha256,
    }
