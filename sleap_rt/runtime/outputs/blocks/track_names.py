"""Names of tracks for formats that know a track by its name only."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sleap_io as sio

from sleap_rt.errors import log_of

_log = log_of(__name__)


def distinct_names(tracks: "Sequence[sio.Track]") -> dict[int, str]:
    """Name by id of the track; those that share one are numbered, and the log says so.

    Args:
        tracks: of the labels.
    """
    counts = Counter(track.name for track in tracks)
    taken = set(counts)
    names: dict[int, str] = {}
    for track in tracks:
        name, number = track.name, 1
        if counts[track.name] > 1:
            while name in taken or number == 1:
                name, number = f"{track.name}_{number}", number + 1
            taken.add(name)
        names[id(track)] = name
    shared = [name for name, n in counts.items() if n > 1]
    if shared:
        _log.warning("several tracks are called %s: they are numbered", ", ".join(shared))
    return names
