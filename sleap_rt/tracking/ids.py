"""Track ids: numbered from 0 through a whole run, never used twice."""

import numpy as np

from sleap_rt.arrays import AnyInts


class TrackIds:
    """Hands out the next free ids; the videos of a run share one, so that names stay unique."""

    def __init__(self) -> None:
        self.n_issued = 0

    def issue(self, count: int) -> AnyInts:
        """The next `count` ids, ascending."""
        first, self.n_issued = self.n_issued, self.n_issued + count
        return np.arange(first, self.n_issued, dtype=np.int64)
