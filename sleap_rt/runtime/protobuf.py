"""Reads and writes protobuf messages, the format of `.onnx` files, field by field."""

import mmap
from collections.abc import Iterator

Data = mmap.mmap | bytearray | bytes
Place = tuple[int, int]  # where a value starts and ends
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types
_LONGEST_VARINT = 10  # bytes, which hold 64 bits
_LARGEST_TAG = 0xFFFFFFFF  # readers differ in what they make of a larger one


def fields(data: Data, start: int, end: int) -> Iterator[tuple[int, Place]]:
    """(field number, place of its value) of the message that lies between two positions.

    Raises:
        ValueError: it is no message, or is cut off.
    """
    position = start
    while position < end:
        tag, position = varint(data, position)
        if tag > _LARGEST_TAG:
            raise ValueError("it does not follow the ONNX format")
        field, wire_type = tag >> 3, tag & 7
        if wire_type == _VARINT:
            value = position
            _, position = varint(data, position)
            yield field, (value, position)
        elif wire_type == _BYTES:
            length, position = varint(data, position)
            if position + length > end:
                raise ValueError("the file is truncated")
            yield field, (position, position + length)
            position += length
        elif wire_type in (_FIXED64, _FIXED32):
            position += 8 if wire_type == _FIXED64 else 4
        else:
            raise ValueError("it does not follow the ONNX format")


def values(data: Data, place: Place, field: int) -> Iterator[Place]:
    """Places of all values of one field of the message at a place; raises as `fields` does."""
    return (value for number, value in fields(data, *place) if number == field)


def text(data: Data, place: Place) -> str:
    """A value that is text.

    Raises:
        ValueError: it is not UTF-8.
    """
    return data[slice(*place)].decode()


def varint(data: Data, position: int) -> tuple[int, int]:
    """The number at a position, and the position behind it.

    Raises:
        ValueError: it is longer than ten bytes, or the data ends in it.
    """
    value = shift = 0
    for byte in data[position : position + _LONGEST_VARINT]:
        value |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:
            return value, position
        shift += 7
    raise ValueError("the file is truncated, or a number in it is longer than ten bytes")


def message(*values: tuple[int, bytes | int]) -> bytes:
    """A message of these (field number, value): bytes, or numbers of 0 or more."""
    return b"".join(_field(number, value) for number, value in values)


def _field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return _as_varint(number << 3 | _VARINT) + _as_varint(value)
    return _as_varint(number << 3 | _BYTES) + _as_varint(len(value)) + value


def _as_varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))
