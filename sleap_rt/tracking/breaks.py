"""Connects single breaks: one track ends where one other begins, so they are the same animal."""

from sleap_rt.arrays import AnyInts


class BreakConnector:
    """Renames tracks frame by frame, in one pass over one video.

    If exactly one track is new and exactly one is missing, the new one takes the missing one's id
    from then on. Missing means: in the last frame that had at least as many tracks as those before
    it, but not in this one.
    """

    def __init__(self) -> None:
        self._good: set[int] | None = None
        self._renames: dict[int, int] = {}

    def connect(self, track_ids: AnyInts) -> AnyInts:
        """Track ids of the next frame, (n,), -1 without a track -> renamed, same shape."""
        ids: list[int] = track_ids.tolist()
        for position, track_id in enumerate(ids):
            old = self._renames.get(track_id)
            if old is not None and old not in ids:
                ids[position] = old
        present = set(ids) - {-1}
        if self._good is None:
            self._good = present
        extra, missing = present - self._good, self._good - present
        if len(extra) == 1 and len(missing) == 1:
            (new,), (old,) = extra, missing
            ids[ids.index(new)] = old
            self._renames[new] = old
        elif len(present) >= len(self._good):
            self._good = present
        renamed = track_ids.copy()
        renamed[:] = ids
        return renamed
