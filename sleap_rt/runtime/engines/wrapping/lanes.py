"""Lanes: equal engines on one CPU that share out the frames, or crops, of a run.

Where all cores compute one layer together, they wait for the slowest of them after each layer. With
frames of their own they wait once, at the end: docs/measurements.md has the figures.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from sleap_rt.options import USUAL_BATCH_SIZE
from sleap_rt.runtime.engines.interface import Array, DeviceArray, Engine, Feed, check_feed
from sleap_rt.runtime.engines.wrapping.side_by_side import side_by_side


class LanedEngine:
    """As many lanes as a run has rows for; each has its even share of the threads.

    How many lanes a run takes depends on nothing but its number of rows, so that equal runs have
    equal results. A single row gets all threads.

    Args:
        open_lanes: opens so many engines, each with so many threads.
        threads: of all lanes together.
        n_rows: of most runs.

    Raises:
        EngineError: as `open_lanes`.
    """

    def __init__(
        self,
        open_lanes: Callable[[int, int], list[Engine]],
        threads: int,
        n_rows: int = USUAL_BATCH_SIZE,
    ) -> None:
        self._open_lanes, self._threads = open_lanes, threads
        n_usual = n_lanes(n_rows, threads)
        (first,) = open_lanes(1, threads // n_usual)
        self._lanes = {n_usual: [first]}  # the others are opened when they are first needed
        self.inputs, self.outputs, self.device = first.inputs, first.outputs, first.device
        self.upload: Callable[[Array], Array | DeviceArray] = first.upload

    def run(self, feed: Feed, fetch: Sequence[str] | None = None) -> dict[str, Array]:
        check_feed(self.inputs, feed)
        parts = shared_out(feed, self._threads)
        lanes = self._opened(len(parts))
        found = side_by_side(
            [partial(lane.run, part, fetch) for lane, part in zip(lanes, parts, strict=True)]
        )
        if len(found) == 1:
            return found[0]
        return {name: np.concatenate([part[name] for part in found]) for name in found[0]}

    def _opened(self, n: int) -> list[Engine]:
        lanes = self._lanes.setdefault(n, [])
        if len(lanes) < n:
            lanes += self._open_lanes(n - len(lanes), self._threads // n)
        return lanes

    def close(self) -> None:
        for lanes in self._lanes.values():
            for lane in lanes:
                lane.close()


def n_lanes(n_rows: int, threads: int) -> int:
    """The most lanes that each get a row, and all the same number of threads."""
    return max((n for n in range(1, min(n_rows, threads) + 1) if threads % n == 0), default=1)


def shared_out(feed: Feed, threads: int) -> list[Feed]:
    """The inputs of each lane: consecutive frames, or crops and the frames that they lie in.

    Args:
        feed: inputs of a graph.
        threads: of all lanes.
    """
    frames, centers, frame_index = map(feed.get, ("frames", "centers", "frame_index"))
    assert isinstance(frames, np.ndarray)  # lanes run on a CPU
    if centers is None or frame_index is None:
        return [{**feed, "frames": part} for part in _split(frames, threads)]
    assert isinstance(centers, np.ndarray)
    assert isinstance(frame_index, np.ndarray)
    if not 1 < len(centers) == len(frame_index):
        return [feed]
    return [
        {
            **feed,
            "frames": frames[part.min() : part.max() + 1],
            "centers": points,
            "frame_index": part - part.min(),
        }
        for points, part in zip(_split(centers, threads), _split(frame_index, threads), strict=True)
    ]


def _split(rows: Array, threads: int) -> list[Array]:
    return np.array_split(rows, n_lanes(len(rows), threads))
