"""The switches of a report, each with a link to its picture."""

from collections.abc import Iterator
from html import escape
from typing import Any

import numpy as np

from sleap_rt.evaluation.pairing.pose_pairs import PosePairing
from sleap_rt.evaluation.reading.images import FrameImages
from sleap_rt.evaluation.report.worst import draw_frame
from sleap_rt.evaluation.results import Evaluation
from sleap_rt.evaluation.tables import switch_text

_MOST_LISTED, _MOST_DRAWN = 300, 12


def switch_list(evaluation: Evaluation, images: FrameImages) -> Iterator[str]:
    """Every switch in words, and pictures of the first ones where poses were compared."""
    assert evaluation.identities is not None
    switches = evaluation.identities.metrics["switches"]
    places = [_place(evaluation.pairing, switch) for switch in switches[:_MOST_DRAWN]]
    items, figures = [], []
    for number, switch in enumerate(switches[:_MOST_LISTED]):
        text = escape(switch_text(switch).replace("->", "\N{RIGHTWARDS ARROW}"))  # as one sign
        place = places[number] if number < len(places) else None
        if place is not None and evaluation.pairing is not None:
            name = escape(f"switch-{evaluation.name}-{number + 1}".replace(" ", "_"))
            picture = draw_frame(evaluation.pairing, place, images)
            figures.append(
                f'<figure class="frame" id="{name}">{picture}'
                f"<figcaption>{number + 1}. {text}</figcaption></figure>"
            )
            text = f'<a href="#{name}">{text}</a>'
        items.append(f"<li>{text}</li>")
    if items:
        yield f'<ol class="switches">{"".join(items)}</ol>'
    if len(switches) > _MOST_LISTED:
        yield f"<p>{len(switches) - _MOST_LISTED} more are in the saved metrics.</p>"
    if figures:
        yield f'<div class="plots">{"".join(figures)}</div>'


def _place(pairing: PosePairing | None, switch: dict[str, Any]) -> int | None:
    """Where the frame of a switch is in the list of frame pairs; None if it is not there."""
    if pairing is None:
        return None
    truth, rows = pairing.ground_truth, pairing.frames.gt_frames
    videos = [str(video) for video in truth.videos]
    same = np.array([videos[video] == switch["video"] for video in truth.frame_videos[rows]], bool)
    found = np.flatnonzero(same & (truth.frame_idxs[rows] == switch["frame_idx"]))
    return int(found[0]) if len(found) else None
