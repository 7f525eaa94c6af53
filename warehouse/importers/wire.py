"""Reads protocol buffers without their schema: field numbers and raw values."""

import struct
from collections.abc import Iterator

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Fields of a message in their order.

    Parameters
    ----------
    message : bytes
        An encoded message.

    Yields
    ------
    tuple of int and (int or bytes)
        Field number, and the value: an int for variable-length integers, bytes for all others.

    Raises
    ------
    ValueError
        If the bytes are no message.

    Examples
    --------
    >>> list(fields(bytes([8, 150, 1, 18, 2, 104, 105])))
    [(1, 150), (2, b'hi')]
    """
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, position = _varint(message, position)
            yield number, value
            continue
        if kind == LENGTH:
            length, position = _varint(message, position)
        elif kind in (FIXED64, FIXED32):
            length = 8 if kind == FIXED64 else 4
        else:
            raise ValueError(f"wire type {kind} at byte {position}")
        if position + length > len(message):
            raise ValueError(f"field {number} ends after the message")
        yield number, message[position : position + length]
        position += length


def messages(message: bytes, number: int) -> list[bytes]:
    """Values of the length-delimited fields of one number."""
    return [
        value for found, value in fields(message) if found == number and isinstance(value, bytes)
    ]


def text(message: bytes, number: int) -> str:
    """Last text of one field number; empty when there is none."""
    found = messages(message, number)
    return found[-1].decode() if found else ""


def single(raw: bytes) -> float:
    """Decode a 32-bit float."""
    return float(struct.unpack("<f", raw)[0])


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(message):
        byte = message[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
        shift += 7
    raise ValueError("an integer ends after the message")
