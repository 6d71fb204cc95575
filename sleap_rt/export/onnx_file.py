"""Writes graphs to self-contained `.onnx` files."""

import os
import tempfile
from pathlib import Path

import onnx

from sleap_rt.contract import METADATA_KEY, GraphContract
from sleap_rt.runtime.graph_seal import DATA_KEY, data_file, data_sha256, seal

_LARGEST_BYTES = 1_500_000_000  # beyond this, weights go to a file beside (a protobuf holds 2 GiB)


def save(proto: onnx.ModelProto, contract: GraphContract, path: Path) -> None:
    """Write a graph with its contract, and its checksum at the end.

    The file appears complete or not at all, unless its weights need a file of their own.
    """
    del proto.metadata_props[:]
    proto.metadata_props.add(key=METADATA_KEY, value=contract.to_json())
    proto.producer_name, proto.producer_version = "sleap-rt", contract.provenance.exported_with
    if proto.ByteSize() > _LARGEST_BYTES:
        onnx.save(proto, path, save_as_external_data=True, location=data_file(path).name)
        checksum = onnx.ModelProto()
        checksum.metadata_props.add(key=DATA_KEY, value=data_sha256(path))
        seal(path, checksum.SerializeToString())
        return
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".exporting-") as folder:
        complete = Path(folder) / path.name
        complete.write_bytes(proto.SerializeToString())
        seal(complete)
        os.replace(complete, path)
