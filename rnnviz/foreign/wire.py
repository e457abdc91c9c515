"""Protocol buffers as ONNX writes them: fields by number, and tensors that are measured before they are read.

Formats: https://protobuf.dev/programming-guides/encoding; onnx.proto of ONNX 1.
"""

import math
import struct
from typing import Any

import torch
from torch import Tensor

from rnnviz.foreign.arrays import Array, shown
from rnnviz.foreign.flat import of_bytes

FIELDS = 500_000  # of all messages of a file: a large model has thousands


class Message(dict[int, list[Any]]):
    """Fields by number: numbers as int, all else as memoryview. left: how many more the file may have, in a list of one."""

    left: list[int]


# TensorProto.DataType, bytes of a number, the field that holds such numbers where raw_data (9) does not
DATA = {
    1: ("float32", 4, 4),
    10: ("float16", 2, 5),
    16: ("bfloat16", 2, 5),
    11: ("float64", 8, 10),
    2: ("uint8", 1, 5),
    3: ("int8", 1, 5),
    5: ("int16", 2, 5),
    6: ("int32", 4, 5),
    9: ("bool", 1, 5),
    7: ("int64", 8, 7),
}


def message(raw: memoryview, left: list[int] | None = None) -> Message:
    """The fields of a message. Raises ValueError where they do not fill it exactly."""
    found = Message()
    found.left = [FIELDS] if left is None else left
    at = 0
    while at < len(raw):
        _count(found)
        tag, at = _varint(raw, at)
        number, wire = tag >> 3, tag & 7
        value: Any
        if wire == 0:
            value, at = _varint(raw, at)
        elif wire in (1, 2, 5):
            if wire == 2:
                length, at = _varint(raw, at)
            else:
                length = 8 if wire == 1 else 4
            if length > len(raw) - at:
                raise ValueError(f"a field claims {length:,} bytes, and {len(raw) - at:,} follow")
            value, at = raw[at : at + length], at + length
        else:
            raise ValueError(f"no ONNX: a field of wire type {wire}")
        if not number:
            raise ValueError("no ONNX: a field without a number")
        found.setdefault(number, []).append(value)
    return found


def _count(found: Message) -> None:
    found.left[0] -= 1
    if found.left[0] < 0:
        raise ValueError(f"more than {FIELDS:,} fields")


def _varint(raw: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for count in range(10):
        if at >= len(raw):
            break
        byte = raw[at]
        at += 1
        value |= (byte & 127) << (7 * count)
        if byte < 128:
            return value & (2**64 - 1), at
    raise ValueError("no ONNX, or one that was cut short: a number that does not end")


def text(found: Message, number: int) -> str:
    values = found.get(number)
    return bytes(values[-1]).decode("utf-8") if values and isinstance(values[-1], memoryview) else ""


def texts(found: Message, number: int) -> list[str]:
    return [bytes(value).decode("utf-8") for value in found.get(number, []) if isinstance(value, memoryview)]


def messages(found: Message, number: int) -> list[Message]:
    return [message(value, found.left) for value in found.get(number, []) if isinstance(value, memoryview)]


def integers(found: Message, number: int) -> list[int]:
    """Signed numbers, one by one or packed."""
    values: list[int] = []
    for value in found.get(number, []):
        if isinstance(value, int):
            values.append(value)
        else:
            at = 0
            while at < len(value):
                _count(found)
                one, at = _varint(value, at)
                values.append(one)
    return [value - 2**64 if value >= 2**63 else value for value in values]


def tensor(found: Message, name: str) -> Array:
    """A TensorProto as an array. Raises ValueError where its numbers lie in another file, or are not as many as it claims."""
    if integers(found, 14)[-1:] not in ([], [0]) or 13 in found:
        raise ValueError(f"{shown(name)}: its numbers lie in another file (external data), which is not read")
    shape = tuple(integers(found, 1))
    if any(size < 0 for size in shape) or len(shape) > 64:
        raise ValueError(f"{shown(name)} claims the shape {shown(shape)}")
    kind = integers(found, 2)[-1:] or [0]
    dtype, width, field = DATA.get(kind[0], (f"type {kind[0]}", 0, 0))
    count = math.prod(shape)
    raw = b"" if 9 not in found else found[9][-1]
    if isinstance(raw, int):
        raise ValueError(f"{shown(name)}: its raw_data is no bytes")
    there = len(raw) // width if width and 9 in found else _listed(found, field, width) if width else count
    if width and (there != count or (9 in found and len(raw) != count * width)):
        raise ValueError(f"{shown(name)} claims {shape}, {count:,} numbers, and has {there:,}")

    def read() -> Tensor:
        if 9 in found:
            return of_bytes(bytes(raw), dtype, shape)
        if field in (4, 10):
            letter = "f" if field == 4 else "d"
            numbers = b"".join(bytes(value) for value in found.get(field, []))
            values = struct.unpack(f"<{len(numbers) // width}{letter}", numbers)
            return torch.tensor(values, dtype=getattr(torch, dtype)).reshape(shape)
        bits = integers(found, field)
        if dtype in ("float16", "bfloat16"):  # their bits, each in a number
            packed = struct.pack(f"<{len(bits)}H", *(value & 0xFFFF for value in bits))
            return of_bytes(packed, dtype, shape)
        return torch.tensor(bits, dtype=getattr(torch, dtype)).reshape(shape)

    return Array(name, shape, dtype, read)


def _listed(found: Message, field: int, width: int) -> int:
    """How many numbers a tensor has in its field of numbers of this kind."""
    if field in (4, 10):
        values = found.get(field, [])
        if any(isinstance(value, int) or len(value) % width for value in values):
            raise ValueError("a list of numbers that is cut short")
        return sum(len(value) // width for value in values)
    return len(integers(found, field))
