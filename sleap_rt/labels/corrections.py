"""Predictions that a person corrected, which stay in a file beside the correction."""

from collections.abc import Sequence
from typing import Any


def replaced(instances: Sequence[Any]) -> list[bool]:
    """Which instances of a frame are predictions that a person's instance stands for.

    That was made from the prediction. Where it does not tell what it was made from, it stands for
    the prediction on its track.

    Args:
        instances: all of one frame.
    """
    import sleap_io as sio

    predicted = [isinstance(one, sio.PredictedInstance) for one in instances]
    users = [
        one for one, is_predicted in zip(instances, predicted, strict=True) if not is_predicted
    ]
    origins = {id(one.from_predicted) for one in users if one.from_predicted is not None}
    tracks = {id(one.track) for one in users if one.from_predicted is None and one.track}
    return [
        is_predicted and (id(one) in origins or id(one.track) in tracks)
        for one, is_predicted in zip(instances, predicted, strict=True)
    ]
