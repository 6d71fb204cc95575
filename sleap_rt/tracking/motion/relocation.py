"""Relocation: a lost track moves to a new place once detections stay there."""

import numpy as np

from sleap_rt.arrays import AnyFloats, AnyInts, Bools

_N_TIMES = 3  # detections in one place before the track is believed to be there


class Relocations:
    """Per track, the place away from its prediction where it was last given a detection."""

    def __init__(self) -> None:
        self._places: AnyFloats = np.empty((0, 2))
        self._n_times: AnyInts = np.empty(0, np.int64)

    def add(self, n_tracks: int) -> None:
        """Append tracks without a new place."""
        self._places = np.concatenate((self._places, np.full((n_tracks, 2), np.nan)))
        self._n_times = np.concatenate((self._n_times, np.zeros(n_tracks, np.int64)))

    def keep(self, tracks: Bools) -> None:
        """Drop the tracks not in the mask."""
        self._places, self._n_times = self._places[tracks], self._n_times[tracks]

    def clear(self, tracks: AnyInts) -> None:
        """Reset tracks that were found where they were predicted."""
        self._n_times[tracks] = 0

    def distances(self, tracks: AnyInts, centers: AnyFloats) -> AnyFloats:
        """(n, n_tracks) px from detections at (n, 2) px to the last new places of tracks."""
        apart = np.linalg.norm(centers[:, None] - self._places[tracks][None], axis=-1)
        return np.where(np.isnan(apart), np.inf, apart)

    def confirmed(
        self,
        tracks: AnyInts,
        centers: AnyFloats,
        believable: Bools,
        *,
        reach_px: float,
    ) -> Bools:
        """Which tracks have now been in one place often enough.

        Args:
            tracks: (n,) rows of tracks that were given a detection far from their prediction.
            centers: (n, 2) px of those detections.
            believable: (n,), whether the detection can be a whole animal that no other track is on.
            reach_px: two places at most this far apart are the same.

        Returns:
            (n,) mask.
        """
        same = np.linalg.norm(centers - self._places[tracks], axis=-1) < reach_px
        self._places[tracks] = centers
        n_times = np.where(believable, np.where(same, self._n_times[tracks] + 1, 1), 0)
        there = n_times >= _N_TIMES
        self._n_times[tracks] = np.where(there, 0, n_times)
        return there
