"""History: the past instances of every track, with which the current detections are compared.

One dense block (n_tracks, window, ...) serves both candidate methods; they differ in when they drop
an entry.
"""

import numpy as np

from sleap_rt.arrays import AnyFloats, AnyInts, Bools


class History:
    """Past instances of tracks, one row per track in ascending id.

    Attributes:
        ids: (n_tracks,) track ids.
        features: (n_tracks, window, ...), NaN where there is no entry.
        eligible: (n_tracks, window), whether an entry has enough visible nodes to be a candidate.
        frame_numbers: (n_tracks, window), which processed frame an entry is from; -1 without one.
        points: (n_tracks, window, n_nodes, 2) px; empty unless optical flow moves candidates.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self.ids: AnyInts = np.empty(0, np.int64)
        self.features: AnyFloats = np.empty((0, window))
        self.points: AnyFloats = np.empty((0, window))
        self.eligible: Bools = np.empty((0, window), np.bool_)
        self.frame_numbers: AnyInts = np.empty((0, window), np.int64)

    def record(
        self,
        frame_number: int,
        ids: AnyInts,
        features: AnyFloats,
        eligible: Bools,
        points: AnyFloats | None = None,
    ) -> None:
        """Append one processed frame.

        Args:
            frame_number: ascending by one from frame to frame.
            ids: (n,) tracks seen in this frame; new ones are larger than all before.
            features: (n, ...) of their instances.
            eligible: (n,).
            points: (n, n_nodes, 2) px, given always or never.
        """
        self._add_tracks(ids, features, points)
        rows = np.searchsorted(self.ids, ids)
        slots = self._slots(frame_number, rows)
        self.features[rows, slots] = features
        self.eligible[rows, slots] = eligible
        self.frame_numbers[rows, slots] = frame_number
        if points is not None:
            self.points[rows, slots] = points
        self._forget()

    def _slots(self, frame_number: int, rows: AnyInts) -> AnyInts | int:
        """Slots of the window for the entries of this frame."""
        raise NotImplementedError

    def _forget(self) -> None:
        """Drop what will never be a candidate again."""

    def _add_tracks(self, ids: AnyInts, features: AnyFloats, points: AnyFloats | None) -> None:
        if not len(self.ids):  # the shapes of the entries are known now
            self.features = np.empty((0, self._window, *features.shape[1:]))
            if points is not None:
                self.points = np.empty((0, self._window, *points.shape[1:]))
        new = np.sort(ids[ids > (self.ids[-1] if len(self.ids) else -1)])
        if not len(new):
            return
        shape = (len(new), self._window)
        self.ids = np.concatenate((self.ids, new))
        self.eligible = np.concatenate((self.eligible, np.zeros(shape, np.bool_)))
        self.frame_numbers = np.concatenate((self.frame_numbers, np.full(shape, -1)))
        self.features = _grown(self.features, len(new))
        if points is not None:
            self.points = _grown(self.points, len(new))


class FixedWindow(History):
    """The last `window` processed frames; a track without an instance in them is gone for good."""

    def _slots(self, frame_number: int, rows: AnyInts) -> int:
        slot = frame_number % self._window
        self.eligible[:, slot] = False
        self.frame_numbers[:, slot] = -1
        return slot

    def _forget(self) -> None:
        live = (self.frame_numbers >= 0).any(axis=1)
        if live.all():
            return
        self.ids, self.features = self.ids[live], self.features[live]
        self.eligible, self.frame_numbers = self.eligible[live], self.frame_numbers[live]
        if len(self.points):
            self.points = self.points[live]


class LocalQueues(History):
    """The last `window` instances of every track, however long ago; no track is ever forgotten."""

    def __init__(self, window: int) -> None:
        super().__init__(window)
        self._n_seen: AnyInts = np.empty(0, np.int64)

    def _slots(self, frame_number: int, rows: AnyInts) -> AnyInts:
        n_new = len(self.ids) - len(self._n_seen)
        if n_new:
            self._n_seen = np.concatenate((self._n_seen, np.zeros(n_new, np.int64)))
        slots: AnyInts = self._n_seen[rows] % self._window
        self._n_seen[rows] += 1
        return slots


def _grown(block: AnyFloats, n_new: int) -> AnyFloats:
    return np.concatenate((block, np.full((n_new, *block.shape[1:]), np.nan)))
