"""Files that hold arrays by name and nothing else: safetensors and NumPy's."""

import ast
import json
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnviz.foreign import zips
from rnnviz.foreign.arrays import LARGEST, Array, Arrays, shown
from rnnviz.foreign.vocabulary import is_called_so

HEADER = 16 * 2**20  # bytes of what a safetensors file says of itself
TEXTS = 16 * 2**20  # bytes of an array of texts
NUMPY_HEADER = 10_000  # bytes, as numpy has it
SAFE = {
    "F16": ("float16", 2),
    "BF16": ("bfloat16", 2),
    "F32": ("float32", 4),
    "F64": ("float64", 8),
    "I64": ("int64", 8),
    "I32": ("int32", 4),
    "I16": ("int16", 2),
    "I8": ("int8", 1),
    "U8": ("uint8", 1),
    "BOOL": ("bool", 1),
}


def of_bytes(raw: bytes, dtype: str, shape: tuple[int, ...]) -> Tensor:
    """raw: the numbers, little-endian, last dim first."""
    return torch.frombuffer(bytearray(raw), dtype=getattr(torch, dtype)).reshape(shape)


def piece(path: Path, start: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        raw = file.read(length)
    if len(raw) != length:
        raise ValueError(f"ends at byte {start + len(raw):,}; wanted {start + length:,}")
    return raw


def safetensors(path: Path) -> Arrays:
    """The arrays of a safetensors file. Raises ValueError where its header lies.

    Format: 8 bytes, the length of the header; the header, JSON: name → dtype, shape and data_offsets; the numbers.
    https://github.com/huggingface/safetensors
    """
    size = path.stat().st_size
    length = int.from_bytes(piece(path, 0, 8), "little")
    if length > min(HEADER, size - 8):
        raise ValueError(f"its header claims {length:,} bytes, in a file of {size:,}")
    try:
        header = json.loads(piece(path, 8, length).decode("utf-8"))
    except RecursionError as problem:
        raise ValueError("its header is nested too deep") from problem
    if not isinstance(header, dict):
        raise ValueError("its header is no object with names")
    start, room = 8 + length, size - 8 - length
    about = header.get("__metadata__")
    said = [value for name, value in about.items() if is_called_so(name)] if isinstance(about, dict) else []
    arrays = (
        _safe(path, name, claim, start, room) for name, claim in header.items() if name != "__metadata__"
    )
    return Arrays(arrays, said)


def _safe(path: Path, name: str, claim: Any, start: int, room: int) -> Array:
    said: dict[str, Any] = claim if isinstance(claim, dict) else {}
    shape, ends, kind = (said.get(key, 0) for key in ("shape", "data_offsets", "dtype"))
    if not (isinstance(kind, str) and _sizes(shape) and _sizes(ends) and len(ends) == 2):
        raise ValueError(f"{shown(name)}: its header says no dtype, shape and two data_offsets")
    if not ends[0] <= ends[1] <= room:
        raise ValueError(
            f"{shown(name)} claims bytes {ends[0]:,} to {ends[1]:,} of the numbers, which are {room:,}"
        )
    dtype, width = SAFE.get(kind, (kind, 0))
    wanted = math.prod(shape) * width
    if width and ends[1] - ends[0] != wanted:
        raise ValueError(f"{shown(name)} {tuple(shape)} has {ends[1] - ends[0]:,} bytes; wanted {wanted:,}")
    at = start + ends[0]
    return Array(name, tuple(shape), dtype, lambda: of_bytes(piece(path, at, wanted), dtype, tuple(shape)))


def _sizes(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= 64
        and all(type(size) is int and 0 <= size < 2**63 for size in value)
    )


def npz(path: Path, archive: zipfile.ZipFile) -> Arrays:
    """The arrays of a NumPy archive. Raises ValueError where one is of objects, which are pickled, or claims what it lacks."""
    names = [name for name in archive.namelist() if name.endswith(".npy")]
    said = [list(_texts(archive, name)) for name in names if is_called_so(name.removesuffix(".npy"))]
    return Arrays((_packed(archive, name) for name in names), said)


def _texts(archive: zipfile.ZipFile, name: str) -> Iterator[str]:
    """The texts of an array of texts (token); none where it is another array."""
    raw = zips.content(archive, name, TEXTS)
    shape, dtype, _turned, start = _numpy_header(raw, name.removesuffix(".npy"), len(raw))
    if len(shape) == 1 and np.dtype(dtype).kind in "US":
        for one in np.frombuffer(raw, np.dtype(dtype), count=shape[0], offset=start):
            yield one.decode("utf-8") if isinstance(one, bytes) else str(one)


def _packed(archive: zipfile.ZipFile, name: str) -> Array:
    size = archive.NameToInfo[name].file_size
    with archive.open(name) as file:
        called = name.removesuffix(".npy")
        shape, dtype, turned, start = _numpy_header(file.read(12 + NUMPY_HEADER), called, size)
    kind = np.dtype(dtype)

    def read() -> Tensor:
        raw = zips.content(archive, name, LARGEST)
        flat = np.frombuffer(raw, kind, count=math.prod(shape), offset=start)
        return torch.from_numpy(
            flat.reshape(shape, order="F" if turned else "C").astype(kind.newbyteorder("="))
        )

    return Array(called, shape, kind.newbyteorder("=").name, read)


def npy(path: Path) -> Arrays:
    """A single array. It cannot be a recurrent layer; it is measured so that what is wrong can be said."""
    size = path.stat().st_size
    shape, dtype, _turned, _start = _numpy_header(
        piece(path, 0, min(size, 12 + NUMPY_HEADER)), path.stem, size
    )
    raise ValueError(
        f"one array {shape} of {np.dtype(dtype)}, without a name; wanted a layer's arrays by name, as numpy.savez writes them"
    )


def _numpy_header(raw: bytes, name: str, size: int) -> tuple[tuple[int, ...], str, bool, int]:
    """Shape, dtype, whether its first dim comes first in memory, and where its numbers begin.

    Format: numpy.lib.format: \\x93NUMPY, version, length, and a dict as Python writes it.
    """
    wide = raw[6:7] >= b"\2"
    start = 12 if wide else 10
    length = int.from_bytes(raw[8:start], "little")
    if raw[:6] != b"\x93NUMPY" or length > NUMPY_HEADER or len(raw) < start + length:
        raise ValueError(f"{shown(name)} is no NumPy array, or one that was cut short")
    try:
        said = ast.literal_eval(raw[start : start + length].decode("utf-8" if wide else "latin1").strip())
        shape, dtype, turned = said["shape"], said["descr"], said["fortran_order"]
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError) as problem:
        raise ValueError(
            f"{shown(name)}: its header does not say descr, fortran_order and shape"
        ) from problem
    if not isinstance(shape, tuple) or not _sizes(list(shape)) or not isinstance(turned, bool):
        raise ValueError(f"{shown(name)}: its header claims the shape {shown(shape)}")
    if not isinstance(dtype, str) or "O" in dtype:
        raise ValueError(
            f"{shown(name)} holds Python objects or records ({shown(dtype)}), which are pickled; wanted numbers"
        )
    try:
        width = np.dtype(dtype).itemsize
    except (TypeError, ValueError, SyntaxError) as problem:
        raise ValueError(f"{shown(name)}: its header claims the dtype {shown(dtype)}") from problem
    if math.prod(shape) * width != size - start - length:
        raise ValueError(
            f"{shown(name)} claims {shape} of {np.dtype(dtype)}, {math.prod(shape) * width:,} bytes, and has "
            f"{size - start - length:,}"
        )
    return shape, dtype, turned, start + length


def names_of(arrays: Arrays) -> Iterator[str]:
    """A few names and shapes, to say what was found."""
    for count, array in enumerate(arrays.values()):
        if count == 5:
            yield f"and {len(arrays) - 5:,} more"
            return
        yield str(array)
