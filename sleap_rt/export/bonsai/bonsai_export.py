"""Exports trained models for Bonsai.Sleap: a folder with one graph and its metadata."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx

from sleap_rt.arrays import Image
from sleap_rt.contract import BONSAI_KEY, GraphContract
from sleap_rt.errors import ModelError
from sleap_rt.export.bonsai.bonsai_metadata import bonsai_metadata
from sleap_rt.export.bonsai.graph import MOST_INSTANCES, ImageSize, bonsai_graph
from sleap_rt.export.bonsai.kinds import BonsaiKind
from sleap_rt.export.bonsai.proof import Agreement, compare
from sleap_rt.export.exporter import export_models
from sleap_rt.export.folders import room_in
from sleap_rt.export.metadata import METADATA_NAME
from sleap_rt.export.proof.proof_frames import SEED, draw_frame, synthetic_frames
from sleap_rt.export.steps import OnStep
from sleap_rt.options import DecodeOptions, ExportOptions, ModelOverrides
from sleap_rt.runtime.graph_file import read_graph_file

_LARGEST_BYTES = 2_000_000_000  # of one file in this format


@dataclass(frozen=True)
class BonsaiExport:
    """A graph for Bonsai.Sleap.

    Attributes:
        path: of the `.onnx` file.
        contracts: of the graphs that it was made of, each certified, first stage first.
        agreement: how it compares with our own runs of these.
    """

    path: Path
    contracts: tuple[GraphContract, ...]
    agreement: Agreement


def export_for_bonsai(
    paths: Sequence[Path],
    folder: Path,
    overrides: ModelOverrides,
    options: ExportOptions,
    kind: BonsaiKind,
    on_step: OnStep | None = None,
) -> BonsaiExport:
    """Export, certify, join, and compare with our own runs; nothing appears unless all succeeds.

    Args:
        paths: trained models, in any order.
        folder: receives the files; made if needed.
        overrides: settings that replace those of the training configurations.
        options: precision, what is built in, and the size of the images.
        kind: what Bonsai.Sleap takes of these models.
        on_step: called as each step of the export begins and ends.

    Raises:
        ModelError: as `export_models`; or the graph gives other poses than its stages.
        NotWritableError: `folder` cannot be written to.
    """
    name = kind.file_name
    decode = options.decode or DecodeOptions()
    if "centroids" in kind.outputs and decode.max_instances is None:
        decode = replace(decode, max_instances=MOST_INSTANCES)
    with tempfile.TemporaryDirectory() as temporary:
        stages = export_models(paths, Path(temporary), overrides, options, on_step=on_step)
        contracts = tuple(read_graph_file(stage).contract for stage in stages)
        size = _image_size(contracts[0], options.frame_size)
        graph = bonsai_graph([onnx.load(stage) for stage in stages], kind, decode, size)
        described = json.dumps([json.loads(contract.to_json()) for contract in contracts])
        graph.metadata_props.add(key=BONSAI_KEY, value=described)
        if graph.ByteSize() > _LARGEST_BYTES:
            raise ModelError("The models are too large together for one file for Bonsai")
        with room_in(folder) as room:
            (room / name).write_bytes(graph.SerializeToString())
            frames = _frames(contracts[0], size)
            agreement = compare(room / name, stages, kind, decode, frames)
            text = json.dumps(bonsai_metadata(contracts, kind, decode, size.channels), indent=2)
            (room / METADATA_NAME).write_text(text, encoding="utf8")
    return BonsaiExport(folder / name, contracts, agreement)


def _image_size(contract: GraphContract, given: tuple[int, ...] | None) -> ImageSize:
    """(width, height[, channels]) as a user gives them; None leaves width and height free."""
    channels = contract.preprocessing.in_channels
    if given is None:
        return ImageSize(None, None, channels)
    return ImageSize(given[1], given[0], given[2] if len(given) == 3 else channels)


def _frames(contract: GraphContract, size: ImageSize) -> list[Image]:
    """Frames to compare on, of all sizes that the graph takes."""
    if size.height is None or size.width is None:
        return synthetic_frames(contract.preprocessing)
    rng = np.random.default_rng(SEED)
    return [draw_frame(rng, (size.height, size.width), size.channels) for _ in range(3)]
