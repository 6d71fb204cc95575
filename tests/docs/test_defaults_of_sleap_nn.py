"""The defaults of sleap-nn 0.3.5, ours, and the table that tells where they differ."""

import re
from pathlib import Path

import click
import pytest
from tracker_defaults import TRACKER_DEFAULTS

from sleap_rt.cli.app import app
from sleap_rt.runtime.outputs.names import default_output

ROOT = Path(__file__).resolve().parents[2]
THERE: dict[str, dict[str, object]] = {  # as its own help gives them
    "track": {
        "device": "auto",
        "batch_size": 4,
        "peak_threshold": 0.2,
        "integral_refinement": "integral",
        "video_input_format": "channels_last",
        "queue_maxsize": 32,
        "max_edge_length_ratio": 0.25,
        "dist_penalty_weight": 1.0,
        "min_instance_peaks": 0,
        "min_line_scores": 0.25,
        "filter_overlapping_method": "iou",
        "filter_overlapping_threshold": 0.8,
        "filter_min_visible_nodes": 0,
        "filter_min_visible_node_fraction": 0.0,
        "filter_min_mean_node_score": 0.0,
        "filter_min_instance_score": 0.0,
        **TRACKER_DEFAULTS,
        "oks_stddev": 0.025,
    },
    "eval": {
        "oks_stddev": 0.025,
        "oks_scale": None,
        "match_threshold": 0.0,
        "user_labels_only": True,
        "match_method": "auto",
        "anchor_part": None,
    },
}


def ours(command, option):
    (found,) = [
        one for one in app.get_command(click.Context(app), command).params if one.name == option
    ]
    return found.default


def in_table():
    """(command, option) -> what the page says of (sleap-nn, this program)."""
    page = (ROOT / "docs/coming_from/sleap_nn.md").read_text("utf-8")
    section = page.split("## Defaults that differ")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+) --(\w+)` \| (.+?) \| (.+?) \|", section, re.MULTILINE)
    return {(command, option): (there, here) for command, option, there, here in rows}


def as_written(default):
    return {True: "on", False: "off"}[default] if isinstance(default, bool) else f"`{default}`"


@pytest.mark.parametrize("command", THERE)
def test_every_default_that_differs_is_in_the_table_and_no_other(command):
    differ = {
        (command, option): (as_written(there), as_written(ours(command, option)))
        for option, there in THERE[command].items()
        if ours(command, option) != there
    }
    assert differ == {one: said for one, said in in_table().items() if one[0] == command}


def test_results_are_named_as_the_table_says():
    ((_, here),) = [said for one, said in in_table().items() if one[0] == "predict"]
    assert here.strip("`").replace("<stem>", "video") == default_output(Path("video.mp4")).name
