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

    def is_predicted(one: Any) -> bool:
        return isinstance(one, sio.PredictedInstance)

    users = [one for one in instances if not is_predicted(one)]
    origins = {id(one.from_predicted) for one in users if one.from_predicted is not None}
    others = [one for one in users if one.from_predicted is None and one.track is not None]
    tracks = {id(one.track) for one in others}
    return [
        is_predicted(one) and (id(one) in origins or id(one.track) in tracks) for one in instances
    ]
