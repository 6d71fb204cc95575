"""Which number each frame of a video has, proven by its time; and which frames are lost."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice

import numpy as np

from sleap_rt.runtime.frames.video.container import OpenContainer
from sleap_rt.runtime.frames.video.packets import AviIndex, Packet, Scan, read_packets, scan

_N_FIRST = 64  # packets; the first frame shown is among them
_SHARE_OF_SINGLE_STEPS = 0.8  # of evenly spaced frames that follow the one before
_TELLING = ("matroska", "mov")  # formats whose readers report damage
_MOST_REORDERED = 16  # frames that are decoded ahead of one that is shown before them
_SECONDS_OF_GRACE = 1.0
_TICKS = 1_000_000  # a container's duration, per second
_SMALLEST_FRAME = 8  # bytes, with its header in the file; an AVI chunk has no less


@dataclass(frozen=True)
class Numbering:
    """The frames of a video.

    Attributes:
        n_frames: lost ones included.
        times: presentation times of the frames that are there, ascending, in units of the stream.
            None where frames are counted in the order in which they are shown, from the start.
        numbers: of these frames.
        notes: what a user should know.
    """

    n_frames: int
    times: Sequence[int] | None
    numbers: Sequence[int]
    notes: tuple[str, ...] = ()

    def is_lost(self, number: int) -> bool:
        return _find(self.numbers, number) is None

    def loses_soon(self, number: int) -> bool:
        """Whether some of the next frames are lost, which one shown ahead may be built on."""
        if isinstance(self.numbers, range):
            return False
        place = bisect_left(self.numbers, number)
        after = min(place + _MOST_REORDERED, len(self.numbers) - 1)
        return self.numbers[after] - number != after - place

    def time_before(self, number: int) -> int | None:
        """When the last frame up to this number is shown; None for the first, and without times."""
        place = bisect_right(self.numbers, number) - 1
        return None if place < 1 or self.times is None else self.times[place]

    def number_at(self, time: int) -> int | None:
        """The frame shown at exactly this time; None if there is none."""
        place = None if self.times is None else _find(self.times, time)
        return None if place is None else self.numbers[place]


def _find(values: Sequence[int], value: int) -> int | None:
    if isinstance(values, range):
        return values.index(value) if value in values else None
    place = bisect_left(values, value)
    return place if place < len(values) and values[place] == value else None


def numbering(opened: OpenContainer) -> tuple[Numbering, AviIndex | None]:
    """How the frames of a file that was just opened are numbered; reads it only where needed.

    Also the index of an AVI file, which tells its packets' times.
    """
    if "mov" in opened.kind and (stored := _of_mov(opened)) is not None:
        return stored, None
    if opened.kind == "avi" and (found := _of_avi(opened)) is not None:
        return found
    return scanned(opened), None


def scanned(opened: OpenContainer) -> Numbering:
    """The same by reading all packets of the file."""
    found = scan(opened)
    if None not in found.times:
        return _of_scan(opened, found)
    note = "its frames have no time stamps and are counted: damage would shift them without a sign"
    return _in_order(len(found.times), (note,))


def _in_order(n_frames: int, notes: tuple[str, ...] = ()) -> Numbering:
    return Numbering(n_frames, None, range(n_frames), notes)


def _of_mov(opened: OpenContainer) -> Numbering | None:
    """By the index, which these files always have; None if it does not list all frames.

    A clip that was cut without encoding it again has frames that are decoded, but not shown.
    """
    stream, entries = opened.stream, opened.stream.index_entries
    if not stream.frames or not len(entries):
        return None
    n_shown = sum(not entry.is_discard for entry in entries)
    if len(entries) != stream.frames or n_shown < len(entries):
        return _in_order(n_shown) if n_shown else None
    steps = np.diff([entry.timestamp for entry in entries])
    if not len(steps) or steps[0] < 1 or (steps != steps[0]).any():
        return _in_order(n_shown)
    known = [packet.pts for packet in _first_packets(opened, None) if packet.pts is not None]
    if not known:
        return None
    first, step = min(known), int(steps[0])
    return Numbering(n_shown, range(first, first + step * n_shown, step), range(n_shown))


def _of_avi(opened: OpenContainer) -> tuple[Numbering, AviIndex | None] | None:
    stream = opened.stream
    entries = [entry for entry in stream.index_entries if entry.size > 0]
    if not entries or len(stream.index_entries) < stream.frames:
        return None
    index = AviIndex([entry.pos for entry in entries], [entry.timestamp for entry in entries])
    packets = _first_packets(opened, index)
    if not packets:  # the index is not about these packets
        return None
    is_reordered = any(packet.pts != packet.dts for packet in packets)
    if not is_reordered:
        return Numbering(len(entries), index.times, range(len(entries))), index
    index = replace(index, is_reordered=True)
    if stream.codec_context.name in ("h264", "hevc") or index.place_of(packets[0]):
        return _in_order(len(entries)), index  # FFmpeg knows no time of these, or not the first
    shift = min(packet.pts for packet in packets if packet.pts is not None) - index.times[0]
    times = [time + shift for time in index.times]
    return Numbering(len(times), times, range(len(times))), index


def _first_packets(opened: OpenContainer, index: AviIndex | None) -> list[Packet]:
    return list(islice(read_packets(opened, index), _N_FIRST))


def _of_scan(opened: OpenContainer, found: Scan) -> Numbering:
    """By the times of all packets.

    Gaps that damage left are frames: evenly spaced ones are counted, others cannot be, so that all
    behind the damage are lost. Without damage a gap is a pause of the recording, and frames are
    numbered in order, as other programs do; but not in formats whose damage shows in no other way.
    """
    times = sorted({time for time in found.times if time is not None})
    if opened.kind == "avi":  # one without an index: its times are but a count of what is left
        return _of_avi_scan(opened, found, times)
    notes = _ends_early(opened, times)
    places = _on_grid(opened, times)
    if places is None:
        return _up_to_damage(found, times, notes)
    n_missing = places[-1] + 1 - len(places)
    if found.damaged_at and not _can_hold(opened, places[-1] + 1):
        return _up_to_damage(found, times, notes)
    if found.damaged_at:
        n_declared = _n_declared(opened, times)
        if not _can_hold(opened, n_declared):
            return Numbering(places[-1] + 1, times, places, notes)
        return Numbering(max(places[-1] + 1, n_declared), times, places)
    if not n_missing:
        return Numbering(len(times), times, range(len(times)), notes)
    if not any(name in opened.kind for name in _TELLING) and _can_hold(opened, places[-1] + 1):
        return Numbering(places[-1] + 1, times, places, notes)
    note = (
        f"{n_missing} frames were left out when it was recorded, by its times; the {len(times)} "
        "that it has are numbered in order"
    )
    return Numbering(len(times), times, range(len(times)), (note, *notes))


def _of_avi_scan(opened: OpenContainer, found: Scan, times: Sequence[int]) -> Numbering:
    n_declared = int(opened.stream.frames)
    if not _can_hold(opened, n_declared):
        note = f"its header says {n_declared} frames, more than a file of its size can hold"
        return _up_to_damage(found, times, (note,))
    if n_declared <= len(times):
        return Numbering(len(times), times, range(len(times)))
    cut_off = replace(found, damaged_at=[*found.damaged_at, len(found.times)])
    known = _up_to_damage(cut_off, times, ())
    return Numbering(n_declared, known.times, known.numbers)


def _up_to_damage(found: Scan, times: Sequence[int], notes: tuple[str, ...]) -> Numbering:
    """Frames ahead of the damage have numbers; those behind it are there, but lost."""
    if not found.damaged_at:
        return Numbering(len(times), times, range(len(times)), notes)
    first = found.damaged_at[0]
    behind = [time for time in found.times[first:] if time is not None]
    ahead = [time for time in found.decoding_times[:first] if time is not None]
    # Frames that are decoded behind the damage may be shown ahead of it.
    n_known = bisect_right(times, ahead[-1]) if ahead else 0
    n_known = min([n_known, *(bisect_left(times, time) for time in behind)])
    note = f"it is damaged or cut off behind frame {n_known - 1}, and its frames come unevenly"
    return Numbering(len(times), times[:n_known], range(n_known), (note, *notes))


def _ends_early(opened: OpenContainer, times: Sequence[int]) -> tuple[str, ...]:
    """A note where the header promises more than there is."""
    stream, duration = opened.stream, opened.container.duration
    if not duration or not times or not stream.time_base:
        return ()
    end, promised = float(times[-1] * stream.time_base), duration / _TICKS
    start = (opened.container.start_time or 0) / _TICKS
    if promised - (end - start) <= max(_SECONDS_OF_GRACE, 0.02 * promised):
        return ()
    return (f"its header says {promised:.1f} s, but its frames end after {end - start:.1f} s",)


def _on_grid(opened: OpenContainer, times: Sequence[int]) -> list[int] | None:
    """Places on an even grid of time, the first is 0; None if the frames are not evenly spaced."""
    if len(times) < 3:
        return None
    stream, values = opened.stream, np.array(times) - times[0]
    steps = [
        float(1 / Fraction(rate * stream.time_base))
        for rate in (stream.average_rate, stream.guessed_rate)
        if rate and stream.time_base
    ]
    for step in (*steps, float(np.median(np.diff(values)))):
        places = np.round(values / step)
        single = (np.diff(places) == 1).mean()
        off = np.abs(values - places * step).max()
        if (
            single >= _SHARE_OF_SINGLE_STEPS
            and off <= max(1.0, step / 50)
            and np.diff(places).all()
        ):
            return [int(place) for place in places]
    return None


def _n_declared(opened: OpenContainer, times: Sequence[int]) -> int:
    """Frames that the file has by its header; 0 where that does not say."""
    stream, duration = opened.stream, opened.container.duration
    if "matroska" not in opened.kind or not duration or not stream.average_rate or not times:
        return 0
    seconds = duration / _TICKS - float(times[0] * (stream.time_base or 0))
    return round(seconds * float(stream.average_rate))


def _can_hold(opened: OpenContainer, n_frames: int) -> bool:
    """Whether a file of this size can have so many frames; a damaged number may be any."""
    return n_frames * _SMALLEST_FRAME <= opened.container.size
