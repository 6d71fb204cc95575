"""Options that replace settings of the training configuration; for every command that exports."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from sleap_rt.options import ModelOverrides

_FILE = click.Path(path_type=Path)
OVERRIDES = (
    click.option(
        "--backbone_ckpt_path",
        type=_FILE,
        help="Checkpoint to use in place of best.ckpt; of the backbone only if --head_ckpt_path is "
        "given too.",
    ),
    click.option(
        "--head_ckpt_path", type=_FILE, help="Checkpoint to take the heads' weights from."
    ),
    click.option("--max_height", type=int, help="Rows that frames are resized and padded to, px."),
    click.option(
        "--max_width", type=int, help="Columns that frames are resized and padded to, px."
    ),
    click.option("--input_scale", type=float, help="Resize of frames ahead of the network."),
    click.option(
        "--ensure_rgb/--no-ensure_rgb", default=None, help="Give the network three channels."
    ),
    click.option(
        "--ensure_grayscale/--no-ensure_grayscale",
        default=None,
        help="Give the network one channel.",
    ),
    click.option("--crop_size", type=int, help="Side of the crop around an instance, px."),
    click.option("--anchor_part", help="Node that crops around labelled animals are centered on."),
    click.option(
        "--integral_patch_size", type=int, help="Cells on a side of the patch that refines a peak."
    ),
    click.option("--n_points", type=int, help="Bottom-up: samples on the line between two peaks."),
)


def overrides_from(params: dict[str, Any]) -> ModelOverrides:
    """The overrides among a command's parameters."""
    return ModelOverrides(**{field.name: params[field.name] for field in fields(ModelOverrides)})
