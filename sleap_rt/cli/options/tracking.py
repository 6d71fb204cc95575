"""The tracking options of `sleap-nn track`: names, defaults and checks are `TrackerOptions`'."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

import click

from sleap_rt.cli.options.parameters import Choice
from sleap_rt.tracking.options import TrackerOptions

_Command = TypeVar("_Command", bound=Callable[..., Any])

_HELP = {
    "tracking_window_size": "Past frames (or instances of a track) to compare with.",
    "min_new_track_points": "Visible nodes an instance needs to start a track.",
    "candidates_method": "fixed_window forgets a track unseen for a window, local_queues never.",
    "min_match_points": "Visible nodes a past instance needs to be compared with.",
    "features": "What of two instances is compared.",
    "scoring_method": "Similarity of the features.",
    "scoring_reduction": "How the scores with a track's past instances become one.",
    "robust_best_instance": "Quantile for robust_quantile.",
    "track_matching_method": "hungarian: best total; greedy: best pair first.",
    "max_tracks": "Most tracks ever started in a video.",
    "oks_stddev": "Spread of every node, as a share of the animal's size.",
    "use_flow": "Move past poses to the current frame by optical flow; reads the video.",
    "of_img_scale": "Resize of the images before the flow.",
    "of_window_size": "Flow window in px, odd.",
    "of_max_levels": "Flow pyramid levels.",
    "motion_model": "kalman: predict where tracks are; best with a known number of animals.",
    "post_connect_single_breaks": "Join a track that ends with the one that begins there.",
    "tracking_target_instance_count": "Animals expected in a frame.",
    "tracking_pre_cull_to_target": "Not 0: cull to the expected number before tracking.",
    "tracking_pre_cull_iou_threshold": "Overlap above which it drops an instance; 0: by score.",
    "tracking_clean_instance_count": "Cull to this number after tracking, then join breaks.",
    "tracking_clean_iou_threshold": "Overlap above which it drops an instance; 0: by score.",
}


def tracking_option_list() -> list[Callable[[Any], Any]]:
    """`--tracking` and every option of `TrackerOptions`, as decorators of a click command."""
    switch = click.option("--tracking", "-t", is_flag=True, help="Follow animals through frames.")
    return [switch, *tracker_option_list()]


def tracker_option_list() -> list[Callable[[Any], Any]]:
    """The same without `--tracking`."""
    return [_option(field.name, field.default) for field in fields(TrackerOptions)]


def tracking_options(command: _Command) -> _Command:
    """Decorate a click command with all tracking options."""
    for option in reversed(tracking_option_list()):
        command = option(command)
    return command


def _option(name: str, default: Any) -> Callable[[Any], Any]:
    choices = TrackerOptions.choices(name)
    if isinstance(default, bool):
        return click.option(f"--{name}", is_flag=True, help=_HELP[name])
    kind: Any = int if default is None else Choice(choices) if choices else type(default)
    shown = default is not None
    return click.option(
        f"--{name}", type=kind, default=default, show_default=shown, help=_HELP[name]
    )
