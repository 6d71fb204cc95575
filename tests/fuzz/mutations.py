"""Damages bytes in the ways that find faults in readers: at random, but the same for one seed."""

import random
import re
import struct
from collections.abc import Callable

_NUMBERS = [0, 1, 2, 7, 127, 128, 255, 256, 32767, 65535, 1 << 20, (1 << 31) - 1, 1 << 31]
_NUMBERS += [(1 << 32) - 1, 1 << 40, (1 << 62) - 1, 1 << 62, (1 << 63) - 1, (1 << 64) - 1]
_WORDS = [b"null", b"-1", b"0", b"1e999", b"NaN", b"9" * 5000, b"0x" + b"f" * 999, b"[" * 2000]
_WORDS += [b'{"a":' * 500, b"true", b'""', b"[]", b"{}", b"\x00", b"\xff\xfe", b"&a [*a]", b"../x"]
_NUMBER = re.compile(rb"-?\d+(\.\d+)?")
_LARGEST = 4 << 20  # bytes that a mutant may grow to

Change = Callable[[bytearray, random.Random], None]


def mutated(content: bytes, rng: random.Random) -> bytes:
    """The content after one to four changes."""
    found = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 2, 4])):
        rng.choice(_CHANGES)(found, rng)
    return bytes(found[:_LARGEST])


def _place(found: bytearray, rng: random.Random) -> int:
    """A place to change; headers and trailers more often than the bulk."""
    size = len(found)
    where = rng.random()
    if where < 0.25:
        return rng.randrange(min(size, 200) or 1)
    return (
        max(0, size - 1 - rng.randrange(min(size, 200) or 1))
        if where < 0.4
        else (rng.randrange(size or 1))
    )


def _span(found: bytearray, rng: random.Random) -> tuple[int, int]:
    start = _place(found, rng)
    return start, start + rng.choice([1, 2, 4, 8, 16, 64, 256, 1024, 4096])


def _flip(found: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice([1, 1, 2, 8])):
        if found:
            found[_place(found, rng)] ^= 1 << rng.randrange(8)


def _set_number(found: bytearray, rng: random.Random) -> None:
    start, form = _place(found, rng), rng.choice("BHIQ")
    size = struct.calcsize(form)
    number = rng.choice(_NUMBERS) & ((1 << 8 * size) - 1)
    found[start : start + size] = struct.pack(rng.choice("<>") + form, number)


def _set_noise(found: bytearray, rng: random.Random) -> None:
    start, end = _span(found, rng)
    found[start:end] = rng.randbytes(end - start)


def _zero(found: bytearray, rng: random.Random) -> None:
    start, end = _span(found, rng)
    found[start:end] = bytes(end - start)


def _delete(found: bytearray, rng: random.Random) -> None:
    start, end = _span(found, rng)
    del found[start:end]


def _repeat(found: bytearray, rng: random.Random) -> None:
    start, end = _span(found, rng)
    place = _place(found, rng)
    found[place:place] = found[start:end] * rng.choice([1, 1, 3, 50])


def _insert_word(found: bytearray, rng: random.Random) -> None:
    place = _place(found, rng)
    found[place:place] = rng.choice(_WORDS)


def _replace_number(found: bytearray, rng: random.Random) -> None:
    """Put another word in place of a number that is written as text."""
    numbers = list(_NUMBER.finditer(found[: 1 << 16]))
    if numbers:
        match = rng.choice(numbers)
        word = rng.choice([*_WORDS, *(str(number).encode() for number in _NUMBERS)])
        found[match.start() : match.end()] = word


def _cut(found: bytearray, rng: random.Random) -> None:
    del found[_place(found, rng) :]


_CHANGES: list[Change] = [
    *(_flip, _flip, _set_number, _set_number, _set_noise, _zero, _delete, _repeat),
    *(_insert_word, _replace_number, _replace_number, _cut),
]
