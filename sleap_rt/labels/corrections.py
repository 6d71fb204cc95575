"""Predictions that a person corrected, which stay in a file beside the correction."""

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sleap_io as sio


def replaced(instances: Sequence[Any]) -> list[bool]:
    """Which instances of a frame are predictions that a person's instance stands for.

    That was made from the prediction. Where it does not tell what it was made from, it stands for
    the prediction on its track.

    Args:
        instances: all of one frame.
    """
    import sleap_io as sio

    def is_predicted(one: Any) -> bool:
        return isinstance(one, sio.PredictedInstance)

    users = [one for one in instances if not is_predicted(one)]
    origins = {id(one.from_predicted) for one in users if one.from_predicted is not None}
    others = [one for one in users if one.from_predicted is None and one.track is not None]
    tracks = {id(one.track) for one in others}
    return [
        is_predicted(one) and (id(one) in origins or id(one.track) in tracks) for one in instances
    ]


def without_replaced(labels: "sio.Labels") -> "tuple[sio.Labels, int]":
    """Labels in which a person's instances stand in place of the predictions that they correct.

    Args:
        labels: stay as they are; the others share all but their frames with them.

    Returns:
        The labels, and how many predictions they lack.
    """
    n_left_out = 0
    frames = []
    for frame in labels.labeled_frames:
        is_left_out = replaced(frame.instances)
        n_left_out += sum(is_left_out)
        if any(is_left_out):
            frame = copy(frame)
            pairs = zip(frame.instances, is_left_out, strict=True)
            frame.instances = [one for one, leave in pairs if not leave]
        frames.append(frame)
    shown = copy(labels)
    shown.labeled_frames = frames
    return shown, n_left_out
